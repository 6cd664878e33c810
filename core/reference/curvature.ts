// deno-lint-ignore no-import-prefix
import { EigenvalueDecomposition, Matrix } from "npm:ml-matrix@6.15.1";
import { philox4x32, Purpose, seedKey } from "../random.ts";
import type { Linearized } from "./layers.ts";

/** What a symmetric matrix makes of a vector. */
export type MatrixProduct = (v: Float64Array) => Float64Array;

/**
 * Products with the Hessian at a point, by central differences of a gradient with a step of 2^-17,
 * near the cube root of the unit roundoff.
 */
export function hessianProduct(
  gradient: (point: Float64Array) => Float64Array,
  at: Float64Array,
): MatrixProduct {
  return (v) => {
    const along = 2 ** -17 / Math.hypot(...v);
    const [ahead, behind] = [1, -1].map((side) =>
      gradient(at.map((x, i) => x + side * along * v[i]))
    );
    return ahead.map((value, i) => (value - behind[i]) / (2 * along));
  };
}

/**
 * Products with the Gauss-Newton matrix J'HJ of layers at a point, for the curvature H that a loss
 * has there: vectors hold the tensors one after another.
 */
export function gaussNewtonProduct(
  { y, backward, tangent }: Linearized,
  { inputs, sizes, curvature }: {
    /** How many numbers go into the layers. */
    inputs: number;
    /** Values of each tensor. */
    sizes: readonly number[];
    curvature: (z: Float64Array, tangent: Float64Array) => Float64Array;
  },
): MatrixProduct {
  return (v) => {
    const ends = sizes.map((_, t) => sizes.slice(0, t + 1).reduce((a, b) => a + b));
    const tensors = sizes.map((size, t) => v.slice(ends[t] - size, ends[t]));
    const moved = tangent(new Float64Array(inputs), tensors);
    return Float64Array.from(
      backward(curvature(y, moved)).tensors.flatMap((values) => [...values]),
    );
  };
}

/** The matrix [n, n] of a product, row by row, from unit vectors. */
export function matrixOf(product: MatrixProduct, n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const unit = new Float64Array(n);
    unit[i] = 1;
    matrix.set(product(unit), i * n);
  }
  return matrix;
}

/** The eigenvalues of a symmetric matrix [n, n], the largest first. */
export function eigenvalues(matrix: Float64Array): number[] {
  return decompose(matrix).realEigenvalues.toSorted((a, b) => b - a);
}

/** The eigenvectors of a symmetric matrix [n, n], of length 1, that of the largest eigenvalue first. */
export function eigenvectorsOf(matrix: Float64Array): Float64Array[] {
  const { realEigenvalues: values, eigenvectorMatrix } = decompose(matrix);
  const order = [...values.keys()].toSorted((a, b) => values[b] - values[a]);
  return order.map((i) => Float64Array.from(eigenvectorMatrix.getColumn(i)));
}

function decompose(matrix: Float64Array): EigenvalueDecomposition {
  const n = Math.sqrt(matrix.length);
  return new EigenvalueDecomposition(Matrix.from1DArray(n, n, matrix), { assumeSymmetric: true });
}

/**
 * The numbers that the engine probes a matrix by, in a tensor [rows, columns], row by row: of each
 * block of Philox4x32-10 four columns, (floor(w / 2^9) + 1/2) / 2^22 of a word w with its sign.
 */
export function probe(
  { seed, sample, tensor, rows = 1, columns }: {
    seed: number;
    sample: number;
    /** Number of the tensor in the layout. */
    tensor: number;
    rows?: number;
    columns: number;
  },
): Float64Array {
  const key = seedKey(seed);
  const quads = Math.ceil(columns / 4);
  return new Float64Array(rows * columns).map((_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = row * quads + Math.floor(column / 4);
    const words = philox4x32([block, sample, tensor, Purpose.probe], key);
    return ((words[column % 4] >> 9) + 0.5) / 2 ** 22;
  });
}
