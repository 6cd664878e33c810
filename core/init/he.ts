import { checkLayer } from "./checks.ts";
import { gaussian } from "./gaussian.ts";
import { checkScale, type Initializer } from "./initializer.ts";

/** Settings of {@linkcode he}. */
export interface HeOptions {
  /** What the weights are multiplied by. Default: 1. */
  scale?: number;
}

/**
 * The initialisation of He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), equation 10:
 * weights N(0, 1) * sqrt(2 / fanIn) * scale, biases 0. It is made for relu units, which pass half of
 * their inputs on: the mean square of a layer's outputs is that of the layer below.
 *
 * @throws {InputError} If the scale is not a finite number above 0, or a layer has not a whole number
 * of units.
 *
 * @example
 * ```ts
 * import { he, Purpose, RandomStream } from "../../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * console.log(he()({ fanIn: 800, fanOut: 400, random })); // a standard deviation of 0.05
 * ```
 */
export function he({ scale = 1 }: HeOptions = {}): Initializer {
  checkScale(scale);
  return (layer) => {
    checkLayer(layer);
    return gaussian({ deviation: scale * Math.sqrt(2 / layer.fanIn) })(layer);
  };
}
