import nan from "../../shaders/common/nan.wgsl" with { type: "text" };
import source from "../../shaders/softmax_cross_entropy.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Binding, Plan } from "../gpu/plan.ts";
import {
  checkRows,
  lossInputsSource,
  type LossOut,
  type LossRows,
  type OutputRows,
  rowsBindings,
  rowsShape,
} from "./loss_rows.ts";

/**
 * Records, for softmax outputs y = exp(z) / sum exp(z), caseLoss[r][i] = - sum_j x_j log y_j in nats
 * and delta = (y - x) / B, both times the weights of the cases. The targets are the numbers of the
 * classes [R, B, 1], or probabilities [R, B, N] whose rows each sum to 1; x is (1 - smoothing) times
 * these, plus smoothing / N.
 */
export function softmaxCrossEntropy(
  plan: Plan,
  rows: LossRows,
  out: LossOut,
  { smoothing = 0 } = {},
): void {
  const { targets, weights, z } = rows;
  const { caseLoss, delta } = out;
  checkRows(rows, [targets], [1, z.columns]);
  checkRows(rows, [delta]);
  checkRows(rows, [weights], [1]);
  record(plan, rows, [lossInputsSource], {
    target_values: targets.buffer,
    case_loss: caseLoss,
    ...(delta && { out: delta.buffer }),
  }, { OUT: delta !== undefined, LABELS: targets.columns === 1, smoothing });
}

/** Records out = y (tangent - y'tangent) / B for a tangent of z, times the weights of the cases. */
export function softmaxCurvature(
  plan: Plan,
  { tangent, ...rows }: OutputRows & { tangent: Tensor },
  out: Tensor,
): void {
  checkRows(rows, [tangent, out]);
  checkRows(rows, [rows.weights], [1]);
  const bindings = { tangents: tangent.buffer, out: out.buffer };
  record(plan, rows, [], bindings, { OUT: true, LABELS: false, CURVATURE: true });
}

function record(
  plan: Plan,
  rows: OutputRows,
  sources: readonly string[],
  bindings: Readonly<Record<string, Binding>>,
  { OUT, LABELS, CURVATURE = false, smoothing = 0 }: {
    OUT: boolean;
    LABELS: boolean;
    CURVATURE?: boolean;
    smoothing?: number;
  },
): void {
  const { z, weights } = rows;
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("softmax_cross_entropy", [...sources, nan, source], {
    WORKGROUP: workgroup,
    TARGETS: !CURVATURE,
    WEIGHTS: weights !== undefined,
    SMOOTHED: smoothing > 0,
    ...{ OUT, LABELS, CURVATURE },
  });
  const shape = {
    ...rowsShape(rows),
    ...smoothing > 0 && { keep: 1 - smoothing, each: smoothing / z.columns },
  };
  plan.dispatch(kernel, { shape, ...rowsBindings(rows), ...bindings }, {
    groups: [Math.ceil(padded(z.rows) / workgroup), 1, z.replicas],
    iterations: 3 * z.stride / 4 + 2,
  });
}
