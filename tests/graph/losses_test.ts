// Every loss through the same checks: the loss of each case, delta and curvature against float64.

import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { examples } from "../../core/data/examples.ts";
import { InputError } from "../../core/errors.ts";
import type { Loss } from "../../core/graph/loss.ts";
import {
  crossEntropy,
  elementwiseLoss,
  errorRate,
  labelSmoothing,
  softmaxCrossEntropy,
  squaredError,
} from "../../core/graph/losses.ts";
import type { Tensor } from "../../core/gpu/tensor.ts";
import { type Activation, activations } from "../../core/ops/activation.ts";
import * as reference from "../../core/reference/losses.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

interface Case {
  loss: Loss;
  unit: Activation;
  /** Whether targets are the numbers of classes, or rows that sum to 1, or any. */
  targets?: "labels" | "probabilities";
  reference: (z: Float64Array, x: Float64Array, cases: number) => reference.Loss;
  curvature: (z: Float64Array, tangent: Float64Array, cases: number) => Float64Array;
}

const softmax = {
  loss: softmaxCrossEntropy,
  unit: "linear",
  reference: reference.softmaxCrossEntropy,
  curvature: reference.softmaxCurvature,
} as const;

const cases: Record<string, Case> = {
  "cross-entropy": {
    loss: crossEntropy,
    unit: "sigmoid",
    reference: reference.crossEntropy,
    curvature: reference.crossEntropyCurvature,
  },
  ...Object.fromEntries(activations.map((unit): [string, Case] => [
    `squared error of ${unit} units`,
    {
      loss: squaredError,
      unit,
      reference: (z, x, cases) => reference.squaredError(z, x, unit, cases),
      curvature: (z, t, cases) => reference.squaredErrorCurvature(z, t, unit, cases),
    },
  ])),
  "softmax cross-entropy of classes": { ...softmax, targets: "labels" },
  "softmax cross-entropy of probabilities": { ...softmax, targets: "probabilities" },
  ...Object.fromEntries((["labels", "probabilities"] as const).map((targets): [string, Case] => [
    `softmax cross-entropy of smoothed ${targets}`,
    {
      ...softmax,
      targets,
      loss: labelSmoothing(0.3),
      reference: (z, x, cases) =>
        reference.softmaxCrossEntropy(z, reference.labelSmoothing(x, 0.3, cases), cases),
    },
  ])),
  "a loss of one's own": {
    loss: elementwiseLoss({
      name: "quartic",
      value: "(y - wanted) * (y - wanted) * (y - wanted) * (y - wanted)",
      slope: "4 * (y - wanted) * (y - wanted) * (y - wanted) * slope(y)",
      curvature: "z * tangent",
    }),
    unit: "linear",
    reference(z, x, cases) {
      const n = z.length / cases;
      const errors = z.map((z, i) => z - x[i]);
      const caseLosses = new Float64Array(cases);
      errors.forEach((error, i) => caseLosses[Math.floor(i / n)] += error ** 4);
      const loss = caseLosses.reduce((a, b) => a + b) / cases;
      return { caseLosses, loss, delta: errors.map((error) => 4 * error ** 3 / cases) };
    },
    curvature: (z, t, cases) => z.map((z, i) => z * t[i] / cases),
  },
};

/** R, B and units. */
const shapes = [[1, 1, 3], [3, 3, 17], [1, 17, 129], [3, 129, 2]];

for (const [name, one] of Object.entries(cases)) {
  gpuTest(`${name}: losses, delta and curvature, with weights and without`, async (bench) => {
    for (const [replicas, batch, units] of shapes) {
      const length = batch * units;
      const z = draw(replicas * length, 1).map((value) => 6 * value);
      const tangent = draw(replicas * length, 2);
      const { given, x } = targetsOf(one, replicas * batch, units);
      const weights = draw(replicas * batch, 4).map((value, i) => i % 3 ? value + 1 : 0);
      const matrix = (columns: number, values: Float32Array) =>
        bench.surrounded(batch, columns, values, replicas);
      for (const isWeighted of [false, true]) {
        const rows = {
          z: matrix(units, z),
          unit: one.unit,
          ...isWeighted && { weights: matrix(1, weights) },
        };
        const targets = matrix(given.length / replicas / batch, given);
        const [delta, product] = [matrix(units, z), matrix(units, z)];
        const caseLoss = bench.buffer(new Float32Array(replicas * batch));
        bench.run((plan) => {
          one.loss.record(plan, { ...rows, targets }, { caseLoss, delta });
          one.loss.curvature!(
            plan,
            { ...rows, targets, tangent: matrix(units, tangent) },
            product,
          );
        });
        const losses = await bench.floats(caseLoss);
        const [deltas, products] = await Promise.all([
          bench.paddedValues(delta),
          bench.paddedValues(product),
        ]);
        const label = `R = ${replicas}, B = ${batch}, ${units} units, weights: ${isWeighted}`;
        for (let r = 0; r < replicas; r++) {
          const part = (values: ArrayLike<number>, size: number) =>
            Float64Array.from(Array.from(values).slice(r * size, (r + 1) * size));
          const own = isWeighted ? part(weights, batch) : new Float64Array(batch).fill(1);
          const weigh = (values: Float64Array) =>
            values.map((value, i) => value * own[Math.floor(i / (values.length / batch))]);
          const exact = one.reference(part(z, length), part(x, length), batch);
          const moved = one.curvature(part(z, length), part(tangent, length), batch);
          const near = (actual: ArrayLike<number>, wanted: Float64Array, what: string) =>
            assertLessOrEqual(
              relativeDifference(actual, weigh(wanted)),
              gradientTolerance,
              `${label}: ${what}`,
            );
          near(part(losses, batch), exact.caseLosses, "losses");
          near(part(deltas, length), exact.delta, "delta");
          near(part(products, length), moved, "curvature");
        }
      }
    }
  });
}

/** Targets as they are given, and one for each unit. */
function targetsOf({ targets }: Case, cases: number, units: number) {
  const drawn = draw(cases * units, 3).map((value) => (value + 1) / 2);
  if (targets === undefined) return { given: drawn, x: drawn };
  if (targets === "probabilities") {
    const x = drawn.map((value, i) => {
      const first = units * Math.floor(i / units);
      return value / drawn.subarray(first, first + units).reduce((a, b) => a + b);
    });
    return { given: x, x };
  }
  const given = Float32Array.from({ length: cases }, (_, i) => (7 * i + 1) % units);
  return {
    given,
    x: Float32Array.from(drawn, (_, i) => +(i % units === given[Math.floor(i / units)])),
  };
}

gpuTest(
  "softmax cross-entropy lets NaN through to all outputs of its case alone",
  async (bench) => {
    const [z, labels] = [bench.matrix(2, 3, [0, NaN, 1, 1, 2, 3]), bench.matrix(2, 1, [2, 2])];
    const caseLoss = bench.buffer(new Float32Array(2));
    const [delta, product, tangent] = [0, 1, 2].map(() => bench.matrix(2, 3, [1, 2, 3, 4, 5, 6]));
    const rows = { z, unit: "linear", targets: labels } as const;
    bench.run((plan) => {
      softmaxCrossEntropy.record(plan, rows, { caseLoss, delta });
      softmaxCrossEntropy.curvature!(plan, { ...rows, tangent }, product);
    });
    const losses = (await bench.floats(caseLoss)).subarray(0, 2);
    assertEquals([...losses].map(Number.isNaN), [true, false]);
    for (const matrix of [delta, product]) {
      const hidden = [...await bench.paddedValues(matrix)].map(Number.isNaN);
      assertEquals(hidden, [true, true, true, false, false, false]);
    }
  },
);

gpuTest("labelSmoothing(0) has the bits of softmaxCrossEntropy", async (bench) => {
  const [z, labels] = [bench.matrix(3, 5, draw(15, 1)), bench.matrix(3, 1, [4, 0, 2])];
  const made = [softmaxCrossEntropy, labelSmoothing(0)].map((loss) => {
    const [delta, caseLoss] = [bench.matrix(3, 5), bench.buffer(new Float32Array(4))];
    bench.run((plan) =>
      loss.record(plan, { z, unit: "linear", targets: labels }, { caseLoss, delta })
    );
    return { delta, caseLoss };
  });
  const [first, second] = await Promise.all(
    made.map(async (
      { delta, caseLoss },
    ) => [await bench.values(delta), await bench.floats(caseLoss)]),
  );
  assertEquals(second, first);
});

Deno.test("labelSmoothing() refuses a rate that is none, and what softmax cross-entropy does", () => {
  for (const rate of [1, -0.1, NaN]) {
    assertThrows(
      () => labelSmoothing(rate),
      InputError,
      `the rate of label smoothing is at least 0 and below 1, not ${rate}`,
    );
  }
  const source = examples({
    train: { inputs: { data: Float32Array.of(1, 2), width: 1 }, targets: [0, 3] },
  });
  const check = (units: number, unit: Activation) =>
    labelSmoothing(0.1).check!({ units, unit }, source);
  assertThrows(() => check(4, "tanh"), InputError, "takes linear output units, not tanh ones");
  assertThrows(
    () => check(3, "linear"),
    InputError,
    "the label of row 1 of the training cases is 3",
  );
});

gpuTest("errorRate tells the largest output's class, the first of those alike", async (bench) => {
  const figure = async (units: number, z: number[], targets: number[], columns: number) => {
    const batch = z.length / units;
    const wrong = bench.buffer(new Float32Array(batch));
    const matrix = (columns: number, values: number[]): Tensor =>
      bench.surrounded(batch, columns, Float32Array.from(values));
    const rows = {
      z: matrix(units, z),
      unit: "linear",
      targets: matrix(columns, targets),
    } as const;
    bench.run((plan) => errorRate.record(plan, rows, wrong));
    return [...(await bench.floats(wrong)).subarray(0, batch)];
  };
  const z = [[0, 2, 1], [2, 2, -1], [-5, -4, -3], [1, NaN, 0], [0, Infinity, 0]].flat();
  assertEquals(await figure(3, z, [1, 1, 2, 0, 1], 1), [0, 1, 0, 1, 1]);
  const rows = [[0, 1, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5], [1, 0, 0], [0, 1, 0]].flat();
  assertEquals(await figure(3, z, rows, 3), [0, 0, 0, 1, 1]);
  // One unit tells two classes apart.
  assertEquals(await figure(1, [-1, -1, 2, 0.5, NaN], [0, 1, 1, 0, 0], 1), [0, 1, 0, 1, 1]);
});
