import { type Matrix, transpose } from "./matrix.ts";

/**
 * Below this share of its length a column lies in the span of those before it. Of a column that
 * does, rounding leaves some 1e-16.
 */
const vanishing = 1e-12;

/**
 * The columns of a matrix made orthonormal, in order, by modified Gram-Schmidt, twice: once loses
 * orthogonality where columns are nearly parallel. A column in the span of those before becomes 0.
 */
export function gramSchmidt(matrix: Matrix): Matrix {
  const { rows: count, columns: length, values } = transpose(matrix);
  const columns: Float64Array[] = [];
  for (let j = 0; j < count; j++) {
    const whole = values.slice(j * length, (j + 1) * length);
    let rest = whole;
    for (const former of [...columns, ...columns]) {
      const share = dot(former, rest);
      rest = rest.map((x, i) => x - share * former[i]);
    }
    const norm = Math.sqrt(dot(rest, rest));
    const left = norm > vanishing * Math.sqrt(dot(whole, whole));
    columns.push(rest.map((x) => left ? x / norm : 0));
  }
  const flat = Float64Array.from(columns.flatMap((column) => [...column]));
  return transpose({ rows: count, columns: length, values: flat });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, a, i) => sum + a * b[i], 0);
}
