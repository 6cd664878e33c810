import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { activations } from "../../core/ops/activation.ts";
import { assertDerivative } from "./finite_difference.ts";
import {
  crossEntropy,
  crossEntropyCurvature,
  labelSmoothing,
  type Loss,
  softmaxCrossEntropy,
  softmaxCurvature,
  squaredError,
  squaredErrorCurvature,
} from "../../core/reference/losses.ts";

const cases = 3;
const z = Float64Array.of(
  -2.3,
  0.4,
  1.7,
  0.9,
  -0.6,
  3.1,
  -1.2,
  2.2,
  -0.1,
  0.7,
  1.3,
  -2.9,
  0.2,
  5,
  1,
);
const x = Float64Array.of(0, 1, 0.3, 0.8, 0.25, 1, 0.5, 0, 0.9, 0.1, 0.6, 0.4, 0.7, 1, 0);

/** At most eight roundings a unit and one for each addition, an elementary function being two. */
const operations = 9 * z.length;

function assertDelta(loss: (z: Float64Array) => Loss) {
  const { delta } = loss(z);
  z.forEach((value, i) =>
    assertDerivative((moved) => loss(z.with(i, moved)).loss, value, delta[i], operations)
  );
}

Deno.test("crossEntropy() is -x log y - (1 - x) log(1 - y) at y = sigmoid(z)", () => {
  const sums = new Float64Array(cases);
  z.forEach((z, i) => {
    const y = 1 / (1 + Math.exp(-z));
    sums[Math.floor(i / 5)] -= x[i] * Math.log(y) + (1 - x[i]) * Math.log(1 - y);
  });
  const { caseLosses, loss } = crossEntropy(z, x, cases);
  // A rounding of y disturbs log(1 - y) by 2^-53 / (1 - y), below 2^-45 where z is at most 5.
  sums.forEach((sum, i) => assertAlmostEquals(caseLosses[i], sum, operations * 2 ** -45));
  assertAlmostEquals(loss, (sums[0] + sums[1] + sums[2]) / 3, operations * 2 ** -45);
});

Deno.test("crossEntropy() keeps every digit where units saturate", () => {
  const targets = Float64Array.of(0, 1, 1, 0);
  const { caseLosses, delta } = crossEntropy(Float64Array.of(1000, 1000, -1000, -1000), targets, 4);
  assertEquals(caseLosses, Float64Array.of(1000, 0, 1000, 0));
  assertEquals(delta, Float64Array.of(1 / 4, 0, -1 / 4, 0));
});

Deno.test("crossEntropy() gives the gradient of its loss", () => {
  assertDelta((z) => crossEntropy(z, x, cases));
});

Deno.test("squaredError() sums over units and averages over cases, without 1/2", () => {
  const y = Float64Array.of(1, 2, 3, 4);
  const { caseLosses, loss, delta } = squaredError(y, Float64Array.of(0, 0, 1, 8), "linear", 2);
  assertEquals(caseLosses, Float64Array.of(5, 20));
  assertEquals(loss, 12.5);
  assertEquals(delta, Float64Array.of(1, 2, 2, -4));
});

for (const kind of activations) {
  Deno.test(`squaredError() of ${kind} units gives the gradient of its loss`, () => {
    assertDelta((z) => squaredError(z, x, kind, cases));
  });
}

Deno.test("crossEntropy() and squaredError() refuse sizes that do not fit", () => {
  assertThrows(() => crossEntropy(z, x, 4), RangeError);
  assertThrows(() => squaredError(z, x.slice(1), "linear", cases), RangeError);
});

/** Rows that each sum to 1. */
const probabilities = x.map((value, i) => {
  const first = 5 * Math.floor(i / 5);
  return value / x.subarray(first, first + 5).reduce((a, b) => a + b);
});
const tangent = z.map((value, i) => Math.cos(3 * i) + value / 4);

Deno.test("softmaxCrossEntropy() is -x log y at y = exp(z) / sum exp(z), and gives its gradient", () => {
  const { caseLosses } = softmaxCrossEntropy(z, probabilities, cases);
  const rows = [0, 1, 2].map((row) => {
    const own = [...z.subarray(5 * row, 5 * row + 5)];
    const sum = own.reduce((sum, z) => sum + Math.exp(z), 0);
    return own.reduce((loss, z, j) => loss + probabilities[5 * row + j] * (Math.log(sum) - z), 0);
  });
  rows.forEach((wanted, i) => assertAlmostEquals(caseLosses[i], wanted, operations * 2 ** -50));
  assertDelta((z) => softmaxCrossEntropy(z, probabilities, cases));
});

Deno.test("softmaxCrossEntropy() overflows nowhere", () => {
  const { caseLosses, delta } = softmaxCrossEntropy(
    Float64Array.of(1000, 0, -1000, 1000),
    Float64Array.of(1, 0, 0, 1),
    2,
  );
  assertEquals(caseLosses, Float64Array.of(-0, -0));
  assertEquals(delta, Float64Array.of(0, 0, 0, 0));
});

Deno.test("labelSmoothing() spreads a share of the targets over all classes", () => {
  const smoothed = labelSmoothing(Float64Array.of(0, 1, 0, 0, 0.5, 0.5, 0, 0), 0.25, 2);
  const [off, on] = [0.0625, 0.8125];
  assertEquals([...smoothed], [off, on, off, off, 0.4375, 0.4375, off, off]);
  assertEquals(labelSmoothing(probabilities, 0, cases), probabilities);
});

const curvatures: [string, (z: Float64Array) => Loss, Float64Array][] = [
  [
    "crossEntropyCurvature()",
    (z) => crossEntropy(z, x, cases),
    crossEntropyCurvature(z, tangent, cases),
  ],
  [
    "softmaxCurvature()",
    (z) => softmaxCrossEntropy(z, probabilities, cases),
    softmaxCurvature(z, tangent, cases),
  ],
  [
    "squaredErrorCurvature() of linear units",
    (z) => squaredError(z, x, "linear", cases),
    squaredErrorCurvature(z, tangent, "linear", cases),
  ],
];

for (const [name, loss, curvature] of curvatures) {
  Deno.test(`${name} is how the gradient moves along a tangent`, () => {
    curvature.forEach((wanted, i) =>
      assertDerivative(
        (step) => loss(z.map((z, j) => z + step * tangent[j])).delta[i],
        0,
        wanted,
        operations,
      )
    );
  });
}

Deno.test("squaredErrorCurvature() is 2 f'(z)^2 / cases", () => {
  const [value] = squaredErrorCurvature(Float64Array.of(0), Float64Array.of(3), "sigmoid", 1);
  assertEquals(value, 2 * 0.25 * 0.25 * 3);
});
