// deno-lint-ignore no-import-prefix
import { Matrix } from "npm:ml-matrix@6.15.1";
import { InputError } from "../errors.ts";
import type { Activation } from "../ops/activation.ts";
import type { InitializedLayer, Initializer } from "./initializer.ts";
import { orthogonal } from "./orthogonal.ts";

/** Settings of {@linkcode lsuv}. */
export interface LSUVOptions {
  /**
   * Cases to look at, [n, inputs] row by row; a Uint8Array stands for values / 255, as in a `Dataset`.
   * Some hundred are enough.
   */
  cases: ArrayLike<number>;
  /** The standard deviation that the inputs of units are given. Default: 1. */
  deviation?: number;
}

/**
 * Layer-sequential unit variance (Mishkin and Matas, "All you need is a good init", 2016), for
 * networks of dense layers: orthogonal weights W, biases 0, and then layer by layer from the input on
 * W' = W deviation / s, where s is the standard deviation of x W over all cases and units, x what the
 * layers below make of the cases. Nothing is dropped, and no noise is added.
 *
 * The authors repeat the division, at most 10 times and until s is 1 to 0.01, with another minibatch
 * each time. On the same cases x W' is the multiple of x W that was asked for, so one division does.
 * It is done on the host in float64; the time is that of `orthogonal()` and of a forward pass.
 *
 * @throws {InputError} If the deviation is not a finite number above 0, or there are no cases. Of a
 * layer: if its inputs are not made of cases by dense layers alone, are no whole number of cases, or
 * if its units are given the same by all cases.
 *
 * @example
 * ```ts
 * import { dense, examples, lsuv, network, sequential, softmaxCrossEntropy } from "../../mod.ts";
 *
 * const inputs = { data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), width: 2 };
 * const model = network({
 *   source: examples({ train: { inputs, targets: [0, 1, 1, 0] } }),
 *   layers: sequential(dense({ units: 8, activation: "tanh" }), dense({ units: 2 })),
 *   loss: softmaxCrossEntropy,
 * });
 * const [weights] = model.initialValues(1, lsuv({ cases: inputs.data }));
 * console.log(weights.length); // 16
 * ```
 */
export function lsuv({ cases, deviation = 1 }: LSUVOptions): Initializer {
  if (!Number.isFinite(deviation) || deviation <= 0) {
    throw new InputError(
      `the standard deviation of lsuv() must be a finite number above 0, not ${deviation}; 1 is ` +
        "that of its authors",
    );
  }
  if (!(cases?.length > 0)) {
    throw new InputError(
      "lsuv() needs cases to look at: give some hundred of those to train on, row by row",
    );
  }
  const draw = orthogonal();
  // What goes into the units of a layer, by its weights: the layer above begins there.
  const made = new WeakMap<Float64Array, Matrix>();
  const given = (below: "cases" | InitializedLayer, fanIn: number): Matrix =>
    below === "cases" ? caseRows(cases, fanIn) : outputsOf(below);
  const outputsOf = ({ weights, biases, activation, below }: InitializedLayer): Matrix => {
    const fanOut = biases.length;
    const z = made.get(weights) ??
      product(given(below, weights.length / fanOut), weights, fanOut);
    const y = Matrix.zeros(z.rows, fanOut), f = activate[activation];
    for (let row = 0; row < z.rows; row++) {
      for (let n = 0; n < fanOut; n++) y.set(row, n, f(z.get(row, n) + biases[n]));
    }
    return y;
  };
  return (layer) => {
    const { fanIn, fanOut, below } = layer;
    if (below === undefined) {
      throw new InputError(
        "lsuv() is for networks of dense layers, which it follows from the cases on: take another " +
          "initializer, such as orthogonal()",
      );
    }
    const { weights, biases } = draw(layer);
    const z = product(given(below, fanIn), weights, fanOut);
    const factor = deviation / standardDeviation(z);
    if (!Number.isFinite(factor)) {
      throw new InputError(
        `what lsuv() would divide the weights of a layer of ${fanOut} units by, the standard ` +
          `deviation of their inputs over the ${z.rows} cases, is ${
            deviation / factor
          }: give cases ` +
          "that differ, of finite numbers",
      );
    }
    const scaled = weights.map((weight) => factor * weight);
    made.set(scaled, z.mul(factor));
    return { weights: scaled, biases };
  };
}

const activate: Readonly<Record<Activation, (z: number) => number>> = {
  linear: (z) => z,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  relu: (z) => Math.max(z, 0),
};

function product(x: Matrix, weights: Float64Array, fanOut: number): Matrix {
  return x.mmul(Matrix.from1DArray(x.columns, fanOut, weights));
}

function caseRows(cases: ArrayLike<number>, inputs: number): Matrix {
  if (cases.length % inputs !== 0) {
    throw new InputError(
      `${cases.length} values are no whole number of cases of ${inputs} inputs: give lsuv() rows ` +
        "of equal width",
    );
  }
  const unit = cases instanceof Uint8Array ? 1 / 255 : 1;
  const values = Float64Array.from(cases, (value) => unit * value);
  return Matrix.from1DArray(cases.length / inputs, inputs, values);
}

/** About their mean, in two passes. */
function standardDeviation(z: Matrix): number {
  const mean = z.mean();
  let square = 0;
  for (let row = 0; row < z.rows; row++) {
    for (let n = 0; n < z.columns; n++) square += (z.get(row, n) - mean) ** 2;
  }
  return Math.sqrt(square / (z.rows * z.columns));
}
