// A small autoencoder as Hessian-free sees it: on the GPU, and in float64 with the very cases of an
// update.

import { Dataset } from "../../core/data/dataset.ts";
import { permute, Purpose } from "../../core/random.ts";
import { dot } from "../../core/reference/conjugate_gradient.ts";
import type { HessianFreeProblem } from "../../core/reference/hessian_free.ts";
import * as reference from "../../core/reference/layers.ts";
import { crossEntropy } from "../../core/reference/losses.ts";
import { activate } from "../../core/reference/activation.ts";
import { autoencoder } from "../../models/autoencoder.ts";
import { type Bench, draw } from "../gpu/fixture.ts";

const layers = [17, 9, 3];

/** How many cases there are. */
export const cases = 37;

const inputs = draw(cases * layers[0], 1).map((x) => Math.fround((x + 1) / 2));

/** The autoencoder, on cases that are freed after the test. */
export function smallAutoencoder(bench: Bench, options: { l2?: number } = {}) {
  const train = bench.take(new Dataset(bench.gpu, inputs, { width: layers[0] }));
  return autoencoder({ layers, train, ...options });
}

const network = reference.sequential(
  reference.dense(9, "sigmoid"),
  reference.dense(3),
  reference.dense(9, "sigmoid"),
  reference.dense(17),
);

const shapes = [[17, 9], [9], [9, 3], [3], [3, 9], [9], [9, 17], [17]];

/** 1 for weights, 0 for biases. */
export const ofWeights = Float64Array.from(
  shapes.flatMap((shape) =>
    Array.from({ length: shape.reduce((a, b) => a * b) }, () => shape.length - 1)
  ),
);

/** How many parameters it has. */
export const parameterCount = ofWeights.length;

function tensorsOf(vector: Float64Array): Float64Array[] {
  let at = 0;
  return shapes.map((shape) => vector.slice(at, at += shape.reduce((a, b) => a * b)));
}

function flat(tensors: readonly Float64Array[]): Float64Array {
  return Float64Array.from(tensors.flatMap((tensor) => [...tensor]));
}

/** Cases of an update, and how they are cut; see `HessianFreeSizes`. */
export interface Batches {
  gradientCases: number;
  curvatureCases: number;
  blockCases: number;
}

/** The cases of a batch that begins at a position, block by block as they are gathered. */
function taken(seed: number, start: number, count: number, blockCases: number): Float64Array {
  return Float64Array.from(
    Array.from({ length: count }, (_, i) => {
      const block = Math.floor(i / blockCases) * blockCases;
      const from = start + block;
      const place = from % cases + i - block;
      const epoch = Math.floor(from / cases) + Math.floor(place / cases);
      const row = permute(place % cases, cases, seed, Purpose.minibatch, epoch);
      return [...inputs.subarray(row * layers[0], (row + 1) * layers[0])];
    }).flat(),
  );
}

/** What an update of a network is made of. */
export function problemOf(
  { seed, update, batches }: { seed: number; update: number; batches: Batches },
): HessianFreeProblem {
  const { gradientCases, curvatureCases, blockCases } = batches;
  const isAll = gradientCases === cases;
  const first = isAll ? 0 : update * gradientCases;
  const ofGradient = taken(seed, first, gradientCases, blockCases);
  const ofCurvature = isAll
    ? taken(seed, update * curvatureCases % cases, curvatureCases, blockCases)
    : taken(seed, first, curvatureCases, blockCases);
  const lossesOf = (batch: Float64Array, count: number, theta: Float64Array) => {
    const { y: z } = network.at(batch, count, tensorsOf(theta));
    return crossEntropy(z, batch, count).caseLosses;
  };
  const gradientOf = (batch: Float64Array, count: number, theta: Float64Array) => {
    const at = network.at(batch, count, tensorsOf(theta));
    return flat(at.backward(crossEntropy(at.y, batch, count).delta).tensors);
  };
  return {
    loss: (theta) => lossesOf(ofGradient, gradientCases, theta),
    curvatureLoss: (theta) => lossesOf(ofCurvature, curvatureCases, theta),
    gradient: (theta) => gradientOf(ofGradient, gradientCases, theta),
    product(theta, v) {
      const at = network.at(ofCurvature, curvatureCases, tensorsOf(theta));
      const Jv = at.tangent(new Float64Array(ofCurvature.length), tensorsOf(v));
      const y = activate("sigmoid", at.y);
      return flat(at.backward(Jv.map((t, i) => y[i] * (1 - y[i]) * t / curvatureCases)).tensors);
    },
    squares(theta) {
      const sum = new Float64Array(parameterCount);
      for (let i = 0; i < gradientCases; i++) {
        const one = ofGradient.slice(i * layers[0], (i + 1) * layers[0]);
        gradientOf(one, 1, theta).forEach((g, j) => sum[j] += g * g / gradientCases);
      }
      return sum;
    },
  };
}

/** The largest eigenvalue of a symmetric matrix without negative ones, by a hundred powers. */
export function largestEigenvalue(product: (v: Float64Array) => Float64Array): number {
  let v: Float64Array = new Float64Array(parameterCount).fill(1);
  let norm = 0;
  for (let i = 0; i < 100; i++) {
    v = product(v);
    norm = Math.sqrt(dot(v, v));
    v = v.map((x) => x / norm);
  }
  return norm;
}
