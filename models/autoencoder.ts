import { checkChoice } from "../core/checks.ts";
import { InputError } from "../core/errors.ts";
import type { Dataset } from "../core/data/dataset.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { pad, unpad } from "../core/gpu/matrix.ts";
import { Plan } from "../core/gpu/plan.ts";
import type { Initializer } from "../core/init/initializer.ts";
import { type Activation, activations } from "../core/ops/activation.ts";
import { crossEntropy } from "../core/ops/cross_entropy.ts";
import { gather } from "../core/ops/gather.ts";
import { squaredError, squaredErrorFigure } from "../core/ops/squared_error.ts";
import { Vector, type VectorLayout } from "../core/gpu/vector.ts";
import { Purpose, RandomStream } from "../core/random.ts";
import type { Extent, Graph, Model, Split } from "../core/train/model.ts";
import {
  FeedForward,
  feedForwardFootprint,
  feedForwardLayout,
  type FeedForwardShape,
} from "./feed_forward.ts";

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

type ResolvedOptions = Required<Omit<AutoencoderOptions, "test">> & { test: Dataset | undefined };

/** See {@linkcode autoencoder}. */
export class Autoencoder implements Model {
  /** Weights [below, above] and biases of each layer in turn. */
  readonly layout: VectorLayout;
  /** The squared error, summed over units. */
  readonly figures: readonly string[] = ["squaredError"];
  readonly #options: ResolvedOptions;
  readonly #shape: FeedForwardShape;

  /** Use {@linkcode autoencoder}. */
  constructor(options: AutoencoderOptions) {
    const { layers, train, test } = options;
    const { activation = "sigmoid", outputUnit = "sigmoid", loss = "cross-entropy", l2 = 0 } =
      options;
    checkLayers(layers);
    checkChoice("activation", activation, activations);
    const units = ["sigmoid", "linear"];
    checkChoice("output unit", outputUnit, units, "sigmoid is the logistic unit");
    checkChoice("loss", loss, ["cross-entropy", "squared-error"]);
    for (const data of test ? [train, test] : [train]) {
      if (typeof data?.width !== "number") {
        throw new InputError(
          "the cases must be a Dataset: give train: new Dataset(gpu, values, …)",
        );
      }
      if (data.width !== layers[0]) {
        throw new InputError(
          `the first layer has ${layers[0]} units and a case ${data.width} values: make them equal`,
        );
      }
    }
    if (loss === "cross-entropy" && outputUnit !== "sigmoid") {
      throw new InputError(
        `cross-entropy needs logistic output units, not ${outputUnit} ones: use squared-error instead`,
      );
    }
    if (!(l2 >= 0 && Number.isFinite(l2))) {
      throw new InputError(`the weight decay l2 must be a finite number of at least 0, not ${l2}`);
    }
    this.#options = { layers, activation, outputUnit, loss, l2, train, test };
    this.#shape = {
      sizes: [...layers, ...layers.slice(0, -1).reverse()],
      activations: [
        ...layers.slice(2).map(() => activation),
        "linear",
        ...layers.slice(2).map(() => activation),
        outputUnit,
      ],
    };
    this.layout = feedForwardLayout(this.#shape);
  }

  get cases(): Record<Split, number> {
    const { train, test } = this.#options;
    return { train: train.cases, test: test?.cases ?? 0 };
  }

  initialValues(seed: number, initializer: Initializer): Float64Array[] {
    const { sizes, activations } = this.#shape;
    return activations.flatMap((activation, i) => {
      const { weights, biases } = initializer({
        fanIn: sizes[i],
        fanOut: sizes[i + 1],
        random: new RandomStream(seed, Purpose.weights, i),
        tanh: { below: activations[i - 1] === "tanh", above: activation === "tanh" },
      });
      return [weights, biases];
    });
  }

  footprint(batch: number): { largest: number; total: number } {
    return feedForwardFootprint(this.#shape, batch);
  }

  build(gpu: Gpu, extent: Extent): Graph {
    return new AutoencoderGraph(gpu, this.#shape, this.#options, extent);
  }

  /**
   * What the network with the parameters `theta`, as `Trainer.theta()` reads them, makes of
   * `inputs` [n, layers[0]]: an array of the same shape.
   */
  async reconstruct(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: Float32Array<ArrayBuffer>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const width = this.#shape.sizes[0];
    if (inputs.length === 0 || inputs.length % width) {
      throw new InputError(`${inputs.length} values are no whole number of cases of ${width}`);
    }
    const network = new FeedForward(gpu, this.#shape, {
      replicas: 1,
      batch: inputs.length / width,
    });
    const parameters = new Vector(gpu, "parameters", this.layout, 1);
    const plan = new Plan(gpu);
    try {
      parameters.write(0, theta);
      gpu.write(network.input.buffer, pad(network.input, inputs));
      network.recordForward(plan, parameters, { activateOutput: true });
      plan.seal().submit();
      const { buffer } = network.outputInputs;
      return unpad(network.outputInputs, new Float32Array(await gpu.read(buffer)));
    } finally {
      for (const part of [network, parameters, plan]) part.free();
    }
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

class AutoencoderGraph implements Graph {
  readonly #network: FeedForward;
  readonly #options: ResolvedOptions;

  constructor(gpu: Gpu, shape: FeedForwardShape, options: ResolvedOptions, extent: Extent) {
    this.#network = new FeedForward(gpu, shape, extent);
    this.#options = options;
  }

  recordGradient(plan: Plan, inputs: Parameters<Graph["recordGradient"]>[1]): void {
    const { parameters, gradient, seeds, caseLoss } = inputs;
    const { train, loss, outputUnit, l2 } = this.#options;
    const { input, outputInputs: z, outputDelta: delta } = this.#network;
    gather(plan, train, input, { seeds, purpose: Purpose.minibatch });
    this.#network.recordForward(plan, parameters);
    if (loss === "squared-error") {
      squaredError(plan, { z, targets: input }, outputUnit, { delta, caseLoss });
    } else {
      crossEntropy(plan, { z, targets: input }, { delta, caseLoss });
    }
    this.#network.recordBackward(plan, parameters, gradient, { l2 });
  }

  recordFigures(plan: Plan, inputs: Parameters<Graph["recordFigures"]>[1]): void {
    const { parameters, seeds, split, cases, caseFigures: [caseLoss] } = inputs;
    const { [split]: data, outputUnit } = this.#options;
    if (!data) throw new InputError(`there are no ${split} cases to evaluate on`);
    const { input, outputInputs: z } = this.#network;
    const purpose = cases < data.cases ? Purpose.evaluation : undefined;
    gather(plan, data, input, { seeds, purpose });
    this.#network.recordForward(plan, parameters);
    squaredErrorFigure(plan, { z, targets: input }, outputUnit, { caseLoss, cases });
  }

  free(): void {
    this.#network.free();
  }
}
