// deno-lint-ignore no-import-prefix -- only this file needs it
import { EigenvalueDecomposition, Matrix } from "npm:ml-matrix@6.15.1";

/** Principal components of cases, those of the largest variance first. */
export interface PrincipalComponents {
  mean: Float64Array;
  variances: number[];
  /** Unit vectors. */
  components: number[][];
}

/** Eigenvalues and eigenvectors of the covariance of cases. */
export function principalComponents(cases: Float32Array[]): PrincipalComponents {
  const size = cases[0].length, mean = new Float64Array(size);
  for (const values of cases) values.forEach((value, i) => mean[i] += value / cases.length);
  const covariance = Array.from({ length: size }, () => new Float64Array(size));
  for (const values of cases) {
    const centred = mean.map((m, i) => values[i] - m);
    for (let i = 0; i < size; i++) {
      const row = covariance[i], factor = centred[i] / cases.length;
      for (let j = 0; j < size; j++) row[j] += factor * centred[j];
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    new Matrix(covariance),
    { assumeSymmetric: true },
  );
  return {
    mean,
    variances: realEigenvalues.toReversed(), // the library has them in ascending order
    components: eigenvectorMatrix.transpose().to2DArray().toReversed(),
  };
}

/** Mean over cases of the squared distance to the space of components through the mean. */
export function meanResidual(
  cases: Float32Array[],
  mean: Float64Array,
  components: number[][],
): number {
  let sum = 0;
  for (const values of cases) {
    const centred = mean.map((m, i) => values[i] - m);
    sum += dot(centred, centred);
    for (const component of components) sum -= dot(centred, component) ** 2;
  }
  return sum / cases.length;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
