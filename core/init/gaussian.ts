import { InputError } from "../errors.ts";
import { checkLayer } from "./checks.ts";
import { checkScale, type Initializer } from "./initializer.ts";

/** Settings of {@linkcode gaussian}: at most one of the two. */
export interface GaussianOptions {
  /** What the weights N(0, 1) / sqrt(fanIn) are multiplied by. Default: 1. */
  scale?: number;
  /** The standard deviation of the weights itself, whatever the layer's size. */
  deviation?: number;
}

/**
 * Dense Gaussian weights, scale * N(0, 1) / sqrt(fanIn), biases 0: the input of a unit has the mean
 * square of the units below times scale^2, however many they are. Of a recurrent layer the scale is
 * about the spectral radius.
 *
 * With `deviation` the weights are deviation * N(0, 1), as the paper's table 4 writes them.
 *
 * The standard deviation is rounded to float64 before it multiplies the draws; neither option
 * changes a draw. `--init gaussian` of autoencoder.ts is this function with `--init-scale` as its
 * scale; that of rnn.ts takes `--spectral-radius` for the recurrent weights.
 *
 * @throws {InputError} If an option is not a finite number above 0, both are given, or a layer has
 * not a whole number of units.
 *
 * @example
 * ```ts
 * import { gaussian, Purpose, RandomStream } from "../../mod.ts";
 *
 * const layer = { fanIn: 100, fanOut: 1, random: new RandomStream(42, Purpose.weights) };
 * console.log(gaussian()(layer)); // a standard deviation of 1 / sqrt(100)
 * console.log(gaussian({ deviation: 0.1 })(layer)); // the same one
 * ```
 */
export function gaussian({ scale, deviation }: GaussianOptions = {}): Initializer {
  if (scale !== undefined && deviation !== undefined) {
    throw new InputError(
      `gaussian() takes a scale or a deviation, not a scale of ${scale} and a deviation of ` +
        `${deviation}: the deviation is scale / sqrt(fanIn), so leave one out`,
    );
  }
  const factor = scale ?? 1;
  checkScale(factor);
  if (deviation !== undefined) checkDeviation(deviation);
  return (layer) => {
    checkLayer(layer);
    const { fanIn, fanOut, random } = layer;
    const spread = deviation ?? factor / Math.sqrt(fanIn);
    return {
      weights: new Float64Array(fanIn * fanOut).map(() => spread * random.normal()),
      biases: new Float64Array(fanOut),
    };
  };
}

function checkDeviation(deviation: number): void {
  if (!Number.isFinite(deviation) || deviation <= 0) {
    throw new InputError(
      `the standard deviation of the initial weights must be a finite number above 0, not ` +
        `${deviation}; the paper takes 0.1 or 0.001`,
    );
  }
}
