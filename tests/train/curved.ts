// Networks whose curvature is taken on the GPU, and the same matrices in float64.

import { examples } from "../../core/data/examples.ts";
import { crossEntropy, softmaxCrossEntropy } from "../../core/graph/losses.ts";
import type { Model } from "../../core/graph/model.ts";
import { network } from "../../core/graph/network.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { glorot } from "../../core/init/glorot.ts";
import type { Initializer } from "../../core/init/initializer.ts";
import { residual } from "../../core/layers/add.ts";
import { dense } from "../../core/layers/dense.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { permute, Purpose, RandomStream } from "../../core/random.ts";
import {
  eigenvalues,
  gaussNewtonProduct,
  hessianProduct,
  matrixOf,
  type MatrixProduct,
  probe,
} from "../../core/reference/curvature.ts";
import * as reference from "../../core/reference/layers.ts";
import {
  crossEntropy as exactCrossEntropy,
  crossEntropyCurvature,
  softmaxCrossEntropy as exactSoftmax,
  softmaxCurvature,
  squaredErrorCurvature,
} from "../../core/reference/losses.ts";
import type { CurvatureMatrix } from "../../core/train/curvature_matrix.ts";
import { SequenceData } from "../../models/problems/sequence_data.ts";
import { rnn } from "../../models/rnn.ts";
import { type Bench, draw } from "../gpu/fixture.ts";

/** A network, its parameters, and its matrices in float64. */
export interface Curved {
  /** Cases that there are. */
  readonly all: number;
  model(bench: Bench): Model;
  /** Exact in float32. */
  theta(seed: number): Float64Array[];
  /** The gradient at a vector of all tensors, over some of the cases. */
  gradient(seed: number, cases?: Some): (vector: Float64Array) => Float64Array;
  /** What a matrix makes of a vector of all tensors, over some of the cases. */
  product(matrix: CurvatureMatrix, seed: number, cases?: Some): MatrixProduct;
}

/** So many cases that the seed chooses, or a minibatch of so many. */
type Some = number | { readonly cases: number; readonly minibatch: number };

/** The numbers of some of so many cases. */
function numbersOf(some: Some, all: number, seed: number): number[] {
  const { cases, minibatch } = typeof some === "number"
    ? { cases: some, minibatch: undefined }
    : some;
  return Array.from({ length: cases }, (_, i) => {
    if (minibatch === undefined) {
      return cases < all ? permute(i, all, seed, Purpose.evaluation, 0) : i;
    }
    const place = minibatch * cases + i;
    return permute(place % all, all, seed, Purpose.minibatch, Math.floor(place / all));
  });
}

/** The tensors of a vector. */
export function split(
  vector: ArrayLike<number>,
  tensors: readonly ArrayLike<number>[],
): Float64Array[] {
  let at = 0;
  return tensors.map(({ length }) => Float64Array.from(vector).slice(at, at += length));
}

/** All tensors as one vector. */
export function join(tensors: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(tensors.flatMap((values) => Array.from(values)));
}

/** Sample `sample` of the probes of a seed, tensor by tensor. */
export function probeOf({ layout }: Model, seed: number, sample: number): Float64Array {
  return join(
    layout.tensors.map(({ rows, columns }, tensor) =>
      probe({ seed, sample, tensor, rows, columns })
    ),
  );
}

/** The matrix of a network of a seed, computed once. */
export function exactMatrix(
  name: keyof typeof networks,
  matrix: CurvatureMatrix,
  seed: number,
): Float64Array {
  const key = `${name} ${matrix} ${seed}`;
  const { product, theta } = networks[name];
  const n = join(theta(seed)).length;
  const made = matrices.get(key) ?? matrixOf(product(matrix, seed), n);
  matrices.set(key, made);
  return made;
}

const matrices = new Map<string, Float64Array>();

/** Its eigenvalues, the largest first, computed once. */
export function exactEigenvalues(...of: Parameters<typeof exactMatrix>): readonly number[] {
  const matrix = exactMatrix(...of);
  const found = spectra.get(matrix) ?? eigenvalues(matrix);
  spectra.set(matrix, found);
  return found;
}

const spectra = new Map<Float64Array, readonly number[]>();

/** Layers on cases of so many inputs, and the same in float64. */
interface Feedforward {
  width: number;
  all: number;
  model: () => Model;
  layer: reference.ReferenceLayer;
  initializer: Initializer;
  /** The derivative by z of the mean loss over these cases, by their numbers. */
  delta: (z: Float64Array, cases: readonly number[]) => Float64Array;
  curvature: (z: Float64Array, tangent: Float64Array, cases: number) => Float64Array;
  inputs: Float32Array<ArrayBuffer>;
}

function feedforward(of: Feedforward): Curved {
  const { width, all, layer, inputs, initializer } = of;
  const theta = (seed: number) =>
    of.model().initialValues(seed, initializer)
      .map((values) => Float64Array.from(values, Math.fround));
  const casesOf = (numbers: readonly number[]) =>
    Float64Array.from(numbers.flatMap((i) => [...inputs.subarray(i * width, (i + 1) * width)]));
  const gradient: Curved["gradient"] = (seed, some = all) => {
    const numbers = numbersOf(some, all, seed), x = casesOf(numbers);
    return (vector) => {
      const { y, backward } = layer.at(x, numbers.length, split(vector, theta(seed)));
      return join(backward(of.delta(y, numbers)).tensors);
    };
  };
  return {
    ...{ all, theta, gradient },
    model: () => of.model(),
    product(matrix, seed, some = all) {
      const numbers = numbersOf(some, all, seed), x = casesOf(numbers), cases = numbers.length;
      const tensors = theta(seed);
      if (matrix === "hessian") return hessianProduct(gradient(seed, some), join(tensors));
      return gaussNewtonProduct(layer.at(x, cases, tensors), {
        inputs: x.length,
        sizes: tensors.map(({ length }) => length),
        curvature: (z, tangent) => of.curvature(z, tangent, cases),
      });
    },
  };
}

/** Pixels in [0, 1]. */
function pixels(length: number, stream: number): Float32Array<ArrayBuffer> {
  return draw(length, stream).map((value) => (value + 1) / 2);
}

/** 20-12-3 and back. */
export function autoencoder({ scale = 1 } = {}): Curved {
  const [width, all] = [20, 21];
  const inputs = pixels(all * width, 1);
  return feedforward({
    ...{ width, all, inputs, initializer: glorot({ scale }) },
    model: () =>
      network({
        source: examples({ train: { inputs: { data: inputs, width } } }),
        layers: sequential(
          dense({ units: 12, activation: "sigmoid" }),
          dense({ units: 3 }),
          dense({ units: 12, activation: "sigmoid" }),
          dense({ units: 20, activation: "sigmoid" }),
        ),
        loss: crossEntropy,
      }),
    layer: reference.sequential(
      ...[reference.dense(12, "sigmoid"), reference.dense(3)],
      ...[reference.dense(12, "sigmoid"), reference.dense(20)],
    ),
    delta: (z, cases) =>
      exactCrossEntropy(
        z,
        Float64Array.from(
          cases.flatMap((i) => [...inputs.subarray(i * width, (i + 1) * width)]),
        ),
        cases.length,
      ).delta,
    curvature: crossEntropyCurvature,
  });
}

function classifier(): Curved {
  const [width, all, classes] = [5, 17, 3];
  const inputs = draw(all * width, 2);
  const labels = Uint8Array.from({ length: all }, (_, i) => i % classes);
  return feedforward({
    ...{ width, all, inputs, initializer: glorot() },
    model: () =>
      network({
        source: examples({ train: { inputs: { data: inputs, width }, targets: labels } }),
        layers: sequential(residual(dense({ units: 5, activation: "tanh" })), dense({ units: 3 })),
        loss: softmaxCrossEntropy,
      }),
    layer: reference.sequential(
      reference.branches(reference.activation("linear"), reference.dense(5, "tanh")),
      reference.dense(classes),
    ),
    delta: (z, cases) =>
      exactSoftmax(
        z,
        Float64Array.from(
          cases.flatMap((i) => Array.from({ length: classes }, (_, k) => +(labels[i] === k))),
        ),
        cases.length,
      ).delta,
    curvature: softmaxCurvature,
  });
}

/** Of sequences of 17 steps with targets at the last one. */
function recurrent(): Curved {
  const [steps, all, width, hidden] = [17, 7, 2, 5];
  const inputs = draw(steps * all * width, 3);
  const targets = draw(all, 4);
  const shape = { inputs: width, outputs: 1 };
  const layer = reference.sequential(reference.recurrent(hidden, { steps }), reference.dense(1));
  // Of outputs [T, B, 1] the last step's alone count.
  const last = (values: Float64Array) => values.slice(-all);
  const spread = (values: Float64Array) => {
    const out = new Float64Array(steps * all);
    out.set(values, (steps - 1) * all);
    return out;
  };
  const initializer = echoState({ fanIn: 3, inputScale: 0.3, outputScale: 0.3 });
  const modelOf = (bench: Bench) =>
    rnn({
      hidden,
      task: bench.take(
        new SequenceData(bench.gpu, { ...shape, steps, train: { inputs, targets } }),
      ),
    });
  const sizes = [width * hidden, hidden * hidden, hidden, hidden, 1];
  const theta = (seed: number) => {
    const layers = (role: "input" | "recurrent" | "output", fanIn: number, fanOut: number) =>
      initializer({ role, fanIn, fanOut, random: new RandomStream(seed, Purpose.weights) }).weights;
    return [
      layers("input", width, hidden),
      layers("recurrent", hidden, hidden),
      Float64Array.from(draw(hidden, 10 + seed)),
      layers("output", hidden, 1),
      Float64Array.of(0.25),
    ].map((values) => values.map(Math.fround));
  };
  const x = Float64Array.from(inputs);
  const gradient: Curved["gradient"] = (seed) => (vector) => {
    const { y, backward } = layer.at(x, steps * all, split(vector, theta(seed)));
    const delta = last(y).map((z, i) => 2 * (z - targets[i]) / all);
    return join(backward(spread(delta)).tensors);
  };
  return {
    ...{ all, theta, gradient, model: modelOf },
    product(matrix, seed) {
      const tensors = theta(seed);
      if (matrix === "hessian") return hessianProduct(gradient(seed), join(tensors));
      return gaussNewtonProduct(layer.at(x, steps * all, tensors), {
        ...{ inputs: x.length, sizes },
        curvature: (z, tangent) =>
          spread(squaredErrorCurvature(last(z), last(tangent), "linear", all)),
      });
    },
  };
}

/** Networks of 599, 48 and 46 parameters. */
export const networks = {
  autoencoder: autoencoder(),
  classifier: classifier(),
  recurrent: recurrent(),
} satisfies Record<string, Curved>;
