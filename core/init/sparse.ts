import { InputError } from "../errors.ts";
import { checkLayer } from "./checks.ts";
import { checkScale, type Initializer, tanhRecipe } from "./initializer.ts";

/** Settings of {@linkcode sparse}. */
export interface SparseOptions {
  /** Incoming connections of each unit: an integer above 0. Default: 15. */
  fanIn?: number;
  /** What the weights are multiplied by. Default: 1. */
  scale?: number;
}

/**
 * Sparse initialisation (paper, section 3.1; Martens 2010). Each unit has connections to `fanIn`
 * different units of the layer below, chosen at random, with weights scale * N(0, 1); all its
 * other weights are 0. A layer below with fewer units is connected in full. The input of a unit
 * thus stays as large as it is however wide the layers are, and units differ.
 *
 * Biases are 0. For tanh units weights and biases follow `tanhRecipe()`.
 *
 * The scale changes no draw: the same stream gives the same connections, at any scale.
 *
 * @throws {InputError} If an option is out of its range, or a layer has not a whole number of units.
 *
 * @example
 * ```ts
 * import { Purpose, RandomStream, sparse } from "../../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * const { weights } = sparse()({ fanIn: 784, fanOut: 400, random });
 * console.log(weights.filter((weight) => weight !== 0).length); // 6000 of 313,600
 * ```
 */
export function sparse({ fanIn: connections = 15, scale = 1 }: SparseOptions = {}): Initializer {
  if (!Number.isInteger(connections) || connections < 1) {
    throw new InputError(
      `the incoming connections of a unit must be an integer above 0, not ${connections}; ` +
        `the paper takes 15`,
    );
  }
  checkScale(scale);
  return (layer) => {
    checkLayer(layer);
    const { fanIn, fanOut, random, tanh = { below: false, above: false } } = layer;
    const { weightScale, bias } = tanhRecipe(tanh);
    const weights = new Float64Array(fanIn * fanOut);
    for (let unit = 0; unit < fanOut; unit++) {
      for (const below of random.sample(fanIn, Math.min(connections, fanIn))) {
        weights[below * fanOut + unit] = scale * weightScale * random.normal();
      }
    }
    return { weights, biases: new Float64Array(fanOut).fill(bias) };
  };
}
