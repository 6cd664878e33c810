import inputsSource from "../../shaders/common/loss_inputs.wgsl" with { type: "text" };
import source from "../../shaders/cross_entropy.wgsl" with { type: "text" };
import { type Matrix, padded } from "../gpu/matrix.ts";
import type { Plan } from "../gpu/plan.ts";
import { activationConstants, activationSource } from "./activation.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** Output units and their targets; see {@linkcode crossEntropy} and `squaredError()`. */
export interface LossInputs {
  /** Inputs of the output units, [R, B, N]. */
  z: Matrix;
  /** Their targets, [R, B, N]. */
  targets: Matrix;
}

/**
 * Records, for logistic output units y = 1/(1 + exp(-z)) and targets x in [0, 1],
 * caseLoss[r][i] = - sum_j x log y + (1 - x) log(1 - y) in nats, and delta = (y - x) / B, the
 * derivative by z of the loss averaged over cases (paper, section 3: the loss of Curves and MNIST).
 */
export function crossEntropy(
  plan: Plan,
  { z, targets }: LossInputs,
  { delta, caseLoss }: { delta: Matrix; caseLoss: GPUBuffer },
): void {
  checkAlike(z, targets, delta);
  const kernel = plan.gpu.kernel("cross_entropy", [...lossSources, source], {
    ...activationConstants("sigmoid"),
    LANES: lanes,
  });
  plan.dispatch(kernel, {
    shape: { batch: z.rows, columns: z.stride / 4, units: z.columns, rows: padded(z.rows) },
    z: z.buffer,
    target_values: targets.buffer,
    delta: delta.buffer,
    case_loss: caseLoss,
  }, { groups: [padded(z.rows), 1, z.replicas], iterations: Math.ceil(z.stride / 4 / lanes) + 8 });
}

/** WGSL of what a loss reads. */
export const lossSources: readonly string[] = [activationSource, treeSumSource, inputsSource];

/** Throws unless all are matrices of one shape, each alone in its buffer. */
export function checkAlike(first: Matrix, ...others: Matrix[]): void {
  const shape = ({ replicas, rows, columns, offset }: Matrix) =>
    `[${replicas}, ${rows}, ${columns}] at ${offset}`;
  for (const other of others) {
    if (shape(other) !== shape(first) || other.offset !== 0) {
      throw new RangeError(`a loss of ${shape(first)} against ${shape(other)}: give one shape`);
    }
  }
}
