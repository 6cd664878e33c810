import { checkLayer } from "./checks.ts";
import { checkScale, type Initializer } from "./initializer.ts";

/** Settings of {@linkcode glorot}. */
export interface GlorotOptions {
  /** What the weights are multiplied by. Default: 1. */
  scale?: number;
}

/**
 * The normalized initialisation of Glorot and Bengio, "Understanding the difficulty of training
 * deep feedforward neural networks" (2010), equation 16: weights uniform in [-r, r] with
 * r = scale * sqrt(6 / (fanIn + fanOut)), so their variance is scale^2 * 2 / (fanIn + fanOut).
 * It is made for tanh units; a scale of 4 is its counterpart for logistic units. In a convolution
 * fanOut counts all places of the kernel.
 *
 * @throws {InputError} If the scale is not a finite number above 0, or a layer has not a whole number
 * of units.
 *
 * @example
 * ```ts
 * import { glorot, Purpose, RandomStream } from "../../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * console.log(glorot({ scale: 4 })({ fanIn: 784, fanOut: 400, random })); // within 0.285 of 0
 * ```
 */
export function glorot({ scale = 1 }: GlorotOptions = {}): Initializer {
  checkScale(scale);
  return (layer) => {
    checkLayer(layer);
    const { fanIn, fanOut, places = 1, random } = layer;
    const radius = scale * Math.sqrt(6 / (fanIn + places * fanOut));
    return {
      weights: new Float64Array(fanIn * fanOut).map(() => radius * (2 * random.uniform() - 1)),
      biases: new Float64Array(fanOut),
    };
  };
}
