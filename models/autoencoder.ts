import { checkChoice } from "../core/checks.ts";
import type { Dataset } from "../core/data/dataset.ts";
import { examples } from "../core/data/examples.ts";
import { InputError } from "../core/errors.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { crossEntropy, figureOf, squaredError } from "../core/graph/losses.ts";
import { NetworkModel } from "../core/graph/network.ts";
import type { Value } from "../core/graph/operation.ts";
import { dense } from "../core/layers/dense.ts";
import { sequential } from "../core/layers/sequential.ts";
import { type Activation, activations } from "../core/ops/activation.ts";

/** The loss an autoencoder minimises, summed over units and averaged over cases. */
export type ReconstructionLoss = "cross-entropy" | "squared-error";

/** An autoencoder and its data; see {@linkcode autoencoder}. */
export interface AutoencoderOptions {
  /** Units of the encoder from the input to the code; the decoder mirrors them. */
  layers: readonly number[];
  /** Activation of the hidden layers; the code layer is linear. Default sigmoid. */
  activation?: Activation;
  /** Activation of the output: logistic for pixels in [0, 1]. Default sigmoid. */
  outputUnit?: "sigmoid" | "linear";
  /** Default cross-entropy, which needs logistic output units. */
  loss?: ReconstructionLoss;
  /** Weight decay: l2/2 |W|^2 is minimised besides, biases left out; no loss reported holds it. */
  l2?: number;
  /** Cases to train on. */
  train: Dataset;
  /** Cases to evaluate on besides. */
  test?: Dataset;
}

/**
 * A deep autoencoder as the paper trains them (section 3): sigmoid hidden layers, a linear code, the
 * decoder the mirror image of the encoder. The figure of an evaluation is the squared error
 * (x - y)^2 summed over units.
 *
 * Throws an {@linkcode InputError} where the layers do not fit the data or the loss the output, and
 * for an activation, an output unit, a loss or a weight decay that is none.
 *
 * ```ts
 * import { autoencoder, Dataset, generateCurves, openGPU } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const { train } = generateCurves({ seed: 1, train: 1000, test: 0 });
 * const model = autoencoder({ layers: [784, 50, 6], train: new Dataset(gpu, train, { width: 784 }) });
 * console.log(model.layout.parameterCount); // 79740
 * ```
 */
export function autoencoder(options: AutoencoderOptions): Autoencoder {
  return new Autoencoder(options);
}

/** See {@linkcode autoencoder}. */
export class Autoencoder extends NetworkModel {
  readonly #code: Value;

  /** Use {@linkcode autoencoder}. */
  constructor(options: AutoencoderOptions) {
    const { layers, activation = "sigmoid", outputUnit = "sigmoid", l2 = 0 } = options;
    const { loss = "cross-entropy", train, test } = options;
    checkLayers(layers);
    checkChoice("activation", activation, activations);
    const units = ["sigmoid", "linear"];
    checkChoice("output unit", outputUnit, units, "sigmoid is the logistic unit");
    checkChoice("loss", loss, ["cross-entropy", "squared-error"]);
    for (const data of test ? [train, test] : [train]) checkData(data, layers[0]);
    const hidden = layers.slice(1, -1).map((units) => dense({ units, activation }));
    const decoder = layers.slice(1, -1).toReversed().map((units) => dense({ units, activation }));
    let code: Value | undefined;
    super({
      source: examples({ train: { inputs: train }, ...test && { test: { inputs: test } } }),
      layers: sequential(
        ...hidden,
        (tape, x) => code = dense({ units: layers[layers.length - 1] })(tape, x),
        ...decoder,
        dense({ units: layers[0], activation: outputUnit }),
      ),
      loss: loss === "cross-entropy" ? crossEntropy : squaredError,
      figures: [figureOf(squaredError, "squaredError")],
      l2,
    });
    this.#code = code!;
  }

  /**
   * What the network with the parameters `theta`, as `Trainer.theta()` reads them, makes of
   * `inputs` [n, layers[0]]: an array of the same shape.
   */
  reconstruct(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: ArrayLike<number>,
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.predict(gpu, theta, inputs);
  }

  /** The codes of `inputs` [n, layers[0]], an array [n, the last of layers]. */
  encode(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: ArrayLike<number>,
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.evaluate(gpu, theta, inputs, this.#code);
  }
}

/** Refuses what is no data set of cases of `units` values. */
function checkData(data: Dataset, units: number): void {
  if (typeof data?.width !== "number") {
    throw new InputError("the cases must be a Dataset: give train: new Dataset(gpu, values, …)");
  }
  if (data.width !== units) {
    throw new InputError(
      `the first layer has ${units} units and a case ${data.width} values: make them equal`,
    );
  }
}

function checkLayers(layers: readonly number[]): void {
  const given = Array.isArray(layers) ? layers : [];
  if (given.length < 2 || given.some((size) => !(Number.isSafeInteger(size) && size > 0))) {
    const shown = given === layers ? given.join("-") || "none" : layers;
    throw new InputError(
      `the layers must be two or more whole numbers above 0, not ${shown}: give an array such as ` +
        `[784, 100, 6]`,
    );
  }
}
