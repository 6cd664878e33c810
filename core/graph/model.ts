import type { Cases, Split } from "../data/source.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Product } from "../ops/matmul.ts";
import type { Initializer } from "../init/initializer.ts";
import type { Vector, VectorLayout } from "../gpu/vector.ts";

export type { Split };

/** How many networks are built side by side, and the cases each handles at once. */
export interface Extent {
  /** R. */
  replicas: number;
  /** B. */
  batch: number;
  /** Where the statistics of the networks lie; they are needed where the model keeps some. */
  statistics?: Vector | undefined;
  /** Which network lies at each place, by its number among those given. Default: in their order. */
  order?: readonly number[];
  /**
   * A graph of the same model and extent with which it takes turns: what neither keeps from one
   * product of second order to the next, deltas and tangents, is then taken once.
   */
  turnsWith?: Graph | undefined;
}

/** Bytes that a graph takes for one replica. */
export interface Footprint {
  /** Of its largest buffer. */
  largest: number;
  /** Of all of them, before any product of second order. */
  total: number;
  /** How much of that is taken once by graphs that take turns. Default: nothing. */
  shared?: number;
  /** What products of second order take besides, shared likewise. Default: nothing. */
  tangents?: number;
  /** What squares of gradients take besides, shared likewise. Default: nothing. */
  squares?: number;
}

/** What a {@linkcode Trainer} trains: parameters, their data, and what is recorded for them. */
export interface Model {
  /** Its parameters, and its statistics. */
  readonly layout: VectorLayout;
  /** Cases of each split; Infinity where they are made fresh, 0 where there is none. */
  readonly cases: Readonly<Record<Split, number>>;
  /** Weight decay that gradients hold and no loss does. Default: none. */
  readonly l2?: number;
  /** Names of the figures of an evaluation. */
  readonly figures: readonly string[];
  /** The first theta: each tensor row by row, fixed by the seed and the initializer; statistics behind. */
  initialValues(seed: number, initializer: Initializer): ArrayLike<number>[];
  /** Bytes that {@linkcode Model.build} takes for one replica. */
  footprint(batch: number): Footprint;
  /** Takes the buffers that training needs. */
  build(gpu: Gpu, extent: Extent): Graph;
}

/** The buffers of R networks, and what is recorded on them. */
export interface Graph {
  /**
   * Records the cases of what is recorded after it: the minibatch of the step in force or, where they
   * are told, those from its position on of so many of a split.
   */
  recordCases(plan: Plan, inputs: { seeds: GPUBuffer; cases?: Cases }): void;
  /**
   * Records the loss of the minibatch, case by case into `caseLoss` [R, batch], and the gradient at
   * `parameters` of the loss averaged over cases. That of an update takes the statistics. Products that
   * give the gradients of weights may be left in `weightGradients`, where it is given: they are recorded
   * behind all that reads the parameters.
   */
  recordGradient(plan: Plan, inputs: {
    parameters: Vector;
    gradient: Vector;
    seeds: GPUBuffer;
    caseLoss: GPUBuffer;
    takesStatistics?: boolean;
    weightGradients?: Product[];
  }): void;
  /**
   * Records that loss alone, case by case, of the same cases and what was drawn for the update. With a
   * share it takes the statistics anew, see `Pass.statisticsShare`.
   */
  recordLoss(plan: Plan, inputs: {
    parameters: Vector;
    seeds: GPUBuffer;
    caseLoss: GPUBuffer;
    statisticsShare?: number;
  }): void;
  /**
   * Records, after the loss or its gradient, product = G direction for the Gauss-Newton matrix G of
   * the loss averaged over the same cases, at the same parameters. With structural damping c [R] float32
   * (Martens and Sutskever 2011) v'Gv has the sum of c f'(z) (dz)^2 added, over the inputs z of recurrent units at
   * all steps, which v moves by dz, averaged over cases.
   */
  recordCurvature?(plan: Plan, inputs: {
    parameters: Vector;
    direction: Vector;
    product: Vector;
    seeds: GPUBuffer;
    structuralDamping?: GPUBuffer | undefined;
  }): void;
  /**
   * Records, after a gradient, the sum over cases of the square of what each case adds to it, number by
   * number; the loss alone, without weight decay.
   */
  recordSquares?(plan: Plan, inputs: {
    parameters: Vector;
    squares: Vector;
    seeds: GPUBuffer;
  }): void;
  /**
   * Records the figures of one minibatch of an evaluation: of each of `cases` cases of the split one
   * value a figure, into `caseFigures`, each [R, cases].
   */
  recordFigures(plan: Plan, inputs: {
    parameters: Vector;
    seeds: GPUBuffer;
    split: Split;
    cases: number;
    caseFigures: readonly GPUBuffer[];
  }): void;
  /** Gives all buffers back. */
  free(): void;
}
