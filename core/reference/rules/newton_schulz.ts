import { combination, frobeniusNorm, type Matrix, product, transpose } from "./matrix.ts";

/**
 * The Newton-Schulz iteration of Muon (Jordan and others, 2024), which drives the singular values of
 * X / |X| towards 1:
 *
 * A = X X', X' = 3.4445 X + (-4.7750 A + 2.0315 A A) X, of X the wide way round
 *
 * Its coefficients are chosen for speed, not for a limit: the singular values of an oblong matrix
 * end between 0.68 and 1.14. They are the same whichever way round X is; A is smaller the wide way.
 */
export function newtonSchulz(matrix: Matrix, steps: number): Matrix {
  const tall = matrix.rows > matrix.columns;
  const start = tall ? transpose(matrix) : matrix;
  // 1e-7 is Muon's: a matrix of zeros stays one.
  let x = combination(1 / (frobeniusNorm(start) + 1e-7), start, 0, start);
  for (let step = 0; step < steps; step++) {
    const a = product(x, transpose(x));
    const polynomial = combination(-4.775, a, 2.0315, product(a, a));
    x = combination(3.4445, x, 1, product(polynomial, x));
  }
  return tall ? transpose(x) : x;
}
