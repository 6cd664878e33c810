import type { Activation } from "../ops/activation.ts";
import { activate, slope } from "./activation.ts";

/** Half the distance from 1 to the next float32: the largest relative error of one rounding. */
export const unitRoundoff = 2 ** -24;

/** A unit in the last place, the measure of the accuracies that the WGSL specification demands. */
export const ulp = 2 ** -23;

/** The smallest normal float32: what lies below may become zero (WGSL, subnormal numbers). */
export const smallestNormal = 2 ** -126;

/** The most relative error of exp(x) and of a quotient, and the most error of log(x) in [1/2, 2]. */
export const accuracy = {
  exp: (x: number) => (3 + 2 * Math.abs(x)) * ulp,
  quotient: 2.5 * ulp,
  log: 2 ** -21,
};

/**
 * The most that f(z) on the GPU may differ from it, to first order, where z itself is off by at most
 * `inputError`: the accuracies of WGSL carried through the formulas of
 * shaders/common/activation.wgsl.
 */
export function activationError(kind: Activation, z: number, inputError = 0): number {
  if (kind === "linear" || kind === "relu") return inputError;
  if (kind === "sigmoid") {
    // y = 1 / (1 + e) with e = exp(-z): an error of e matters by its share e / (1 + e) = 1 - y.
    const [y] = activate(kind, Float64Array.of(z));
    const own = y * ((1 - y) * accuracy.exp(z) + unitRoundoff + accuracy.quotient);
    return inputError / 4 + own + smallestNormal;
  }
  // Near zero: the polynomial of Cephes is within 2.2 roundings of tanh, its last fma adds one, and
  // the part of it that the other roundings reach is an eighth of the whole.
  const near = 4.5 * unitRoundoff * Math.abs(z);
  // Elsewhere y = 1 - q with q = 2 / (exp(2 |z|) + 1).
  const q = 1 - Math.tanh(Math.abs(z));
  const far = q * (accuracy.exp(2 * z) + unitRoundoff + accuracy.quotient) + unitRoundoff;
  return inputError + (Math.abs(z) + inputError < 0.625 ? near : Math.max(near, far));
}

/**
 * The most that f'(z), computed from the outputs y = f(z), may differ from it where y is off by at
 * most `outputError`. For relu units 0, which holds where y has the right sign.
 */
export function slopeError(kind: Activation, y: number, outputError = 0): number {
  if (kind === "linear" || kind === "relu") return 0;
  const [exact] = slope(kind, Float64Array.of(y));
  if (kind === "sigmoid") return outputError + 2 * unitRoundoff * exact + smallestNormal;
  return 2 * Math.abs(y) * outputError + 2 * unitRoundoff;
}

/**
 * The most error of max(z, 0) - z x + log(1 + exp(-|z|)), what a unit adds to the cross-entropy of
 * its case: three roundings of at most 2 |z| + 1, the error of log, and those of its argument, of
 * which exp is off by at most 3 ULP of 1, at z = 0.
 */
export function crossEntropyError(z: number): number {
  return 3 * unitRoundoff * (2 * Math.abs(z) + 1) + accuracy.log + accuracy.exp(0) + unitRoundoff;
}

/**
 * The most relative difference a gradient on the GPU may have from its float64 reference, over the
 * whole vector: a target of the project.
 */
export const gradientTolerance = 1e-4;

/** The same for backpropagation through a thousand steps. */
export const longGradientTolerance = 1e-3;

/**
 * The most a float32 sum of `length` terms, or of `length` products of two exact factors, may differ
 * from the exact sum: gamma_n sum |terms| with gamma_n = n u / (1 - n u), in whatever order it is
 * added and with or without fma (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
 * Holds where nothing underflows.
 *
 * @param magnitude The sum of the absolute values of the terms.
 */
export function sumError(length: number, magnitude: number): number {
  return length * unitRoundoff / (1 - length * unitRoundoff) * magnitude;
}

/**
 * |actual - reference| / |reference|, Euclidean norms. NaN where either holds one, so that a
 * comparison with a tolerance fails.
 */
export function relativeDifference(
  actual: ArrayLike<number>,
  reference: ArrayLike<number>,
): number {
  if (actual.length !== reference.length) {
    throw new RangeError(`${actual.length} values are compared with ${reference.length}`);
  }
  let difference = 0, norm = 0;
  for (let i = 0; i < reference.length; i++) {
    difference += (actual[i] - reference[i]) ** 2;
    norm += reference[i] ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}
