import nan from "../../shaders/common/nan.wgsl" with { type: "text" };
import source from "../../shaders/softmax_rows.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import { checkAlone } from "./loss_rows.ts";

/** What the rows of scores go through; see {@linkcode softmaxRows}. */
export interface RowSoftmax {
  /** What scores are multiplied by. */
  scale: number;
  /** Whether row t is over columns 0 to t alone. */
  isCausal: boolean;
}

/**
 * Records, in place, w = softmax(scale s) of each row of scores s [R, T, T], the largest of which is
 * taken off first.
 */
export function softmaxRows(plan: Plan, scores: Tensor, softmax: RowSoftmax): void {
  record(plan, scores, softmax);
}

/**
 * Records, in place, what moves m [R, T, T] of the scores become by the derivative of that softmax,
 * scale w (m - w'm), which is its own transpose, row by row.
 */
export function softmaxRowsSlope(
  plan: Plan,
  weights: Tensor,
  moves: Tensor,
  softmax: RowSoftmax,
): void {
  checkAlone(weights, [moves]);
  record(plan, moves, softmax, weights);
}

function record(
  plan: Plan,
  values: Tensor,
  { scale, isCausal }: RowSoftmax,
  weights?: Tensor,
): void {
  const { replicas, columns, stride } = values;
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("softmax_rows", [nan, source], {
    WORKGROUP: workgroup,
    CAUSAL: isCausal,
    SLOPE: weights !== undefined,
  });
  const rows = replicas * padded(values.rows);
  plan.dispatch(kernel, {
    shape: { rows, padded: padded(values.rows), units: columns, stride: stride / 4, scale },
    values: values.buffer,
    ...(weights && { weights: weights.buffer }),
  }, {
    groups: spread(plan.gpu, Math.ceil(rows / workgroup), 1),
    iterations: 3 * (stride / 4 + 1),
  });
}
