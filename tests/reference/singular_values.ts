import { type Matrix, product, transpose } from "../../core/reference/rules/matrix.ts";

/**
 * The singular values of a matrix, largest first: the roots of the eigenvalues of A'A, or of A A' if
 * that is smaller, by Jacobi's rotations. Good to some 1e-8 of the largest.
 */
export function singularValues(A: Matrix): number[] {
  const wide = A.columns > A.rows;
  const { rows: n, values: S } = wide ? product(A, transpose(A)) : product(transpose(A), A);
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotate(S, n, p, q);
    }
  }
  const eigenvalues = Array.from({ length: n }, (_, i) => S[i * n + i]);
  return eigenvalues.map((x) => Math.sqrt(Math.max(0, x))).sort((a, b) => b - a);
}

/** The rotation in the plane of axes p and q that makes S_pq 0. */
function rotate(S: Float64Array, n: number, p: number, q: number) {
  const angle = Math.atan2(2 * S[p * n + q], S[q * n + q] - S[p * n + p]) / 2;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (let k = 0; k < n; k++) {
    const [a, b] = [S[k * n + p], S[k * n + q]];
    [S[k * n + p], S[k * n + q]] = [c * a - s * b, s * a + c * b];
  }
  for (let k = 0; k < n; k++) {
    const [a, b] = [S[p * n + k], S[q * n + k]];
    [S[p * n + k], S[q * n + k]] = [c * a - s * b, s * a + c * b];
  }
}
