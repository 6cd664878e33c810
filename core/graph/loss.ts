import type { Source } from "../data/source.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Activation } from "../ops/activation.ts";
import type { LossOut, LossRows } from "../ops/loss_rows.ts";

/** The output units of a network. */
export interface OutputUnits {
  /** How many there are. */
  units: number;
  /** What they make of their inputs z. */
  unit: Activation;
}

/**
 * What a network minimises, averaged over cases: `squaredError`, or one's own. Rows are what it reads
 * of a minibatch; those of sequences are others.
 */
export interface Loss<Rows = LossRows> {
  /** What messages call it. */
  readonly name: string;
  /** Throws an `InputError` where the output units or the targets are not what it is made for. */
  check?(output: OutputUnits, source: Source): void;
  /**
   * Records the loss of each case, and delta: the derivative by the inputs z of the output units of
   * the loss averaged over cases. Both are multiplied by the weights of the cases.
   */
  record(plan: Plan, rows: Rows, out: LossOut): void;
  /**
   * Records out = H tangent for the second derivatives H by z of the loss averaged over cases, or
   * what is never negative in place of them. Left out, no method of second order trains with it.
   */
  curvature?(plan: Plan, rows: Rows & { tangent: Tensor }, out: Tensor): void;
}

/** What is told of a network: a number a case, of which an evaluation gives the mean. */
export interface Figure<Rows = LossRows> {
  /** What reports call it. */
  readonly name: string;
  /** Throws an `InputError` where the output units or the targets are not what it is made for. */
  check?(output: OutputUnits, source: Source): void;
  /** Records the figure of each case of a minibatch, [R, B] float32, into `out`. */
  record(plan: Plan, rows: Rows, out: GPUBuffer): void;
}
