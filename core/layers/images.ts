import { InputError } from "../errors.ts";
import type { Image, Value } from "../graph/operation.ts";
import { type Pair, windowCounts, type Windows } from "../ops/windows.ts";

/** Height and width, or one number for both. */
export type Extents = number | readonly [height: number, width: number];

/** How windows slide over the images that a layer reads. */
export interface Sliding {
  /** Height and width of a window, in pixels. */
  size: Extents;
  /** How far it moves down and across, in pixels. */
  stride: Extents;
  /** Zeros above and below, left and right of an image, in pixels. */
  padding?: Extents;
  /** Channels, height and width of the images. Default: those that the layer below makes. */
  image?: Image | undefined;
}

/** The windows of a layer on what it reads; refuses what does not fit. */
export function windowsOn(layer: string, x: Value, sliding: Sliding): Windows {
  const { size, stride, padding = 0, image = x.image } = sliding;
  if (image === undefined) {
    throw new InputError(
      `${layer} reads images, and what is below it does not tell theirs: give image: [channels, ` +
        "height, width]",
    );
  }
  checkImage(layer, image, x);
  const windows: Windows = {
    image,
    kernel: pairOf(layer, "size", size, 1),
    stride: pairOf(layer, "stride", stride, 1),
    padding: pairOf(layer, "padding", padding, 0),
  };
  const [, height, width] = image;
  if (windowCounts(windows).some((count) => count < 1)) {
    const [down, across] = windows.kernel;
    throw new InputError(
      `a window of ${down} x ${across} does not fit into images of ${height} x ${width}: give ` +
        `${layer} a smaller one, or fewer layers that make images smaller before it`,
    );
  }
  return windows;
}

function checkImage(layer: string, image: Image, { columns }: Value): void {
  const whole = Array.isArray(image) && image.length === 3 &&
    image.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!whole) {
    throw new InputError(
      `the images of ${layer} are three whole numbers above 0, channels, height and width, not ` +
        `${String(image)}: give image: [1, 28, 28]`,
    );
  }
  const [channels, height, width] = image;
  if (channels * height * width === columns) return;
  throw new InputError(
    `images of ${channels} x ${height} x ${width} have ${channels * height * width} values, and ` +
      `${layer} reads ${columns}: give the image that they are`,
  );
}

function pairOf(layer: string, what: string, given: Extents, least: number): Pair {
  const [height, width] = typeof given === "object" ? given : [given, given];
  if ([height, width].every((size) => Number.isSafeInteger(size) && size >= least)) {
    return [height, width];
  }
  throw new InputError(
    `the ${what} of ${layer} is a whole number of pixels from ${least} on, or two, down and across, ` +
      `not ${String(given)}: give ${what}: ${Math.max(2, least)}`,
  );
}
