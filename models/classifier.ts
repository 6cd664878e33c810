import { checkChoice } from "../core/checks.ts";
import { Dataset } from "../core/data/dataset.ts";
import { examples, type ExampleSet } from "../core/data/examples.ts";
import { InputError } from "../core/errors.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { errorRate, figureOf, softmaxCrossEntropy } from "../core/graph/losses.ts";
import { NetworkModel } from "../core/graph/network.ts";
import type { Image } from "../core/graph/operation.ts";
import type { Layer } from "../core/graph/tape.ts";
import { activation } from "../core/layers/activation.ts";
import { batchNorm } from "../core/layers/batch_norm.ts";
import { convolution, type ConvolutionOptions } from "../core/layers/convolution.ts";
import { dense } from "../core/layers/dense.ts";
import { dropout } from "../core/layers/dropout.ts";
import type { Extents } from "../core/layers/images.ts";
import { maxPool } from "../core/layers/pool.ts";
import { sequential } from "../core/layers/sequential.ts";
import { type Activation, activations } from "../core/ops/activation.ts";

/**
 * A hidden layer of a classifier: so many units; a convolution of so many channels, with kernels of a
 * height and a width, which move by a stride over images with zeros around them; or the largest value in
 * windows of such a size, which move by theirs where no stride is given.
 */
export type HiddenLayer =
  | number
  | Readonly<Pick<ConvolutionOptions, "channels" | "size" | "stride" | "padding">>
  | { readonly pool: Extents; readonly stride?: Extents };

/** A classifier and its data; see {@linkcode classifier}. */
export interface ClassifierOptions {
  /** The hidden layers, from the input on; none is a linear classifier. */
  hidden: readonly HiddenLayer[];
  /** Channels, height and width of the inputs, where these are images for a convolution or a pool. */
  image?: Image;
  /** How many classes there are. Default: as many as the targets of `train` tell of. */
  classes?: number;
  /** Activation of the hidden layers. Default relu. */
  activation?: Activation;
  /** Whether units and channels go through a batch norm before their activation. Default: not. */
  batchNorm?: boolean;
  /** The share of hidden units that is dropped while training. Default 0. */
  dropout?: number;
  /** Weight decay: l2/2 |W|^2 is minimised besides, biases left out; no figure holds it. */
  l2?: number;
  /** Cases to train on, with the numbers of their classes from 0 on, or rows of probabilities. */
  train: ExampleSet;
  /** Cases to evaluate on besides. */
  test?: ExampleSet;
}

/**
 * A network that tells classes apart: hidden layers, dense ones or those of images, a unit for each
 * class, the cross-entropy of a softmax. The figures of an evaluation are the error rate, and the loss
 * in nats.
 *
 * Throws an {@linkcode InputError} where the layers are none or do not fit the images, and for a label
 * outside the classes.
 *
 * ```ts
 * import { classifier, glorot, nesterov, openGPU, Trainer } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const inputs = { data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), width: 2 };
 * const train = { inputs, targets: [0, 1, 1, 0] };
 * const model = classifier({ hidden: [8], activation: "tanh", train });
 * const optimizer = nesterov({ learningRate: 0.5, momentum: 0.9 });
 * const trainer = await Trainer.open(gpu, {
 *   model,
 *   replicas: [{ seed: 1, optimizer, initializer: glorot() }],
 *   batchSize: 4,
 * });
 * for await (const { replicas } of trainer.run({ updates: 100, every: 50 })) {
 *   console.log(replicas[0].figures.errorRate);
 * }
 * console.log(await model.predict(gpu, await trainer.theta(0), inputs.data)); // near 0 or 1
 * ```
 */
export function classifier(options: ClassifierOptions): Classifier {
  const { hidden, activation: kind = "relu", dropout: rate = 0, train } = options;
  if (!Array.isArray(hidden)) {
    throw new InputError(
      `the hidden layers must be an array of units, not ${hidden}: give hidden: [100, 100]`,
    );
  }
  checkChoice("activation", kind, activations);
  const behind = [
    ...options.batchNorm ? [batchNorm(), activation(kind)] : [],
    ...rate === 0 ? [] : [dropout(rate)],
  ];
  const own = options.batchNorm ? "linear" : kind;
  const layers = hidden.flatMap((layer, i) => {
    const image = i === 0 && options.image && { image: options.image };
    if (typeof layer === "object" && "pool" in layer) {
      const { pool: size, ...stride } = layer;
      return [maxPool({ size, ...stride, ...image })];
    }
    return typeof layer === "object"
      ? [convolution({ ...layer, activation: own, ...image }), ...behind]
      : [dense({ units: layer, activation: own }), ...behind];
  });
  return new Classifier({ ...options, layers, classes: options.classes ?? classesOf(train) });
}

/** A network that tells classes apart; see {@linkcode classifier} and `visionTransformer()`. */
export class Classifier extends NetworkModel {
  /** How many classes it tells apart. */
  readonly classes: number;

  /** Use {@linkcode classifier} or `visionTransformer()`: the layers are those before the classes. */
  constructor(
    { layers, classes, train, test, l2 = 0 }:
      & Pick<ClassifierOptions, "train" | "test" | "l2">
      & { layers: readonly Layer[]; classes: number },
  ) {
    super({
      source: examples({ train, ...test && { test } }),
      layers: sequential(...layers, dense({ units: classes })),
      loss: softmaxCrossEntropy,
      figures: [errorRate, figureOf(softmaxCrossEntropy, "loss")],
      l2,
    });
    this.classes = classes;
  }

  /** The probabilities of the classes for `inputs` [n, inputs]: softmax outputs, [n, classes]. */
  override async predict(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: ArrayLike<number>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const z = await super.predict(gpu, theta, inputs);
    for (let first = 0; first < z.length; first += this.classes) {
      const row = z.subarray(first, first + this.classes);
      const largest = Math.max(...row);
      const sum = row.reduce((sum, z) => sum + Math.exp(z - largest), 0);
      row.forEach((z, i) => row[i] = Math.exp(z - largest) / sum);
    }
    return z;
  }
}

/** One more than the largest label, or the width of rows. */
function classesOf({ targets }: ExampleSet): number {
  if (targets === undefined) {
    throw new InputError(
      "a classifier needs to be told what its cases are: give targets, the number of each one's " +
        "class from 0 on",
    );
  }
  if (targets instanceof Dataset) {
    if (targets.width > 1) return targets.width;
    throw new InputError(
      "labels in a Dataset do not tell how many classes there are: give classes",
    );
  }
  if ("width" in targets && targets.width > 1) return targets.width;
  if ("columns" in targets && targets.columns > 1) return targets.columns;
  if ("dimensions" in targets && targets.dimensions.length > 1) return targets.dimensions[1];
  const labels = "data" in targets ? targets.data : targets;
  let most = 1;
  for (let i = 0; i < labels.length; i++) most = Math.max(most, Math.floor(Number(labels[i])));
  return most + 1;
}
