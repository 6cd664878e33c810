import { type AutoencoderProblem, InputError, paperProblems } from "../../mod.ts";
import { choice, type FlagTable, integer, path, type Values } from "../terminal/flags.ts";
import { fileFlags, idleOfLayers, initFlag, layeredFlags, layersFlag } from "./layered_flags.ts";

/** The names of --problem. */
export const problemNames = ["curves", "mnist", "faces", "custom"] as const;

/** One of {@linkcode problemNames}. */
export type ProblemName = typeof problemNames[number];

/** The flags of what autoencoders learn. */
export const dataFlags = {
  problem: choice(problemNames, {
    default: "curves",
    help: "The data, with the paper's network and loss for them; custom are your own.",
  }),
  "data-seed": integer({ default: 1, atLeast: 0, help: "Fixes the generated images of curves." }),
  data: path({
    help: "The folder with the files of mnist or faces, or with the original one of curves; of " +
      "custom the .npy, CSV, IDX, .npz or .mat file, of the latter two FILE#NAME for one of several " +
      "arrays.",
  }),
  ...fileFlags,
} satisfies FlagTable;

/** The flags of autoencoders besides those of a grid. */
export const autoencoderFlags = {
  ...dataFlags,
  layers: layersFlag({
    shown: "the paper's network",
    help: "The encoder from the input to the code; the decoder mirrors it.",
  }),
  activation: choice(["sigmoid", "tanh", "relu"], {
    default: "sigmoid",
    help: "Of the hidden layers; the code layer is linear.",
  }),
  "output-unit": choice(["logistic", "linear"], {
    shown: "logistic",
    help: "Of custom: the units of the output; logistic ones take values in [0, 1].",
  }),
  loss: choice(["cross-entropy", "squared-error"], {
    shown: "cross-entropy, or squared-error where the output is linear",
    help: "Of custom: what is minimised, summed over values and averaged over cases.",
  }),
  ...layeredFlags,
  init: initFlag("sparse"),
} satisfies FlagTable;

/** Flags that mean nothing to these, with what they are for. */
export function idleFlags(
  options: Pick<Values<typeof autoencoderFlags>, "problem" | "data" | "init"> & {
    readonly schedule: readonly string[];
  },
): Record<string, string | false> {
  const { problem, data } = options;
  return {
    "data-seed": (problem !== "curves" || data !== undefined) && "images that are generated",
    header: problem !== "custom" && "the CSV file of --problem custom",
    "test-data": problem !== "custom" && "--problem custom",
    ...idleOfLayers(options),
  };
}

/** The flags that a network depends on. */
export interface NetworkOptions {
  problem: ProblemName;
  layers: readonly number[] | undefined;
  outputUnit: "logistic" | "linear" | undefined;
  loss: "cross-entropy" | "squared-error" | undefined;
  download?: boolean;
}

/**
 * The network for a problem: the paper's, whose encoder alone may be another one, or for the user's
 * own data what the flags say. Throws InputError where they do not fit together.
 */
export function chooseNetwork(options: NetworkOptions): AutoencoderProblem {
  const { problem, layers, download = false } = options;
  if (download && problem !== "mnist") {
    throw new InputError(`--download yes is for mnist alone: ${problem} is on no mirror`);
  }
  if (problem === "custom") return ownNetwork(options);
  for (const [flag, value] of [["output-unit", options.outputUnit], ["loss", options.loss]]) {
    if (value !== undefined) {
      throw new InputError(
        `--${flag} ${value} is for --problem custom alone: ${problem} has that of the paper`,
      );
    }
  }
  const network = paperProblems[problem], [pixels] = network.layers;
  if (layers === undefined) return network;
  if (layers.length < 2 || layers[0] !== pixels) {
    throw new InputError(
      `--layers ${layers.join(",")} is no encoder of ${problem}: it begins with ${pixels} units, ` +
        "one a pixel, and has at least one more layer",
    );
  }
  return { ...network, layers };
}

function ownNetwork({ layers, outputUnit = "logistic", loss }: NetworkOptions): AutoencoderProblem {
  if (layers === undefined || layers.length < 2) {
    throw new InputError(
      "custom needs --layers: the values of a case, and the units of at least one more layer, such " +
        "as --layers 784,100,10",
    );
  }
  if (outputUnit === "linear" && loss === "cross-entropy") {
    throw new InputError(
      "--loss cross-entropy needs --output-unit logistic: use squared-error with linear",
    );
  }
  return outputUnit === "linear"
    ? { layers, outputUnit: "linear", loss: "squared-error" }
    : { layers, outputUnit: "sigmoid", loss: loss ?? "cross-entropy" };
}
