// deno-lint-ignore no-import-prefix
import { EigenvalueDecomposition, Matrix } from "npm:ml-matrix@6.15.1";
import { InputError } from "../errors.ts";
import { gaussian } from "./gaussian.ts";
import { checkScale, type Initializer } from "./initializer.ts";
import { sparse } from "./sparse.ts";

/** Settings of {@linkcode echoState}. */
export interface EchoStateOptions {
  /** Incoming recurrent connections of each hidden unit. Default: 15. */
  fanIn?: number;
  /** The largest modulus of an eigenvalue of the recurrent weights. Default: 1.1. */
  spectralRadius?: number;
  /** The standard deviation of the input weights. Default: 0.1, as for memorization. */
  inputScale?: number;
  /** The standard deviation of the output weights. Default: 0.1. */
  outputScale?: number;
}

/**
 * The initialisation of recurrent networks (paper, section 4 and Table 4; Jaeger and Haas 2004):
 * each hidden unit has `fanIn` incoming recurrent connections N(0, 1), and the matrix is then
 * rescaled to the spectral radius; inputs and outputs are dense Gaussian. Biases are 0.
 *
 * The paper takes an input scale of 0.001 for the adding and the multiplication problem and of 0.1
 * for memorization.
 *
 * @throws {InputError} If an option is out of its range, and where a recurrent layer is not square,
 * has fewer units than `fanIn` or drew connections whose spectral radius is 0.
 *
 * @example
 * ```ts
 * import { echoState, Purpose, RandomStream, spectralRadius } from "../../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * const { weights } = echoState()({ fanIn: 50, fanOut: 50, role: "recurrent", random });
 * console.log(spectralRadius(weights)); // 1.1
 * ```
 */
export function echoState(options: EchoStateOptions = {}): Initializer {
  const { fanIn: connections = 15, spectralRadius: radius = 1.1 } = options;
  const { inputScale = 0.1, outputScale = 0.1 } = options;
  if (!(Number.isFinite(radius) && radius > 0)) {
    throw new InputError(
      `the spectral radius must be a finite number above 0, not ${radius}; the paper takes 1.1`,
    );
  }
  for (const scale of [inputScale, outputScale]) checkScale(scale);
  const recurrent = sparse({ fanIn: connections });
  return (layer) => {
    if (layer.role === "input") return gaussian({ deviation: inputScale })(layer);
    if (layer.role === "output") return gaussian({ deviation: outputScale })(layer);
    if (layer.fanIn !== layer.fanOut) {
      throw new InputError(
        `recurrent weights must be square, not ${layer.fanIn} x ${layer.fanOut}: give the role ` +
          `input or output to other layers`,
      );
    }
    if (connections > layer.fanIn) {
      throw new InputError(
        `${connections} incoming connections do not fit ${layer.fanIn} hidden units: use a fan-in ` +
          `of at most ${layer.fanIn}`,
      );
    }
    const { weights, biases } = recurrent(layer);
    const drawn = spectralRadius(weights);
    if (!(drawn > 0)) {
      throw new InputError(
        `the recurrent weights drawn have a spectral radius of ${drawn}, which no factor makes ` +
          `${radius}: use a larger fan-in or another seed`,
      );
    }
    return { weights: weights.map((weight) => weight * radius / drawn), biases };
  };
}

/**
 * The largest modulus of an eigenvalue of a square matrix, row by row; its eigenvalues may be
 * complex.
 *
 * @throws {InputError} If the values make no square matrix or are not finite.
 *
 * @example
 * ```ts
 * import { spectralRadius } from "../../mod.ts";
 *
 * console.log(spectralRadius([0, -2, 2, 0])); // 2: the eigenvalues are 2i and -2i
 * ```
 */
export function spectralRadius(values: ArrayLike<number>): number {
  const n = Math.sqrt(values.length);
  if (!Number.isInteger(n) || n === 0) {
    throw new InputError(`${values.length} values are no square matrix: give n x n of them`);
  }
  const other = Array.from(values).find((value) => !Number.isFinite(value));
  if (other !== undefined) {
    throw new InputError(
      `a matrix with the value ${other} has no eigenvalues: give finite numbers`,
    );
  }
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(
    Matrix.from1DArray(n, n, Array.from(values)),
  );
  const moduli = realEigenvalues.map((real, i) => Math.hypot(real, imaginaryEigenvalues[i]));
  return moduli.reduce((a, b) => Math.max(a, b), 0);
}
