/** Half the distance from 1 to the next float32: the largest relative error of one rounding. */
export const unitRoundoff = 2 ** -24;

/**
 * The most relative difference a gradient on the GPU may have from its float64 reference, over the
 * whole vector: a target of the project.
 */
export const gradientTolerance = 1e-4;

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
