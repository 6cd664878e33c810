import type { Gpu } from "../../../mod.ts";
import type { Report } from "../report.ts";
import type { ProblemName } from "../tasks.ts";

/** What a section of the benchmark works with. */
export interface Setting {
  readonly report: Report;
  /** Timed rounds; medians are taken over them. */
  readonly rounds: number;
  /** Autoencoders to train. */
  readonly networks: readonly ProblemName[];
  /** The folder of MNIST's files, where one is named. */
  readonly data: string | undefined;
  /** Opens the GPU and measures what it can do, once for all sections that ask. */
  readonly machine: () => Promise<Machine>;
}

/** The adapter and what it can do at most. */
export interface Machine {
  readonly gpu: Gpu;
  /** GFLOP/s; see `arithmeticPeak()`. */
  readonly peak: number;
  /** GB/s; see `copyBandwidth()`. */
  readonly bandwidth: number;
}
