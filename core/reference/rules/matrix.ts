/** A matrix of rows x columns, row by row. */
export interface Matrix {
  rows: number;
  columns: number;
  values: Float64Array;
}

/** The matrix whose entry in row i and column j is `entry(i, j)`. */
export function matrix(
  rows: number,
  columns: number,
  entry: (row: number, column: number) => number,
): Matrix {
  const values = new Float64Array(rows * columns);
  return {
    rows,
    columns,
    values: values.map((_, k) => entry(Math.floor(k / columns), k % columns)),
  };
}

/** A'. */
export function transpose({ rows, columns, values }: Matrix): Matrix {
  return matrix(columns, rows, (i, j) => values[j * columns + i]);
}

/** A B. */
export function product(a: Matrix, b: Matrix): Matrix {
  return matrix(a.rows, b.columns, (i, j) => {
    let sum = 0;
    for (let k = 0; k < a.columns; k++) {
      sum += a.values[i * a.columns + k] * b.values[k * b.columns + j];
    }
    return sum;
  });
}

/** a A + b B. */
export function combination(a: number, A: Matrix, b: number, B: Matrix): Matrix {
  return { ...A, values: A.values.map((x, k) => a * x + b * B.values[k]) };
}

/** |A|, the root of the sum of the squares of its entries. */
export function frobeniusNorm({ values }: Matrix): number {
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
}
