import { assertAlmostEquals, assertEquals } from "@std/assert";
import { activations } from "../../core/ops/activation.ts";
import { activate, slope } from "../../core/reference/activation.ts";
import { assertDerivative } from "./finite_difference.ts";

/** Roundings of one activation, each elementary function counted as two. */
const operations = 8;

Deno.test("activate() gives each unit's output", () => {
  const z = Float64Array.of(-2, 0, 3);
  assertEquals(activate("linear", z), z);
  assertEquals(activate("relu", z), Float64Array.of(0, 0, 3));
  const e = Math.exp;
  [1 / (1 + e(2)), 1 / 2, e(3) / (1 + e(3))].forEach((y, i) =>
    assertAlmostEquals(activate("sigmoid", z)[i], y, 2 * operations * 2 ** -53)
  );
  [(1 - e(4)) / (1 + e(4)), 0, (e(6) - 1) / (e(6) + 1)].forEach((y, i) =>
    assertAlmostEquals(activate("tanh", z)[i], y, 2 * operations * 2 ** -53)
  );
});

Deno.test("activate() saturates without overflow", () => {
  const z = Float64Array.of(-1e4, 1e4);
  assertEquals(activate("sigmoid", z), Float64Array.of(0, 1));
  assertEquals(activate("tanh", z), Float64Array.of(-1, 1));
});

for (const kind of activations) {
  Deno.test(`activate() lets NaN through a ${kind} unit`, () => {
    assertEquals(activate(kind, Float64Array.of(NaN)), Float64Array.of(NaN));
  });

  Deno.test(`slope() is the derivative of a ${kind} unit`, () => {
    for (const z of [-3.5, -0.7, 0.3, 1.1, 4]) {
      const f = (z: number) => activate(kind, Float64Array.of(z))[0];
      assertDerivative(f, z, slope(kind, Float64Array.of(f(z)))[0], operations);
    }
  });
}

Deno.test("slope() of a relu unit at rest is 0", () => {
  assertEquals(slope("relu", Float64Array.of(0)), Float64Array.of(0));
});
