// What the tests of the losses share: batches of pre-activations and targets, and the check of what
// a loss makes of them.

import { assertLessOrEqual } from "@std/assert";
import type { Tensor } from "../../core/gpu/tensor.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import { type Bench, draw } from "../gpu/fixture.ts";
import type { Loss } from "../../core/reference/losses.ts";
import { accuracy, sumError } from "../../core/reference/tolerance.ts";

/** z and targets of R batches of B cases and n units, [R, B, n]. */
export interface LossCase {
  replicas: number;
  batch: number;
  units: number;
  z: Float32Array<ArrayBuffer>;
  targets: Float32Array<ArrayBuffer>;
}

/** Shapes with and without padding; z up to 8, targets in [0, 1]. */
export const lossCases: readonly LossCase[] = ([
  [1, 1, 1],
  [1, 3, 3],
  [3, 8, 17],
  [1, 200, 24],
  [3, 5, 129],
  [1, 3, 784],
] as const).map(([replicas, batch, units]) => {
  const length = replicas * batch * units;
  const z = draw(length, 1).map((value) => 8 * value);
  const targets = draw(length, 2).map((value) => (value + 1) / 2);
  return { replicas, batch, units, z, targets };
});

/** A batch of one unit a case: every z with every target. */
export function everyPair(z: readonly number[], targets: readonly number[]): LossCase {
  const pairs = z.flatMap((z) => targets.map((x) => [z, x]));
  return {
    replicas: 1,
    batch: pairs.length,
    units: 1,
    z: Float32Array.from(pairs, ([z]) => z),
    targets: Float32Array.from(pairs, ([, x]) => x),
  };
}

/** Logits at which exp over- and underflows and log(1 + exp) loses its digits. */
export const extremeLogits: readonly number[] = [0, 1e-30, 1, 20, 88, 89, 100, 1e4]
  .flatMap((z) => [z, -z]);

/** The matrices that a loss is recorded with. */
export interface LossMatrices {
  z: Tensor;
  targets: Tensor;
  delta: Tensor;
  caseLoss: GPUBuffer;
}

/** Runs a loss and reads back the losses of all cases and their deltas, [R, B] and [R, B, n]. */
export async function runLoss(
  bench: Bench,
  { replicas, batch, units, z, targets }: LossCase,
  record: (plan: Plan, matrices: LossMatrices) => void,
) {
  const matrix = (values: Float32Array) => bench.surrounded(batch, units, values, replicas);
  const caseLoss = bench.buffer(new Float32Array(replicas * batch));
  const matrices = { z: matrix(z), targets: matrix(targets), delta: matrix(z), caseLoss };
  bench.run((plan) => record(plan, matrices));
  return {
    losses: (await bench.floats(caseLoss)).subarray(0, replicas * batch),
    deltas: await bench.paddedValues(matrices.delta),
  };
}

/** The most error of what a unit adds to the loss of its case, and of its delta times B. */
export type UnitErrors = (z: number, x: number) => { loss: number; delta: number };

/** Checks a loss against its reference, of all R x B cases as one batch. */
export async function checkLoss(
  bench: Bench,
  one: LossCase,
  record: (plan: Plan, matrices: LossMatrices) => void,
  reference: (z: Float64Array, x: Float64Array, cases: number) => Loss,
  unitErrors: UnitErrors,
): Promise<void> {
  const { replicas, batch, units } = one;
  const cases = replicas * batch;
  const [z, x] = [one.z, one.targets].map((values) => Float64Array.from(values));
  const { losses, deltas } = await runLoss(bench, one, record);
  const exact = reference(z, x, cases);
  const errors = Array.from(z, (z, i) => unitErrors(z, x[i]));
  exact.caseLosses.forEach((wanted, i) => {
    const error = errors.slice(i * units, (i + 1) * units).reduce((sum, e) => sum + e.loss, 0);
    const most = error + sumError(units, wanted + error);
    assertLessOrEqual(Math.abs(losses[i] - wanted), most, `${cases} x ${units}: loss ${i}`);
  });
  exact.delta.forEach((mean, i) => {
    const wanted = mean * replicas; // the average is over the cases of one replica
    const most = errors[i].delta / batch + accuracy.quotient * Math.abs(wanted);
    assertLessOrEqual(Math.abs(deltas[i] - wanted), most, `${cases} x ${units}: delta ${i}`);
  });
}
