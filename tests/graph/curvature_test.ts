import { assertAlmostEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { examples, type ExampleSet } from "../../core/data/examples.ts";
import { InputError } from "../../core/errors.ts";
import { elementwiseLoss, softmaxCrossEntropy, squaredError } from "../../core/graph/losses.ts";
import type { NetworkOptions } from "../../core/graph/network.ts";
import type { Layer } from "../../core/graph/tape.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { residual } from "../../core/layers/add.ts";
import { dense } from "../../core/layers/dense.ts";
import { sequential } from "../../core/layers/sequential.ts";
import * as reference from "../../core/reference/layers.ts";
import { softmaxCurvature, squaredErrorCurvature } from "../../core/reference/losses.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

import { gradientOf } from "./gradients.ts";

const inputs = { data: draw(12 * 5, 1), width: 5 };
const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 3);
const rows = { data: draw(12 * 3, 2), width: 3 };

interface SecondOrder {
  targets?: ExampleSet["targets"];
  loss: NetworkOptions["loss"];
  layers: Layer;
  /** The same in float64; the last activation is the loss's. */
  reference: reference.ReferenceLayer;
  curvature: (z: Float64Array, tangent: Float64Array, cases: number) => Float64Array;
}

const secondOrder: Record<string, SecondOrder> = {
  "a sigmoid-linear-tanh autoencoder": {
    loss: squaredError,
    layers: sequential(
      dense({ units: 4, activation: "sigmoid" }),
      dense({ units: 2 }),
      dense({ units: 5, activation: "tanh" }),
    ),
    reference: reference.sequential(
      reference.dense(4, "sigmoid"),
      reference.dense(2),
      reference.dense(5),
    ),
    curvature: (z, t, cases) => squaredErrorCurvature(z, t, "tanh", cases),
  },
  "a classifier with a residual": {
    targets: labels,
    loss: softmaxCrossEntropy,
    layers: sequential(residual(dense({ units: 5, activation: "tanh" })), dense({ units: 3 })),
    reference: reference.sequential(
      reference.branches(reference.activation("linear"), reference.dense(5, "tanh")),
      reference.dense(3),
    ),
    curvature: softmaxCurvature,
  },
};

for (
  const [name, { targets, loss, layers, reference: layer, curvature }] of Object.entries(
    secondOrder,
  )
) {
  gpuTest(`recordCurvature() of ${name}: v'Gv against float64, and symmetric`, async (bench) => {
    const source = examples({ train: { inputs, ...targets && { targets } } });
    const { model, graph, parameters, seeds } = await gradientOf(bench, { source, layers, loss });
    const { layout } = model;
    const take = () => bench.take(new Vector(bench.gpu, "test", layout, 1));
    const [direction, product] = [take(), take()];
    const drawn = [1, 2].map((stream) =>
      layout.tensors.map(({ rows, columns }, t) => draw(rows * columns, 100 * stream + t))
    );
    const made: Float32Array[][] = [];
    for (const tensors of drawn) {
      direction.write(0, tensors);
      bench.run((plan) => graph.recordCurvature!(plan, { parameters, direction, product, seeds }), {
        position: 0,
      });
      made.push(await product.read(0));
    }
    const dot = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]) =>
      a.reduce((sum, values, t) => sum + dotOf(values, b[t]), 0);
    const [vGv, uGv, vGu] = [
      dot(drawn[0], made[0]),
      dot(drawn[1], made[0]),
      dot(drawn[0], made[1]),
    ];
    const theta = (await parameters.read(0)).map((values) => Float64Array.from(values));
    const cases = Float64Array.from(inputs.data); // in another order, which no sum depends on
    const point = layer.at(cases, 12, theta);
    const v = drawn[0].map((values) => Float64Array.from(values));
    const Jv = point.tangent(new Float64Array(cases.length), v);
    const wanted = dotOf(Jv, curvature(point.y, Jv, 12));
    assertLessOrEqual(Math.abs(vGv - wanted), 1e-5 * wanted);
    const norms = Math.sqrt(dot(drawn[1], drawn[1]) * dot(made[0], made[0]));
    assertAlmostEquals(uGv, vGu, 1e-5 * norms);
  });
}

function dotOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}

gpuTest("recordCurvature() refuses what has no second order, by its name", async (bench) => {
  const source = examples({ train: { inputs, targets: rows } });
  const flat = elementwiseLoss({ name: "flat", value: "z", slope: "vec4f(1)" });
  const still: Layer = (tape, x) => {
    const y = tape.value(x.columns);
    return tape.record({ name: "still", reads: [x], writes: y, forward() {}, backward() {} });
  };
  for (
    const [options, message] of [
      [{ layers: dense({ units: 3 }), loss: flat }, "the loss flat has no curvature"],
      [
        { layers: sequential(dense({ units: 3 }), still), loss: squaredError },
        "still has no tangent",
      ],
    ] as const
  ) {
    const { graph, parameters, seeds } = await gradientOf(bench, { source, ...options });
    const inputs = { parameters, direction: parameters, product: parameters, seeds };
    assertThrows(
      () => bench.run((plan) => graph.recordCurvature!(plan, inputs)),
      InputError,
      message,
    );
  }
});
