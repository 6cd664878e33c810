// deno-lint-ignore no-import-prefix
import { Matrix, QrDecomposition } from "npm:ml-matrix@6.15.1";
import { InputError } from "../errors.ts";
import { checkLayer } from "./checks.ts";
import type { Initializer } from "./initializer.ts";

/** Settings of {@linkcode orthogonal}. */
export interface OrthogonalOptions {
  /** What the orthogonal matrix is multiplied by. Default: 1. */
  gain?: number;
}

/**
 * Orthogonal weights (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of
 * learning in deep linear neural networks", 2013), biases 0: all singular values of W are `gain`, so
 * W'W = gain^2 I where fanIn is at least fanOut, else WW' = gain^2 I. Of a recurrent layer the gain
 * is the spectral radius. Logistic units, whose slope is at most 1/4, want a gain of about 4.
 *
 * A Gaussian matrix with the larger side as rows is factored into QR by Householder's reflections.
 * The columns of Q take the signs of R's diagonal, which makes them uniform over all such matrices
 * (Mezzadri, "How to generate random matrices from the classical compact groups", 2007). Where
 * fanOut is the larger side, W is the transpose.
 *
 * The time grows with larger side * smaller side^2: about 2 s for 1000 x 500, and half a minute for
 * 2000 x 1000.
 *
 * @throws {InputError} If the gain is not a finite number above 0, or a layer has not a whole number
 * of units.
 *
 * @example
 * ```ts
 * import { orthogonal, Purpose, RandomStream } from "../../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * const { weights } = orthogonal({ gain: 4 })({ fanIn: 100, fanOut: 1, random });
 * console.log(Math.hypot(...weights)); // 4 to rounding
 * ```
 */
export function orthogonal({ gain = 1 }: OrthogonalOptions = {}): Initializer {
  if (!Number.isFinite(gain) || gain <= 0) {
    throw new InputError(
      `the gain of orthogonal weights must be a finite number above 0, not ${gain}; 1 keeps ` +
        `lengths, and logistic units want about 4`,
    );
  }
  return (layer) => {
    checkLayer(layer);
    const { fanIn, fanOut, random } = layer;
    const isWide = fanOut > fanIn;
    const [rows, columns] = isWide ? [fanOut, fanIn] : [fanIn, fanOut];
    const drawn = Array.from({ length: rows * columns }, () => random.normal());
    const qr = new QrDecomposition(Matrix.from1DArray(rows, columns, drawn));
    const [q, r] = [qr.orthogonalMatrix, qr.upperTriangularMatrix];
    const factors = r.diagonal().map((value) => value < 0 ? -gain : gain);
    const weights = new Float64Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        weights[isWide ? j * rows + i : i * columns + j] = factors[j] * q.get(i, j);
      }
    }
    return { weights, biases: new Float64Array(fanOut) };
  };
}
