import { assertEquals, assertThrows } from "@std/assert";
import { activations } from "../../core/ops/activation.ts";
import { assertDerivative } from "./finite_difference.ts";
import {
  flatten,
  lossAndGradient,
  type Network,
  outputs,
  squaredErrorOf,
  unflatten,
} from "../../core/reference/network.ts";

const sizes = [5, 7, 3, 5];
const cases = 3;
const weights = 5 * 7 + 7 * 3 + 3 * 5;
const units = 7 + 3 + 5;

/** A product and a sum for each weight; at most 18 roundings for a unit's bias, output and loss. */
const operations = cases * (2 * weights + 18 * units);

/** Numbers in [-1, 1) without a pattern: the fractional parts of multiples of the golden ratio. */
function scattered(length: number, start: number): Float64Array {
  const golden = (1 + Math.sqrt(5)) / 2;
  return new Float64Array(length).map((_, i) => 2 * ((start + i) * golden % 1) - 1);
}

const batch = scattered(cases * 5, 1);
const targets = scattered(cases * 5, 100).map((x) => (x + 1) / 2);
const point = scattered(weights + units, 1000);

function assertGradient(network: Network) {
  const at = (vector: Float64Array) =>
    lossAndGradient(network, unflatten(network, vector), batch, targets);
  flatten(at(point).gradient).forEach((derivative, i) =>
    assertDerivative((x) => at(point.with(i, x)).loss, point[i], derivative, operations)
  );
}

for (const hidden of activations) {
  Deno.test(`lossAndGradient() of ${hidden} units and cross-entropy gives the gradient`, () => {
    assertGradient({ sizes, activations: [hidden, hidden, "sigmoid"], loss: "cross-entropy" });
  });

  for (const output of activations) {
    Deno.test(`lossAndGradient() of ${hidden} units and ${output} outputs gives the gradient`, () => {
      assertGradient({ sizes, activations: [hidden, hidden, output], loss: "squared-error" });
    });
  }
}

// A network small enough to work out by hand.
const small: Network = { sizes: [2, 2, 1], activations: ["relu", "linear"], loss: "squared-error" };
const parameters = [
  { weights: Float64Array.of(1, 2, 3, -4), biases: Float64Array.of(1, -1) },
  { weights: Float64Array.of(2, 5), biases: Float64Array.of(3) },
];
const twoCases = Float64Array.of(1, 1, 2, 0);

Deno.test("outputs() reads weight [k, n] as that from unit k to unit n", () => {
  // Hidden: [relu(5), relu(-3)] and [relu(3), relu(3)].
  assertEquals(outputs(small, parameters, twoCases), Float64Array.of(13, 24));
});

Deno.test("lossAndGradient() averages over cases what it sums over units", () => {
  const { loss, gradient } = lossAndGradient(small, parameters, twoCases, Float64Array.of(10, 25));
  assertEquals(loss, (9 + 1) / 2);
  assertEquals(gradient, [
    { weights: Float64Array.of(2, -10, 6, 0), biases: Float64Array.of(4, -5) },
    { weights: Float64Array.of(12, -3), biases: Float64Array.of(2) },
  ]);
});

Deno.test("squaredErrorOf() is the squared error of the outputs, whatever the loss", () => {
  const network: Network = { sizes: [1, 2], activations: ["sigmoid"], loss: "cross-entropy" };
  const resting = [{ weights: new Float64Array(2), biases: new Float64Array(2) }];
  const error = squaredErrorOf(network, resting, Float64Array.of(7), Float64Array.of(1, 0.25));
  assertEquals(error, 0.25 + 0.0625);
});

Deno.test("flatten() puts weights before biases, and unflatten() undoes it", () => {
  const vector = Float64Array.of(1, 2, 3, -4, 1, -1, 2, 5, 3);
  assertEquals(flatten(parameters), vector);
  assertEquals(unflatten(small, vector), parameters);
});

Deno.test("lossAndGradient() refuses the cross-entropy of units that are not sigmoid", () => {
  const network: Network = { ...small, loss: "cross-entropy" };
  assertThrows(
    () => lossAndGradient(network, parameters, twoCases, Float64Array.of(0, 1)),
    RangeError,
  );
});
