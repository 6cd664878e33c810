import { InputError } from "../../mod.ts";
import {
  choice,
  type FlagTable,
  integer,
  integers,
  number,
  path,
  several,
  type Values,
  yesNo,
} from "../terminal/flags.ts";
import { blockFlags } from "./block_flags.ts";
import { checkImages, type LayerEntry, layerEntry, shapeOfLayers } from "./classifier_layers.ts";
import { fileFlags, idleOfLayers, initFlag, layeredFlags } from "./layered_flags.ts";

/** The flags of classifiers besides those of a grid. */
export const classifierFlags = {
  problem: choice(["mnist", "custom"], {
    default: "mnist",
    help: "What is told apart: handwritten digits, or cases of your own.",
  }),
  data: path({
    help:
      "The folder with the files of mnist; of custom the .npy, CSV, IDX, .npz or .mat file of " +
      "cases, of the latter two FILE#NAME for one of several arrays.",
  }),
  labels: path({
    help: "Of custom: a file of these formats with the number of each case's class, from 0 on.",
  }),
  ...fileFlags,
  "test-labels": path({ help: "Of custom: a file with the labels of --test-data." }),
  classes: integers({
    atLeast: 0,
    shown: "all there are",
    help: "Only the cases of these classes; --layers ends in a unit for each of all classes.",
  }),
  "label-noise": number({
    default: 0,
    atLeast: 0,
    atMost: 1,
    help:
      "The chance that a training case is told another class than its own, each of them alike; for " +
      "all networks the same cases. Those to test on keep their labels.",
  }),
  "data-seed": integer({
    default: 1,
    atLeast: 0,
    help: "Fixes which labels --label-noise changes, and to what.",
  }),
  layers: several<LayerEntry, readonly LayerEntry[] | undefined>(layerEntry, {
    ...{ repeats: true, shown: "784,100,100,10 for mnist" },
    help:
      "From the values of a case to a unit for each class; between them the hidden layers. Images, " +
      "as 28x28 or 3x32x32, may go through convolutions, of 8 channels as conv8@5x5, with a stride " +
      "of 2 and 1 pixel of zeros around as conv8@3x3s2p1, and pools of the largest value, as pool2 " +
      "or, with a stride of its own, pool3s2.",
  }),
  "patch-size": integer({
    atLeast: 1,
    unit: "pixels",
    shown: "off",
    help:
      "Makes a vision Transformer of square patches so high and wide: --layers are images and " +
      "classes alone, as 28x28,10.",
  }),
  ...blockFlags,
  activation: choice(["relu", "tanh", "sigmoid"], {
    default: "relu",
    help: "Of the hidden layers.",
  }),
  "batch-norm": yesNo({
    default: false,
    help: "Whether hidden units and channels go through a batch norm before their activation.",
  }),
  dropout: number({
    default: 0,
    atLeast: 0,
    below: 1,
    help: "The share of hidden units that is left out of an update.",
  }),
  ...layeredFlags,
  init: initFlag("he"),
} satisfies FlagTable;

/** Flags that mean nothing to these, with what they are for. */
export function idleFlags(
  options: Pick<Values<typeof classifierFlags>, "problem" | "init" | "labelNoise" | "patchSize"> & {
    readonly schedule: readonly string[];
  },
): Record<string, string | false> {
  const ofFiles = options.problem !== "custom" && "--problem custom";
  const ofPatches = options.patchSize === undefined && "--patch-size";
  const ofLayers = options.patchSize !== undefined && "networks without --patch-size";
  return {
    ...{ labels: ofFiles, "test-data": ofFiles, "test-labels": ofFiles, header: ofFiles },
    download: options.problem !== "mnist" && "--problem mnist",
    "data-seed": options.labelNoise === 0 && "--label-noise",
    ...{ blocks: ofPatches, width: ofPatches, heads: ofPatches, hidden: ofPatches },
    activation: ofLayers,
    ...idleOfLayers(options),
  };
}

const digits = [784, 100, 100, 10], digitsInPatches = ["28x28", 10];

/** The layers that a command line asks for. Throws InputError where they do not fit the problem. */
export function chooseLayers(
  { problem, layers, patchSize, batchNorm, init }: Pick<
    Values<typeof classifierFlags>,
    "problem" | "layers" | "patchSize" | "batchNorm" | "init"
  >,
): readonly LayerEntry[] {
  const ofDigits = patchSize === undefined ? digits : digitsInPatches;
  const chosen = layers ?? (problem === "mnist" ? ofDigits : []);
  if (chosen.length < 2) {
    throw new InputError(
      `${problem} needs --layers: the values of a case, hidden layers, and a unit for each class, ` +
        "such as --layers 4,20,3",
    );
  }
  const shown = `--layers ${chosen.join(",")}`;
  checkImages(chosen, shown);
  const { inputs, hidden, classes } = shapeOfLayers(chosen);
  if (problem === "mnist" && inputs !== digits[0]) {
    throw new InputError(
      `${shown} is for no image of mnist: begin with 784 units, one a pixel, or with 28x28`,
    );
  }
  if (classes === 1) {
    throw new InputError(
      `${shown} ends in one unit: end with a unit for each of 2 classes or more`,
    );
  }
  if (patchSize !== undefined) checkPatches(chosen, { patchSize, shown, init });
  if (init.includes("lsuv") && (batchNorm || hidden.some((layer) => typeof layer !== "number"))) {
    throw new InputError(
      `--init lsuv is for dense layers alone: ${
        batchNorm ? "leave out --batch-norm" : `${shown} has others`
      }, or take another initialization, such as orthogonal`,
    );
  }
  if (batchNorm && hidden.length === 0) {
    throw new InputError(`--batch-norm yes is of hidden layers, which ${shown} does not have`);
  }
  return chosen;
}

/** Classes in their order. Throws InputError where one has no unit. */
export function chooseClasses(
  classes: readonly number[] | undefined,
  count: number,
): readonly number[] | undefined {
  const beyond = classes?.find((label) => label >= count);
  if (beyond === undefined) return classes?.toSorted((a, b) => a - b);
  throw new InputError(
    `--classes names ${beyond}: the classes of ${count} output units are 0 to ${count - 1}`,
  );
}

/** Refuses what no vision Transformer is of. */
function checkPatches(
  layers: readonly LayerEntry[],
  { patchSize, shown, init }: { patchSize: number; shown: string; init: readonly string[] },
): void {
  const { image, hidden } = shapeOfLayers(layers), fitted = `--patch-size ${patchSize}`;
  if (!image || hidden.length > 0) {
    throw new InputError(
      `${shown} is none of a vision Transformer, which ${fitted} asks for: give images and classes ` +
        "alone, as 28x28,10",
    );
  }
  const [, ...sides] = image;
  if (sides.some((side) => side % patchSize !== 0)) {
    throw new InputError(
      `${fitted} does not divide images of ${sides.join(" x ")}: give a size that divides both`,
    );
  }
  if (init.includes("lsuv")) {
    throw new InputError(
      "--init lsuv is for dense layers alone: take another one, such as gaussian",
    );
  }
}
