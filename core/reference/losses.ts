import type { Activation } from "../ops/activation.ts";
import { activate, slope } from "./activation.ts";

/** What a loss function gives for a batch of B cases and n output units. */
export interface Loss {
  /** The loss of each case, summed over the units: [B]. */
  caseLosses: Float64Array;
  /** The mean of `caseLosses`. */
  loss: number;
  /** The gradient of `loss` by the pre-activations: [B, n]. */
  delta: Float64Array;
}

/**
 * Cross-entropy of logistic output units, from their pre-activations z and the targets x in [0, 1],
 * both [cases, n]: the sum over units of softplus(z) - z x, with softplus(z) = log(1 + exp(z)) in
 * the form that neither overflows nor cancels. delta = (sigmoid(z) - x) / cases.
 */
export function crossEntropy(z: Float64Array, x: Float64Array, cases: number): Loss {
  checkSizes(z, x, cases);
  const losses = z.map((z, i) => Math.max(z, 0) - z * x[i] + Math.log1p(Math.exp(-Math.abs(z))));
  const delta = activate("sigmoid", z).map((y, i) => (y - x[i]) / cases);
  return { ...caseSums(losses, cases), delta };
}

/**
 * Squared error without 1/2 of output units y = f(z), from their pre-activations z and the targets
 * x, both [cases, n]: the sum over units of (y - x)^2. delta = 2 (y - x) f'(z) / cases.
 */
export function squaredError(
  z: Float64Array,
  x: Float64Array,
  outputUnit: Activation,
  cases: number,
): Loss {
  checkSizes(z, x, cases);
  const y = activate(outputUnit, z);
  const slopes = slope(outputUnit, y);
  const losses = y.map((y, i) => (y - x[i]) ** 2);
  const delta = y.map((y, i) => 2 * (y - x[i]) * slopes[i] / cases);
  return { ...caseSums(losses, cases), delta };
}

function caseSums(values: Float64Array, cases: number): Pick<Loss, "caseLosses" | "loss"> {
  const units = values.length / cases;
  const caseLosses = new Float64Array(cases);
  values.forEach((value, i) => caseLosses[Math.floor(i / units)] += value);
  return { caseLosses, loss: caseLosses.reduce((a, b) => a + b) / cases };
}

function checkSizes(z: Float64Array, x: Float64Array, cases: number) {
  if (z.length !== x.length || z.length % cases !== 0) {
    throw new RangeError(
      `${z.length} units and ${x.length} targets are not ${cases} cases of both`,
    );
  }
}

/**
 * Cross-entropy of softmax outputs y = exp(z) / sum exp(z), from z and the targets x, both [cases, n],
 * of which each row sums to 1: the sum over classes of -x log y. delta = (y - x) / cases.
 */
export function softmaxCrossEntropy(z: Float64Array, x: Float64Array, cases: number): Loss {
  checkSizes(z, x, cases);
  const y = softmax(z, cases);
  const losses = y.map((y, i) => x[i] === 0 ? 0 : -x[i] * Math.log(y));
  return { ...caseSums(losses, cases), delta: y.map((y, i) => (y - x[i]) / cases) };
}

/** Targets x [cases, n] of n classes with smoothed labels: (1 - rate) x + rate / n. */
export function labelSmoothing(x: Float64Array, rate: number, cases: number): Float64Array {
  const n = x.length / cases;
  return x.map((x) => (1 - rate) * x + rate / n);
}

/** exp(z) / sum exp(z), row by row. */
export function softmax(z: Float64Array, cases: number): Float64Array {
  const n = z.length / cases;
  const out = new Float64Array(z.length);
  for (let i = 0; i < cases; i++) {
    const row = z.subarray(i * n, (i + 1) * n);
    const largest = Math.max(...row);
    const parts = row.map((z) => Math.exp(z - largest));
    const sum = parts.reduce((a, b) => a + b);
    out.set(parts.map((part) => part / sum), i * n);
  }
  return out;
}

/** The second derivatives by z of the mean cross-entropy of logistic units, times a tangent of z. */
export function crossEntropyCurvature(
  z: Float64Array,
  tangent: Float64Array,
  cases: number,
): Float64Array {
  return activate("sigmoid", z).map((y, i) => y * (1 - y) * tangent[i] / cases);
}

/** Those of Gauss and Newton of the mean squared error: 2 f'(z)^2. */
export function squaredErrorCurvature(
  z: Float64Array,
  tangent: Float64Array,
  outputUnit: Activation,
  cases: number,
): Float64Array {
  return slope(outputUnit, activate(outputUnit, z))
    .map((slope, i) => 2 * slope * slope * tangent[i] / cases);
}

/** Those of the mean cross-entropy of softmax outputs: y (t - y't). */
export function softmaxCurvature(
  z: Float64Array,
  tangent: Float64Array,
  cases: number,
): Float64Array {
  const n = z.length / cases;
  const y = softmax(z, cases);
  const means = Array.from(
    { length: cases },
    (_, i) => y.subarray(i * n, (i + 1) * n).reduce((sum, y, j) => sum + y * tangent[i * n + j], 0),
  );
  return y.map((y, at) => y * (tangent[at] - means[Math.floor(at / n)]) / cases);
}
