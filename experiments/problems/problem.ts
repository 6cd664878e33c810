import type { Dataset, Gpu, ReconstructionLoss } from "../../mod.ts";

/** A data set on the GPU, and a few of its test cases for a figure. */
export interface ProblemData {
  train: Dataset;
  test: Dataset;
  /** Some test cases as float32, [n, width]. */
  examples: Float32Array<ArrayBuffer>;
}

/** A benchmark of the paper: its data, its network, its loss. */
export interface Problem {
  /** The paper's encoder. */
  readonly layers: readonly number[];
  readonly outputUnit: "sigmoid" | "linear";
  readonly loss: ReconstructionLoss;
  /** Pixels of an image from left to right, and from top to bottom. */
  readonly image: { readonly width: number; readonly height: number };
  /** Reads or generates the data, before a GPU is asked for: bad files end a run early. */
  load(options: ProblemOptions): Promise<LoadedProblem>;
}

/** The data in memory. */
export interface LoadedProblem {
  readonly trainCases: number;
  upload(gpu: Gpu): ProblemData;
}

/** Where the data come from. */
export interface ProblemOptions {
  /** The folder with the files. */
  data: string | undefined;
  /** Fixes generated data. */
  dataSeed: number;
}

/** Test cases shown in a figure. */
export const exampleCount = 12;
