import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { lsuv } from "../../core/init/lsuv.ts";
import { orthogonal } from "../../core/init/orthogonal.ts";
import { activation } from "../../core/layers/activation.ts";
import { dense } from "../../core/layers/dense.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { recurrent } from "../../core/layers/recurrent.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { type Layer, Tape } from "../../core/graph/tape.ts";
import { activations } from "../../core/ops/activation.ts";
import { outputs } from "../../core/reference/network.ts";
import { draw } from "../gpu/fixture.ts";

const sizes = [3, 17, 129, 1, 5];
const cases = draw(40 * 3, 1);

function initialValues(layer: Layer, seed = 1, options: Partial<Parameters<typeof lsuv>[0]> = {}) {
  const tape = new Tape(3);
  layer(tape, tape.input);
  return tape.initialValues(seed, lsuv({ cases, ...options }));
}

/** Dense layers of {@linkcode sizes}, of units of a kind. */
function layersOf(kind: typeof activations[number], between: readonly Layer[] = []): Layer {
  const layers = sizes.slice(1).map((units) => dense({ units, activation: kind }));
  return sequential(...layers.flatMap((layer, i) => i === 0 ? [layer] : [...between, layer]));
}

function deviationOf(z: Float64Array): number {
  const mean = z.reduce((sum, x) => sum + x, 0) / z.length;
  return Math.sqrt(z.reduce((sum, x) => sum + (x - mean) ** 2, 0) / z.length);
}

Deno.test("lsuv() gives the inputs of all units the deviation that is asked for", () => {
  for (const kind of activations) {
    for (const deviation of [1, 0.3]) {
      const theta = initialValues(layersOf(kind), 1, { deviation });
      const parameters = sizes.slice(1).map((_, i) => (
        { weights: theta[2 * i], biases: theta[2 * i + 1] }
      ));
      sizes.slice(1).forEach((fanOut, i) => {
        assertEquals(parameters[i].biases, new Float64Array(fanOut));
        const z = outputs(
          {
            sizes: sizes.slice(0, i + 2),
            activations: [...Array(i).fill(kind), "linear"],
            loss: "squared-error",
          },
          parameters.slice(0, i + 1),
          Float64Array.from(cases),
        );
        // Some hundred sums of some hundred products, each rounded by 2^-53.
        assertAlmostEquals(deviationOf(z), deviation, 1e-12, `${kind}, layer ${i + 1}`);
      });
    }
  }
});

Deno.test("lsuv() multiplies the orthogonal matrix of the seed and the layer", () => {
  const tape = new Tape(3);
  layersOf("relu")(tape, tape.input);
  const drawn = tape.initialValues(1, orthogonal()), scaled = initialValues(layersOf("relu"));
  drawn.forEach((weights, t) => {
    if (t % 2) return;
    const factor = scaled[t][0] / weights[0];
    weights.forEach((w, i) => assertAlmostEquals(scaled[t][i] / w, factor, 1e-14 * factor));
  });
  assertEquals(initialValues(layersOf("relu")), scaled);
  assertNotEquals(initialValues(layersOf("relu"), 2), scaled);
});

Deno.test("lsuv() drops no unit, and takes bytes for their values / 255", () => {
  const plain = initialValues(layersOf("tanh"));
  assertEquals(initialValues(layersOf("tanh", [dropout(0.5)])), plain);
  const bytes = Uint8Array.from(cases, (value) => 200 * Math.abs(value));
  const numbers = Float64Array.from(bytes, (byte) => byte / 255);
  const [a, b] = [bytes, numbers].map((cases) => initialValues(layersOf("tanh"), 1, { cases }));
  a.forEach((values, t) =>
    values.forEach((x, i) => assertAlmostEquals(x, b[t][i], 1e-12 * Math.abs(x)))
  );
});

Deno.test("one lsuv() initializes networks in turn, and stands beside other initializers", () => {
  const tape = new Tape(3);
  layersOf("sigmoid")(tape, tape.input);
  const initializer = lsuv({ cases }), alone = initialValues(layersOf("sigmoid"));
  tape.initialValues(2, initializer);
  assertEquals(tape.initialValues(1, initializer), alone);
  // Its own weights of the first layer, given by another initializer.
  const [first, biases] = alone;
  const mixed = tape.initialValues(
    1,
    (layer) => layer.below === "cases" ? { weights: first.slice(), biases } : initializer(layer),
  );
  mixed.forEach((values, t) =>
    values.forEach((x, i) => assertAlmostEquals(x, alone[t][i], 1e-12 * Math.abs(x)))
  );
});

Deno.test("lsuv() refuses what it cannot follow from cases, in one line", () => {
  const bad: [() => unknown, string][] = [
    [() => lsuv({ cases, deviation: 0 }), "must be a finite number above 0, not 0"],
    [() => lsuv({ cases: [] }), "needs cases to look at"],
    [
      () => initialValues(dense({ units: 2 }), 1, { cases: [1, 2, 3, 4] }),
      "4 values are no whole number of cases of 3 inputs",
    ],
    [
      () => initialValues(dense({ units: 2 }), 1, { cases: [0, 0, 0, 0, 0, 0] }),
      "a layer of 2 units by, the standard deviation of their inputs over the 2 cases, is 0",
    ],
    [() => initialValues(dense({ units: 2 }), 1, { cases: [1, NaN, 2] }), "the 1 cases, is NaN"],
    [
      () => initialValues(sequential(dense({ units: 4 }), activation("relu"), dense({ units: 2 }))),
      "lsuv() is for networks of dense layers",
    ],
  ];
  for (const [attempt, message] of bad) assertThrows(attempt, InputError, message);
  const tape = new Tape(3, 5);
  recurrent({ units: 4 })(tape, tape.input);
  assertThrows(() => tape.initialValues(1, lsuv({ cases })), InputError, "of dense layers");
});
