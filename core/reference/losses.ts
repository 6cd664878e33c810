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
