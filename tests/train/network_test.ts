import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { readSafetensors, writeSafetensors } from "../../core/formats/safetensors.ts";
import { InputError } from "../../core/errors.ts";
import { VectorLayout } from "../../core/gpu/vector.ts";
import {
  exportNetwork,
  importNetwork,
  networkState,
  withoutStates,
} from "../../core/train/network.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, oddShapes, openOn, train } from "../optim/tensors.ts";

const layout = new VectorLayout([
  { name: "weights", rows: 2, columns: 3 },
  { name: "biases", rows: 1, columns: 3 },
]);

const theta = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(-1, NaN, 0.1)];

Deno.test("importNetwork() reads what exportNetwork() wrote", () => {
  const bytes = exportNetwork(layout, theta, { problem: "curves" });
  assertEquals(importNetwork(layout, bytes), { theta, metadata: { problem: "curves" } });
  const { tensors } = readSafetensors(bytes);
  assertEquals([...tensors].map(([name, { type, shape }]) => [name, type, shape]), [
    ["weights", "F32", [2, 3]],
    ["biases", "F32", [1, 3]],
  ]);
});

Deno.test("importNetwork() reads networks of other programs", () => {
  const bytes = writeSafetensors([
    ["biases", { type: "F16", shape: [3], data: Float16Array.of(1, 0.1, -2) }],
    ["weights", { type: "F64", shape: [2, 3], data: Float64Array.of(0.1, 2, 3, 4, 5, 1e300) }],
  ]);
  assertEquals(importNetwork(layout, bytes).theta, [
    Float32Array.of(0.1, 2, 3, 4, 5, Infinity),
    Float32Array.from(Float16Array.of(1, 0.1, -2)),
  ]);
});

Deno.test("importNetwork() refuses tensors that are not those of the layout", () => {
  const weights = { type: "F32", shape: [2, 3], data: theta[0] } as const;
  const biases = { type: "F32", shape: [1, 3], data: theta[1] } as const;
  const bad: [tensors: Parameters<typeof writeSafetensors>[0], says: RegExp][] = [
    [[["weights", weights]], /"biases" must be 1 x 3 floats, and is missing/],
    [
      [["weights", weights], ["biases", biases], ["weights 2", weights]],
      /no "weights 2", only weights, biases/,
    ],
    [
      [["weights", { ...weights, shape: [3, 2] }], ["biases", biases]],
      /"weights" must be 2 x 3 floats, not 3 x 2 of F32/,
    ],
    [
      [["weights", { ...weights, shape: [6] }], ["biases", biases]],
      /"weights" must be 2 x 3 floats, not 6 of F32/,
    ],
    [
      [
        ["weights", { type: "I32", shape: [2, 3], data: new Int32Array(6) }],
        ["biases", biases],
      ],
      /not 2 x 3 of I32/,
    ],
  ];
  for (const [tensors, says] of bad) {
    const bytes = writeSafetensors(tensors);
    const { message } = assertThrows(() => importNetwork(layout, bytes), InputError);
    assertMatch(message, says);
  }
  assertThrows(() => importNetwork(layout, new Uint8Array(9)), InputError, "safetensors");
});

Deno.test("exportNetwork() refuses tensors that do not fill the layout", () => {
  assertThrows(() => exportNetwork(layout, [theta[1], theta[1]]), RangeError, "weights");
});

Deno.test("networkState() is at rest at update 0, zeros in the padding", () => {
  const { update, replicas, layout: { tensors } } = networkState(layout, [theta, theta]);
  assertEquals([update, replicas.length, tensors], [0, 2, layout.tensors]);
  const [{ parameters, ...others }] = replicas;
  assertEquals(others, {
    seed: undefined,
    family: undefined,
    since: 0,
    states: {},
    groups: [],
    measured: {},
    set: {},
    divergedAt: undefined,
  });
  assertEquals([...parameters.subarray(0, 3)], [1, 2, 3]);
  assertEquals([...parameters.subarray(8, 11)], [4, 5, 6]);
  assertEquals(parameters.reduce((sum, value) => sum + Number(value !== 0), 0), 6 + 3);
});

gpuTest("withoutStates() goes on from theta, and with no velocity", async (bench) => {
  const landscape = bowls(oddShapes), learningRate = 0.25;
  const optimizers = [nesterov({ learningRate, momentum: 0.875 }), adamW({ learningRate })];
  const first = await openOn(bench, landscape, optimizers);
  await train(first, 5);
  const state = await first.save(), from = withoutStates(state);
  assertEquals([from.update, from.replicas.map(({ states }) => states)], [5, [{}, {}]]);
  const second = await openOn(bench, landscape, optimizers, { from });
  for (const r of [0, 1]) {
    // Theta is a sum of two vectors: a product and the sum are rounded there, and the sum here.
    assertLess(difference(await second.theta(r), await first.theta(r)), 4 * unitRoundoff);
  }
  const theta = (await second.theta(0)).map((tensor) => Float64Array.from(tensor));
  await train(second, 6);
  const gradient = landscape.gradient(theta, 5);
  // A step of NAG without velocity is one of plain descent.
  theta.forEach((tensor, t) =>
    tensor.forEach((_, i) => tensor[i] -= learningRate * gradient[t][i])
  );
  assertLess(difference(await second.theta(0), theta), 16 * unitRoundoff);
});
