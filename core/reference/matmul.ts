/** The shape of {@linkcode matmul}'s product [rows, columns], and how its factors are stored. */
export interface Product {
  rows: number;
  columns: number;
  /** The length of the sums. */
  shared: number;
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * op(a) op(b), row-major [rows, columns]. `a` is [rows, shared], or [shared, rows] where it is read
 * transposed; `b` is [shared, columns], or [columns, shared].
 */
export function matmul(a: Float64Array, b: Float64Array, product: Product): Float64Array {
  const { rows, columns, shared, transposeA = false, transposeB = false } = product;
  if (a.length !== rows * shared || b.length !== shared * columns) {
    throw new RangeError(
      `${a.length} and ${b.length} values do not fit ${JSON.stringify(product)}`,
    );
  }
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < shared; k++) {
        sum += a[transposeA ? k * rows + i : i * shared + k] *
          b[transposeB ? j * shared + k : k * columns + j];
      }
      out[i * columns + j] = sum;
    }
  }
  return out;
}
