import { InputError } from "../errors.ts";
import type { Activation } from "../ops/activation.ts";
import type { RandomStream } from "../random.ts";

/** What an initializer is told about a layer. */
export interface LayerToInitialize {
  /** Units of the layer below. */
  fanIn: number;
  /** Units of this layer. */
  fanOut: number;
  /** Of a convolution: places of its kernel, at each of which a unit below reaches fanOut units. */
  places?: number;
  /** Where the weights are drawn from: a stream of the layer's own. */
  random: RandomStream;
  /** On which sides it has tanh units; by default on none. */
  tanh?: TanhSides;
  /** What the weights connect in a recurrent network. */
  role?: "input" | "recurrent" | "output";
  /**
   * What gives it its inputs where dense layers alone make them of cases: a case itself, or a layer
   * that is initialized. Left out elsewhere.
   */
  below?: "cases" | InitializedLayer;
}

/**
 * Draws the weights of a layer, a matrix [fanIn, fanOut] in row-major order, in which element
 * k * fanOut + n is the weight from unit k below to unit n, and its biases. The values are float64,
 * to be rounded once to the precision of training.
 */
export type Initializer = (layer: LayerToInitialize) => LayerParameters;

/** The weights [fanIn, fanOut] and the biases [fanOut] of a layer. */
export interface LayerParameters {
  /** [fanIn, fanOut], row by row. */
  weights: Float64Array;
  /** [fanOut]. */
  biases: Float64Array;
}

/** A dense layer with its first parameters. */
export interface InitializedLayer extends LayerParameters {
  /** What its units make of their inputs. */
  activation: Activation;
  /** What gives it its inputs. */
  below: "cases" | InitializedLayer;
}

/** On which sides of a layer logistic units give way to tanh units. */
export interface TanhSides {
  /** The layer's inputs are such units. False where they are data or linear units. */
  below: boolean;
  /** The layer's own units are such units. False where they are linear or stay logistic. */
  above: boolean;
}

/**
 * The layer of tanh units that computes exactly what a layer of logistic units computes, by
 * sigma(z) = (1 + tanh(z/2)) / 2. Between two hidden layers
 * W_tanh = W/4 and b_tanh = b/2 + (sum over k of W[k, n])/4. Tanh units below alone give W/2 and
 * b + sum/2, above alone W/2 and b/2.
 *
 * @throws {InputError} If the weights are no matrix of whole rows of `biases.length` weights.
 *
 * @example
 * ```ts
 * import { tanhFromSigmoid } from "../../mod.ts";
 *
 * const logistic = { weights: new Float64Array([4, -8]), biases: new Float64Array([1]) };
 * const { weights, biases } = tanhFromSigmoid(logistic, { below: true, above: true });
 * console.log(weights, biases); // [1, -2] and [-0.5]
 * ```
 */
export function tanhFromSigmoid(layer: LayerParameters, sides: TanhSides): LayerParameters {
  const { weights, biases } = layer;
  const fanOut = biases.length;
  if (weights.length % fanOut !== 0) {
    throw new InputError(
      `${weights.length} weights are no whole number of rows of ${fanOut}, one weight for each ` +
        `bias; give the weights as [fanIn, fanOut]`,
    );
  }
  const inputScale = sides.below ? 1 / 2 : 1; // the input is (1 + tanh)/2
  const outputScale = sides.above ? 1 / 2 : 1; // tanh is taken of z/2
  const shift = sides.below ? 1 / 2 : 0;
  const sums = new Float64Array(fanOut);
  weights.forEach((weight, i) => sums[i % fanOut] += weight);
  return {
    weights: weights.map((weight) => weight * inputScale * outputScale),
    biases: biases.map((bias, n) => (bias + shift * sums[n]) * outputScale),
  };
}

/**
 * What the paper (section 3.1) does to a random initialisation meant for logistic units so that it
 * suits tanh units, without the exact sums of {@linkcode tanhFromSigmoid}: between two hidden
 * layers the weights are multiplied by 0.25 and the biases set to 0.5.
 *
 * The paper does not speak of the layers at the ends. Here the weights are multiplied by 0.5 where
 * only one side is tanh, and the biases are 0.5 wherever the layer's own units are tanh, else 0.
 *
 * @example
 * ```ts
 * import { sparse, tanhRecipe } from "../../mod.ts";
 *
 * const { weightScale, bias } = tanhRecipe({ below: true, above: true });
 * console.log(sparse({ scale: weightScale }), bias); // 0.25 times as large, and 0.5
 * ```
 */
export function tanhRecipe({ below, above }: TanhSides): { weightScale: number; bias: number } {
  return { weightScale: (below ? 0.5 : 1) * (above ? 0.5 : 1), bias: above ? 0.5 : 0 };
}

/** Refuses a scale of weights that is not a finite number above 0. */
export function checkScale(scale: number): void {
  if (!Number.isFinite(scale) || scale <= 0) {
    throw new InputError(
      `the scale of the initial weights must be a finite number above 0, not ${scale}; ` +
        `1 leaves them as they are`,
    );
  }
}
