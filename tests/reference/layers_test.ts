import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { activations } from "../../core/ops/activation.ts";
import * as images from "../../core/reference/images.ts";
import * as layers from "../../core/reference/layers.ts";
import type { ReferenceLayer } from "../../core/reference/layers.ts";
import { draw } from "../gpu/fixture.ts";
import { assertDerivative } from "./finite_difference.ts";

const [cases, inputs, units] = [3, 4, 5];
const normal = layers.layerNorm(1e-5);

/** Each with the sizes of its tensors, of 4 inputs. */
const table: Record<string, [ReferenceLayer, number[]]> = {
  ...Object.fromEntries(
    activations.map((kind): [string, [ReferenceLayer, number[]]] => [
      `dense() of ${kind} units`,
      [layers.dense(units, kind), [inputs * units, units]],
    ]),
  ),
  "activation()": [layers.activation("tanh"), []],
  "layerNorm()": [normal, [inputs, inputs]],
  "batchNorm()": [layers.batchNorm(1e-5), [inputs, inputs]],
  "batchNorm() of two channels": [layers.batchNorm(1e-5, 2), [2, 2]],
  "dropout()": [layers.dropout({ rate: 0.4, seed: 1, update: 2, stream: 3 }), []],
  "recurrent()": [
    layers.recurrent(units, { activation: "sigmoid", steps: 3 }),
    [inputs * units, units * units, units],
  ],
  "sequential()": [
    layers.sequential(normal, layers.dense(units, "tanh"), layers.dense(2)),
    [inputs, inputs, inputs * units, units, 2 * units, 2],
  ],
  "convolution()": [
    images.convolution(2, {
      ...{ image: [2, 2, 1], kernel: [2, 3], stride: [1, 2], padding: [1, 2] },
    }, "tanh"),
    [2 * 2 * 6, 2],
  ],
  "pool(), of means": [
    images.pool("average", { image: [1, 2, 2], kernel: [1, 2], stride: [1, 1], padding: [0, 0] }),
    [],
  ],
  "pool(), of the largest": [
    images.pool("max", { image: [1, 1, 4], kernel: [1, 3], stride: [1, 1], padding: [0, 0] }),
    [],
  ],
  "branches()": [
    layers.branches(layers.activation("linear"), normal, layers.dense(inputs, "sigmoid")),
    [inputs, inputs, inputs * inputs, inputs],
  ],
};

/** Roundings of a sum over all outputs, generously: each is a few dozen operations. */
const operations = 1000;

for (const [name, [layer, sizes]] of Object.entries(table)) {
  Deno.test(`reference ${name}: backward and tangent are the derivatives of what it makes`, () => {
    assertEquals(layer.tensors, sizes.length);
    const values = (length: number, stream: number) => Float64Array.from(draw(length, stream));
    const x = values(cases * inputs, 1);
    const tensors = sizes.map((size, t) => values(size, 10 + t));
    const [dx, dtensors] = [values(x.length, 2), sizes.map((size, t) => values(size, 30 + t))];
    const point = layer.at(x, cases, tensors);
    const v = values(point.y.length, 3);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, a, i) => sum + a * b[i], 0);
    const back = point.backward(v);
    x.forEach((value, i) =>
      assertDerivative(
        (moved) => dot(v, layer.at(x.with(i, moved), cases, tensors).y),
        value,
        back.x[i],
        operations,
      )
    );
    tensors.forEach((tensor, t) =>
      tensor.forEach((value, i) =>
        assertDerivative(
          (moved) => dot(v, layer.at(x, cases, tensors.with(t, tensor.with(i, moved))).y),
          value,
          back.tensors[t][i],
          operations,
        )
      )
    );
    const wanted = back.tensors.reduce(
      (sum, tensor, t) => sum + dot(tensor, dtensors[t]),
      dot(back.x, dx),
    );
    assertAlmostEquals(dot(v, point.tangent(dx, dtensors)), wanted, operations * 2 ** -50);
  });
}

Deno.test("dropoutMask() keeps the share it says, and another one for each key", () => {
  const key = { rate: 0.25, seed: 1, update: 0, stream: 0 };
  const mask = layers.dropoutMask(key, 100, 101);
  const kept = mask.reduce((sum, one) => sum + one, 0) / mask.length;
  // Five standard deviations of a mean over 10,100 draws.
  assertAlmostEquals(kept, 0.75, 5 * Math.sqrt(0.75 * 0.25 / mask.length));
  for (const other of [{ seed: 2 }, { update: 1 }, { stream: 1 }]) {
    const another = layers.dropoutMask({ ...key, ...other }, 100, 101);
    assert(another.some((one, i) => one !== mask[i]));
  }
});
