import source from "../../shaders/layer_norm.wgsl" with { type: "text" };
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Binding, Plan } from "../gpu/plan.ts";
import { checkAlone } from "./loss_rows.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** What the forward pass of a layer norm keeps for the others. */
export interface Normalized {
  /** u = (x - mean) / s, [R, B, N]. */
  normal: Tensor;
  /** 1 / s, [R, B, 1]. */
  inverses: Tensor;
  /** [R, 1, N] in the buffer of all parameters. */
  gains: Tensor;
}

/** The variance that is added, so that a row of equal units is not divided by zero. */
export const EPSILON = 1e-5;

/**
 * Records, row by row, u = (x - mean) / s with s^2 = variance + 1e-5, and out = gains u + shifts. All
 * [R, B, N] lie alone in their buffers, gains and shifts [R, 1, N] in one.
 */
export function layerNorm(
  plan: Plan,
  { normal, inverses, gains }: Normalized,
  { x, shifts, out }: { x: Tensor; shifts: Tensor; out: Tensor },
): void {
  checkAlone(x, [normal, out]);
  record(plan, "FORWARD", { normal, inverses, gains }, { t: x, out, first: shifts });
}

/**
 * Records, for a delta t of the output, out = P (gains t), the derivative by x, and scaled = t u, whose
 * column sums are the derivative by gains. P t = (t - mean t - u mean(u t)) / s.
 */
export function layerNormBackward(
  plan: Plan,
  normalized: Normalized,
  { delta, out, scaled }: { delta: Tensor; out: Tensor; scaled: Tensor },
): void {
  checkAlone(delta, [normalized.normal, out, scaled]);
  record(plan, "BACKWARD", normalized, { t: delta, out }, { scaled: scaled.buffer });
}

/**
 * Records, for a tangent t of x and those of gains and shifts, which lie in one buffer,
 * out = gains P t + dgains u + dshifts.
 */
export function layerNormTangent(
  plan: Plan,
  normalized: Normalized,
  { tangent, gains, shifts, out }: { tangent: Tensor; gains: Tensor; shifts: Tensor; out: Tensor },
): void {
  checkAlone(tangent, [normalized.normal, out]);
  record(plan, "TANGENT", normalized, { t: tangent, out, first: gains, second: shifts }, {
    direction: gains.buffer,
  });
}

function record(
  plan: Plan,
  pass: "FORWARD" | "BACKWARD" | "TANGENT",
  { normal, inverses, gains }: Normalized,
  { t, out, first, second }: { t: Tensor; out: Tensor; first?: Tensor; second?: Tensor },
  bindings: Readonly<Record<string, Binding>> = {},
): void {
  const { isSoftware, operands, device } = plan.gpu, workgroup = isSoftware ? 8 : lanes;
  // Tangents read five operands, and a browser may have four textures.
  const fits = pass !== "TANGENT" || device.limits.maxStorageTexturesPerShaderStage > 4;
  const kernel = plan.gpu.kernel(`layer_norm_${pass.toLowerCase()}`, [treeSumSource, source], {
    LANES: lanes,
    // Where barriers are dear.
    ROWWISE: isSoftware,
    WORKGROUP: workgroup,
    TEXTURES: operands === "textures" && fits,
    FORWARD: pass === "FORWARD",
    BACKWARD: pass === "BACKWARD",
    TANGENT: pass === "TANGENT",
  });
  const row = ({ offset, replicaStride } = { offset: 0, replicaStride: 0 }) => [
    offset / 4,
    replicaStride / 4,
  ];
  plan.dispatch(kernel, {
    shape: {
      batch: rowsOf(t),
      rows: padded(rowsOf(t)),
      columns: t.stride / 4,
      units: t.columns,
      epsilon: EPSILON,
      gains: row(gains),
      first: row(first),
      second: row(second),
    },
    t: t.buffer,
    parameters: gains.buffer,
    out: out.buffer,
    normal: normal.buffer,
    inverses: inverses.buffer,
    ...bindings,
  }, {
    groups: [padded(rowsOf(t)) / (isSoftware ? workgroup : 1), 1, t.replicas],
    iterations: isSoftware
      ? 3 * (t.stride / 4) + 7 * lanes
      : 3 * Math.ceil(t.stride / 4 / lanes) + 16,
  });
}
