import { type ClassifierOptions, type HiddenLayer, type Image, InputError } from "../../mod.ts";
import type { Kind } from "../terminal/flags.ts";

/** A layer as `--layers` names it: units, or a text such as 28x28, conv8@5x5, conv8@3x3s2p1 or pool2. */
export type LayerEntry = number | string;

const IMAGE = /^(?:([1-9]\d*)x)?([1-9]\d*)x([1-9]\d*)$/;
const CONVOLUTION = /^conv([1-9]\d*)@([1-9]\d*)(?:x([1-9]\d*))?(?:s([1-9]\d*))?(?:p(\d+))?$/;
const POOL = /^pool([1-9]\d*)(?:x([1-9]\d*))?(?:s([1-9]\d*))?$/;

/** One of the values of `--layers`. */
export const layerEntry: Kind<LayerEntry> = {
  allowed: "a number of units of at least 1, images as 28x28 or 3x32x32, a convolution as " +
    "conv8@5x5 or conv8@3x3s2p1, or a pool as pool2 or pool3s2",
  placeholder: "LAYER",
  read(text) {
    if (/^[1-9]\d*$/.test(text)) {
      return Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
    }
    const convolution = CONVOLUTION.exec(text), pool = POOL.exec(text);
    if (convolution) return convolutionName(convolution);
    return pool ? poolName(pool) : IMAGE.test(text) ? text : undefined;
  },
  show: String,
};

/** One name for one network: without what goes without saying. */
function convolutionName(
  [, channels, height, width = height, stride = "1", padding = "0"]: readonly string[],
): string {
  const ends = [Number(stride) > 1 && `s${stride}`, Number(padding) > 0 && `p${Number(padding)}`];
  return [`conv${channels}@${height}x${width}`, ...ends.filter(Boolean)].join("");
}

function poolName([, height, width = height, stride]: readonly string[]): string {
  const size = width === height ? height : `${height}x${width}`;
  return `pool${size}${stride === undefined || stride === size ? "" : `s${stride}`}`;
}

/** Channels, height and width. */
function imageOf(entry: LayerEntry): Image | undefined {
  const found = IMAGE.exec(String(entry));
  return found ? [Number(found[1] ?? 1), Number(found[2]), Number(found[3])] : undefined;
}

/** A hidden layer, or the classes. */
function layerOf(entry: LayerEntry): HiddenLayer {
  const [, channels, ...kernel] = CONVOLUTION.exec(String(entry)) ?? [];
  if (channels) {
    const [height, width = height, stride = 1, padding = 0] = kernel.map(numberIn);
    return { channels: Number(channels), size: [height!, width!], stride, padding };
  }
  const pool = POOL.exec(String(entry));
  if (!pool) return Number(entry);
  const [height, width = height, stride] = pool.slice(1).map(numberIn);
  return { pool: [height!, width!], ...stride !== undefined && { stride } };
}

function numberIn(part: string | undefined): number | undefined {
  return part === undefined ? undefined : Number(part);
}

/** What entries that were checked say of a classifier, and the values of a case. */
export function shapeOfLayers(
  entries: readonly LayerEntry[],
): Required<Pick<ClassifierOptions, "hidden" | "classes">> & { inputs: number; image?: Image } {
  const image = imageOf(entries[0]);
  return {
    inputs: image ? image[0] * image[1] * image[2] : Number(entries[0]),
    ...image && { image },
    hidden: entries.slice(1, -1).map(layerOf),
    classes: Number(entries[entries.length - 1]),
  };
}

/** Refuses layers that are in no order, or windows that do not fit into what they read. */
export function checkImages(entries: readonly LayerEntry[], shown: string): void {
  const [first, last] = [entries[0], entries[entries.length - 1]];
  let size = imageOf(first)?.slice(1);
  if (typeof first !== "number" && !size) {
    throw new InputError(
      `${shown} begins with ${first}: begin with the values of a case, or with images as 28x28`,
    );
  }
  if (typeof last !== "number") {
    throw new InputError(`${shown} ends in ${last}: end with a unit for each class`);
  }
  for (const entry of entries.slice(1, -1)) {
    if (typeof entry === "number") {
      size = undefined;
      continue;
    }
    if (imageOf(entry)) {
      throw new InputError(`${shown} has ${entry} within: images are what it may begin with`);
    }
    if (!size) {
      throw new InputError(
        `${shown} has ${entry} where no images are: begin with images as 28x28, and put units ` +
          "behind what reads them",
      );
    }
    size = windowsIn(size, layerOf(entry));
    if (size.some((count) => count < 1)) {
      throw new InputError(`${shown}: ${entry} does not fit into what is left of the images there`);
    }
  }
}

/** Height and width of what a convolution or a pool makes of images. */
function windowsIn(size: readonly number[], layer: HiddenLayer): number[] {
  if (typeof layer === "number") return [...size];
  const windows = ("pool" in layer ? layer.pool : layer.size) as readonly number[];
  const padding = "pool" in layer ? 0 : Number(layer.padding);
  return size.map((pixels, i) => {
    const stride = Number(layer.stride ?? windows[i]);
    return Math.floor((pixels + 2 * padding - windows[i]) / stride) + 1;
  });
}
