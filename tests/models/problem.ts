// An autoencoder with data at random, on the GPU and for the float64 reference alike.

import { Dataset } from "../../core/data/dataset.ts";
import type { Initializer } from "../../core/init/initializer.ts";
import type { Activation } from "../../core/ops/activation.ts";
import { permute, Purpose } from "../../core/random.ts";
import { autoencoder, type ReconstructionLoss } from "../../models/autoencoder.ts";
import { type Bench, draw } from "../gpu/fixture.ts";
import type { Layer, Network } from "../../core/reference/network.ts";

/** An autoencoder; see {@linkcode Problem}. */
export interface ProblemOptions {
  /** Units of the encoder. */
  layers: readonly number[];
  activation?: Activation;
  outputUnit?: "sigmoid" | "linear";
  loss?: ReconstructionLoss;
  l2?: number;
  /** Cases to train on. */
  cases: number;
  testCases?: number;
}

/** What is trained, and the same network and data in float64. */
export class Problem {
  readonly model: ReturnType<typeof autoencoder>;
  readonly network: Network;
  /** The training cases on the GPU. */
  readonly data: Dataset;
  /** Pixels in [0, 1], case by case. */
  readonly train: Float64Array;
  readonly test: Float64Array;

  constructor(bench: Bench, options: ProblemOptions) {
    const { layers, activation = "sigmoid", outputUnit = "sigmoid" } = options;
    const { loss = "cross-entropy", l2 = 0, cases, testCases = 0 } = options;
    const [width, half] = [layers[0], layers.slice(2).map(() => activation)];
    const pixels = (cases: number, stream: number) =>
      draw(cases * width, stream).map((value) => (value + 1) / 2);
    const [train, test] = [pixels(cases, 1001), pixels(testCases, 1002)];
    const upload = (values: Float32Array<ArrayBuffer>) =>
      bench.take(new Dataset(bench.gpu, values, { width }));
    this.train = Float64Array.from(train);
    this.test = Float64Array.from(test);
    this.data = upload(train);
    this.model = autoencoder({
      ...{ layers, activation, outputUnit, loss, l2 },
      train: this.data,
      ...(testCases && { test: upload(test) }),
    });
    this.network = {
      sizes: [...layers, ...layers.toReversed().slice(1)],
      activations: [...half, "linear", ...half, outputUnit],
      loss,
    };
  }

  /** The minibatch of an update, as the trainer cuts it from the epochs of a replica's seed. */
  batch(seed: number, update: number, size: number): Float64Array {
    const cases = this.train.length / this.network.sizes[0];
    return take(
      this,
      Array.from({ length: size }, (_, i) => {
        const position = update * size + i;
        const epoch = Math.floor(position / cases);
        return permute(position % cases, cases, seed, Purpose.minibatch, epoch);
      }),
    );
  }

  /** The training cases that a figure over `count` of them is an average of. */
  evaluated(count: number): Float64Array {
    const cases = this.train.length / this.network.sizes[0];
    const places = Array.from({ length: count }, (_, i) => i);
    return take(
      this,
      count < cases ? places.map((i) => permute(i, cases, 0, Purpose.evaluation, 0)) : places,
    );
  }

  /** What the trainer starts from, rounded to float32. */
  start(seed: number, initializer: Initializer): Layer[] {
    return layersOf(this.model.initialValues(seed, initializer));
  }
}

function take({ train, network: { sizes: [width] } }: Problem, cases: readonly number[]) {
  return Float64Array.from(cases.flatMap((i) => [...train.subarray(i * width, (i + 1) * width)]));
}

/** Tensors as the model lays them out, rounded to float32, as layers of the reference. */
export function layersOf(tensors: readonly ArrayLike<number>[]): Layer[] {
  const rounded = tensors.map((values) => Float64Array.from(Float32Array.from(values)));
  return Array.from({ length: tensors.length / 2 }, (_, i) => ({
    weights: rounded[2 * i],
    biases: rounded[2 * i + 1],
  }));
}

/** Layers of the reference as tensors of the model. */
export function tensorsOf(layers: readonly Layer[]): Float64Array[] {
  return layers.flatMap(({ weights, biases }) => [weights, biases]);
}
