import { checkScale, type Initializer } from "./initializer.ts";

/** Settings of {@linkcode gaussian}. */
export interface GaussianOptions {
  /** The standard deviation of the weights. */
  scale: number;
}

/**
 * Dense Gaussian weights, scale * N(0, 1), as the paper's table 4 writes them. The scale is the
 * standard deviation itself and does not depend on the layer's size: for a deviation that does,
 * see {@linkcode glorot}.
 *
 * @throws {InputError} If the scale is not a finite number above 0.
 *
 * @example
 * ```ts
 * import { gaussian, Purpose, RandomStream } from "../../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * console.log(gaussian({ scale: 0.1 })({ fanIn: 100, fanOut: 1, random }));
 * ```
 */
export function gaussian({ scale }: GaussianOptions): Initializer {
  checkScale(scale);
  return ({ fanIn, fanOut, random }) => ({
    weights: new Float64Array(fanIn * fanOut).map(() => scale * random.normal()),
    biases: new Float64Array(fanOut),
  });
}
