import { matmul } from "./matmul.ts";

/** What fixes a {@linkcode Quadratic}. */
export interface QuadraticOptions {
  /** The eigenvalues lambda of A. */
  spectrum: readonly number[];
  /** c, the linear part in the eigendirections; zero if not given. */
  slopes?: readonly number[];
  /** U, orthonormal [n, n]; row i is eigendirection i. The identity if not given. */
  rotation?: Float64Array;
}

/**
 * q(x) = x'Ax/2 + b'x with A = U' diag(lambda) U and b = U'c. In the eigendirections y = Ux it is
 * p(y) = sum over i of lambda_i y_i^2 / 2 + c_i y_i (paper, section 2 and appendix).
 */
export class Quadratic {
  /** A, [n, n]. */
  readonly matrix: Float64Array;
  /** b, [n]. */
  readonly linear: Float64Array;
  /** The eigenvalues lambda of A. */
  readonly spectrum: readonly number[];
  /** U, [n, n]. */
  readonly rotation: Float64Array;

  /** The quadratic of these eigenvalues. */
  constructor({ spectrum, slopes = spectrum.map(() => 0), rotation }: QuadraticOptions) {
    const n = spectrum.length;
    this.spectrum = spectrum;
    this.rotation = rotation ?? identity(n);
    const scaled = this.rotation.map((u, i) => spectrum[Math.floor(i / n)] * u);
    this.matrix = matmul(this.rotation, scaled, {
      rows: n,
      columns: n,
      shared: n,
      transposeA: true,
    });
    this.linear = this.fromEigen(Float64Array.from(slopes));
  }

  /** x'Ax/2 + b'x. */
  value(x: Float64Array): number {
    const Ax = times(this.matrix, x);
    return x.reduce((sum, x, i) => sum + x * (Ax[i] / 2 + this.linear[i]), 0);
  }

  /** Ax + b. */
  gradient(x: Float64Array): Float64Array {
    return times(this.matrix, x).map((Ax, i) => Ax + this.linear[i]);
  }

  /** y = Ux. */
  toEigen(x: Float64Array): Float64Array {
    return times(this.rotation, x);
  }

  /** x = U'y. */
  fromEigen(y: Float64Array): Float64Array {
    const n = y.length;
    return matmul(this.rotation, y, { rows: n, columns: 1, shared: n, transposeA: true });
  }
}

/**
 * An orthonormal matrix [n, n]: the product of the reflections I - 2 w w' / (w'w) along each of
 * `normals`. Exact in floating point where every 2 / (w'w) is a power of two.
 */
export function orthonormal(...normals: readonly (readonly number[])[]): Float64Array {
  const n = normals[0].length;
  return normals.reduce((product, w) => {
    const scale = 2 / w.reduce((sum, x) => sum + x * x, 0);
    const reflection = identity(n)
      .map((one, i) => one - scale * w[Math.floor(i / n)] * w[i % n]);
    return matmul(product, reflection, { rows: n, columns: n, shared: n });
  }, identity(n));
}

function identity(n: number): Float64Array {
  return new Float64Array(n * n).map((_, i) => i % (n + 1) === 0 ? 1 : 0);
}

function times(matrix: Float64Array, x: Float64Array): Float64Array {
  return matmul(matrix, x, { rows: x.length, columns: 1, shared: x.length });
}
