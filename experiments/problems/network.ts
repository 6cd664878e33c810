import { type AutoencoderProblem, InputError, paperProblems } from "../../mod.ts";

/** The names of --problem. */
export const problemNames = ["curves", "mnist", "faces", "custom"] as const;

/** One of {@linkcode problemNames}. */
export type ProblemName = typeof problemNames[number];

/** The flags that a network depends on. */
export interface NetworkOptions {
  problem: ProblemName;
  layers: readonly number[] | undefined;
  outputUnit: "logistic" | "linear" | undefined;
  loss: "cross-entropy" | "squared-error" | undefined;
}

/**
 * The network for a problem: the paper's, whose encoder alone may be another one, or for the user's
 * own data what the flags say. Throws InputError where they do not fit together.
 */
export function chooseNetwork(options: NetworkOptions): AutoencoderProblem {
  const { problem, layers } = options;
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
