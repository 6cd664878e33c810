import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";

/** The parts of the data a model is evaluated on. */
export type Split = "train" | "test";

/** Which cases are wanted: the minibatch of the step in force, or one of `cases` cases of a split. */
export type Cases = "minibatch" | { split: Split; cases: number };

/** Where the cases of a minibatch go. */
export interface CaseBuffers {
  /** [R, B, inputs] */
  inputs: Tensor;
  /** [R, B, targets]; left out where inputs are their own targets. */
  targets?: Tensor;
  /** [R, B, 1]; left out where all cases count alike. */
  weights?: Tensor;
}

/** Where a network's cases come from: `examples()`, or one's own. */
export interface Source {
  /** Values of an input. */
  readonly inputs: number;
  /** Values of a target, 1 for the number of a class; undefined where inputs are their own. */
  readonly targets: number | undefined;
  /** Whether cases have weights. */
  readonly weighted: boolean;
  /** Cases of each split; Infinity where they are made fresh, 0 where there is none. */
  readonly cases: Readonly<Record<Split, number>>;
  /** Throws unless the targets number classes from 0 on, as far as that is known without a GPU. */
  checkLabels?(classes: number): void;
  /** Takes the buffers that it needs on a GPU. */
  open(gpu: Gpu): OpenSource;
}

/** A {@linkcode Source} on a GPU. */
export interface OpenSource {
  /**
   * Records as many cases as `into` has rows, from the position of the step in force on; their order
   * is fixed by the replica's seed, of which `seeds` holds the keys.
   */
  record(plan: Plan, into: CaseBuffers, seeds: GPUBuffer, cases: Cases): void;
  /** Gives its buffers back. */
  free(): void;
}
