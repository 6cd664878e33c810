import source from "../../shaders/batch_norm.wgsl" with { type: "text" };
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Binding, Plan } from "../gpu/plan.ts";
import { checkAlone } from "./loss_rows.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** What is normalized, and what the forward pass keeps for the others. */
export interface BatchNormalized {
  /** [R, B, channels places], alone in its buffer: a channel is so many neighbouring columns. */
  x: Tensor;
  /** Means and 1 / s of the minibatch by channel, [R, 2, channels]. */
  moments: Tensor;
  /** [R, 1, channels], in the buffer of all parameters. */
  gains: Tensor;
}

/** Rows of one vector by channel, [R, 1, channels] each. */
export interface GainsAndShifts {
  /** Of gains, */
  gains: Tensor;
  /** and of shifts. */
  shifts: Tensor;
}

/** What stands for the mean and the variance of a minibatch in an evaluation; in one vector. */
export interface RunningMoments {
  /** [R, 1, channels] */
  means: Tensor;
  /** [R, 1, channels] */
  variances: Tensor;
}

/** The variance that is added, so that a channel of equal values is not divided by zero. */
export const EPSILON = 1e-5;

/**
 * Records, channel by channel, out = gains (x - mean) / s + shifts with s^2 = variance + 1e-5 over all
 * cases and places. With `takes` the running moments become (1 - share) of themselves and `share` of
 * the mean, and of the variance times n / (n - 1).
 */
export function batchNorm(
  plan: Plan,
  { x, moments, gains }: BatchNormalized,
  { shifts, out, takes }: {
    shifts: Tensor;
    out: Tensor;
    takes?: RunningMoments & { share: number } | undefined;
  },
): void {
  record(
    plan,
    "FORWARD",
    { x, gains, out, shifts, moments, takes: takes !== undefined, ...takes },
    {
      moments: moments.buffer,
      ...takes && { statistics: takes.means.buffer },
    },
  );
}

/** Records the same by the running moments, case by case. */
export function batchNormEvaluated(
  plan: Plan,
  { x, gains }: Pick<BatchNormalized, "x" | "gains">,
  { shifts, out, running }: { shifts: Tensor; out: Tensor; running: RunningMoments },
): void {
  record(plan, "EVALUATES", { x, gains, out, shifts, ...running }, {
    statistics: running.means.buffer,
  });
}

/**
 * Records, for a delta t of what was made, out = gains P t, the derivative by x, and those by gains and
 * shifts. P t = (t - mean t - u mean(u t)) / s for u = (x - mean) / s.
 */
export function batchNormBackward(
  plan: Plan,
  { x, moments, gains }: BatchNormalized,
  { delta, out, gradient }: { delta: Tensor; out: Tensor; gradient: GainsAndShifts },
): void {
  record(plan, "BACKWARD", { x, gains, out, moments, t: delta, moved: gradient }, {
    ...{ moments: moments.buffer, t: delta.buffer, moved: gradient.gains.buffer },
  });
}

/** Records, for a tangent t of x and those of gains and shifts, out = gains P t + dgains u + dshifts. */
export function batchNormTangent(
  plan: Plan,
  { x, moments, gains }: BatchNormalized,
  { tangent, out, direction }: { tangent: Tensor; out: Tensor; direction: GainsAndShifts },
): void {
  record(plan, "TANGENT", { x, gains, out, moments, t: tangent, moved: direction }, {
    ...{ moments: moments.buffer, t: tangent.buffer, moved: direction.gains.buffer },
  });
}

interface Job extends Partial<RunningMoments> {
  x: Tensor;
  gains: Tensor;
  out: Tensor;
  shifts?: Tensor;
  moments?: Tensor;
  t?: Tensor;
  moved?: GainsAndShifts;
  takes?: boolean;
  share?: number;
}

function record(
  plan: Plan,
  pass: "FORWARD" | "BACKWARD" | "TANGENT" | "EVALUATES",
  job: Job,
  bindings: Readonly<Record<string, Binding>>,
): void {
  const { x, gains, out, shifts, moments, t, moved, means, variances, takes = false } = job;
  checkAlone(x, [out, t]);
  const places = x.columns / gains.columns;
  const kernel = plan.gpu.kernel(`batch_norm_${pass.toLowerCase()}`, [treeSumSource, source], {
    LANES: lanes,
    ...{ FORWARD: pass === "FORWARD", BACKWARD: pass === "BACKWARD" },
    ...{ TANGENT: pass === "TANGENT", EVALUATES: pass === "EVALUATES", TAKES: takes },
  });
  const row = (tensor?: Tensor) => [tensor?.offset ?? 0, tensor?.replicaStride ?? 0];
  const rows = padded(rowsOf(x));
  const across = Math.min(lanes, 2 ** Math.floor(Math.log2(places)));
  plan.dispatch(kernel, {
    shape: {
      ...{ rows, step_rows: padded(x.rows), cases: x.rows, stride: x.stride, places, across },
      ...{ count: x.steps * x.rows * places, epsilon: EPSILON, share: job.share ?? 0 },
      moments: [moments?.replicaStride ?? 0, moments?.stride ?? 0],
      ...{ gains: row(gains), shifts: row(shifts), means: row(means), variances: row(variances) },
      ...{ moved_gains: row(moved?.gains), moved_shifts: row(moved?.shifts) },
    },
    ...{ x: x.buffer, parameters: gains.buffer, out: out.buffer },
    ...bindings,
  }, {
    groups: [gains.columns, 1, x.replicas],
    iterations: 3 * (Math.ceil(rows * across / lanes) + 1) * (Math.ceil(places / across) + 1) + 16,
  });
}
