// Layers of images for the table of layers_test.ts.

import type { Layer } from "../../core/graph/tape.ts";
import { activation } from "../../core/layers/activation.ts";
import { batchNorm } from "../../core/layers/batch_norm.ts";
import { convolution } from "../../core/layers/convolution.ts";
import { dense } from "../../core/layers/dense.ts";
import { averagePool, maxPool } from "../../core/layers/pool.ts";
import { recurrent } from "../../core/layers/recurrent.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { EPSILON } from "../../core/ops/batch_norm.ts";
import * as images from "../../core/reference/images.ts";
import * as reference from "../../core/reference/layers.ts";
import type { ReferenceLayer } from "../../core/reference/layers.ts";

/** A layer, and the same in float64 for the network of a seed. */
export interface Case {
  layer: (units: number) => Layer;
  reference: (units: number, seed: number, inputs: number) => ReferenceLayer;
  /** By default training. */
  isEvaluated?: boolean;
  /** T, of cases that are sequences. */
  steps?: number;
  /** Of cases that are tokens: how many there are. */
  vocabulary?: number;
  /** The smallest minibatch that it trains on. Default: one case. */
  leastBatch?: number;
}

/** Windows of one size on images; the rest as by default. */
function windows(
  image: images.ReferenceWindows["image"],
  size: number,
  rest: Partial<images.ReferenceWindows> = {},
): images.ReferenceWindows {
  return { image, kernel: [size, size], stride: [1, 1], padding: [0, 0], ...rest };
}

/** Pools of a layer's 2 x 5 x 4 units. */
function pools(size: number, stride: number): Record<string, Case> {
  const sliding = windows([2, 5, 4], size, { stride: [stride, stride] });
  const of = (kind: "average" | "max", layer: typeof maxPool): Case => ({
    layer: (units) =>
      sequential(
        dense({ units: 40, activation: "tanh" }),
        layer({ image: [2, 5, 4], size, stride }),
        dense({ units }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(40, "tanh"),
        images.pool(kind, sliding),
        reference.dense(units),
      ),
  });
  return {
    [`maxPool() of ${size} by ${stride}`]: of("max", maxPool),
    [`averagePool() of ${size} by ${stride}`]: of("average", averagePool),
  };
}

export const imageCases: Record<string, Case> = {
  "convolution()": {
    layer: (units) =>
      sequential(
        dense({ units: 40, activation: "tanh" }),
        convolution({ image: [2, 5, 4], channels: units, size: 3, activation: "tanh" }),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(40, "tanh"),
        images.convolution(units, windows([2, 5, 4], 3), "tanh"),
        reference.dense(3),
      ),
  },
  "convolution() of the input, padded": {
    layer: (units) => (tape, x) =>
      convolution({ image: [1, 1, x.columns], channels: units, size: [1, 3], padding: [0, 1] })(
        tape,
        x,
      ),
    reference: (units, _seed, inputs) =>
      images.convolution(units, windows([1, 1, inputs], 1, { kernel: [1, 3], padding: [0, 1] })),
  },
  "convolution() on one another, in strides": {
    layer: (units) =>
      sequential(
        dense({ units: 70, activation: "tanh" }),
        convolution({
          ...{ image: [2, 7, 5], channels: units, size: [3, 2], activation: "sigmoid" },
          ...{ stride: [2, 3], padding: [1, 2] },
        }),
        convolution({ channels: 3, size: 2, stride: 2, padding: 1 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(70, "tanh"),
        images.convolution(
          units,
          { image: [2, 7, 5], kernel: [3, 2], stride: [2, 3], padding: [1, 2] },
          "sigmoid",
        ),
        // (7 + 2 - 3) / 2 + 1 lines, (5 + 4 - 2) / 3 + 1 columns.
        images.convolution(3, windows([units, 4, 3], 2, { stride: [2, 2], padding: [1, 1] })),
      ),
  },
  ...pools(2, 2),
  ...pools(3, 2),
  ...pools(2, 3),
  "batchNorm() of images": {
    layer: (units) =>
      sequential(
        dense({ units: 40, activation: "tanh" }),
        convolution({ image: [2, 5, 4], channels: units, size: 3, activation: "tanh" }),
        batchNorm(),
        activation("sigmoid"),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.dense(40, "tanh"),
        images.convolution(units, windows([2, 5, 4], 3), "tanh"),
        reference.batchNorm(EPSILON, 6),
        reference.activation("sigmoid"),
        reference.dense(3),
      ),
  },
  "batchNorm() of sequences": {
    steps: 3,
    layer: (units) => sequential(recurrent({ units }), batchNorm(), dense({ units: 3 })),
    reference: (units) =>
      reference.sequential(
        reference.recurrent(units, { steps: 3 }),
        reference.batchNorm(EPSILON),
        reference.dense(3),
      ),
  },
  "convolution() and maxPool() of sequences": {
    steps: 3,
    layer: (units) =>
      sequential(
        recurrent({ units: 20 }),
        convolution({ image: [1, 5, 4], channels: units, size: 2 }),
        maxPool({ size: 2 }),
        dense({ units: 3 }),
      ),
    reference: (units) =>
      reference.sequential(
        reference.recurrent(20, { steps: 3 }),
        images.convolution(units, windows([1, 5, 4], 2)),
        images.pool("max", windows([units, 4, 3], 2, { stride: [2, 2] })),
        reference.dense(3),
      ),
  },
};
