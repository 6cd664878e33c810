import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import { InputError } from "../../core/errors.ts";
import { glorot } from "../../core/init/glorot.ts";
import { sparse } from "../../core/init/sparse.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { activations } from "../../core/ops/activation.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { autoencoder, type AutoencoderOptions } from "../../models/autoencoder.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { forwardError } from "../../core/reference/forward_error.ts";
import { layersOf, Problem, tensorsOf } from "./problem.ts";
import { assertFootprint } from "./footprint.ts";

gpuTest("autoencoder() mirrors the encoder, with a linear code", (bench) => {
  const { model } = new Problem(bench, { layers: [17, 9, 3], cases: 5, testCases: 2 });
  assertEquals(model.layout.tensors.map(({ rows, columns }) => [rows, columns]), [
    [17, 9],
    [1, 9],
    [9, 3],
    [1, 3],
    [3, 9],
    [1, 9],
    [9, 17],
    [1, 17],
  ]);
  assertEquals(model.cases, { train: 5, test: 2 });
  assertEquals(model.figures, ["squaredError"]);
});

gpuTest("an update of six layers and their mirror images is few dispatches", async (bench) => {
  const layers = [17, 13, 11, 9, 7, 5, 3];
  const { model } = new Problem(bench, { layers, cases: 5 });
  const optimizer = nesterov({ learningRate: 0.01, momentum: 0.9 });
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model,
      replicas: [{ seed: 1, optimizer, initializer: sparse() }],
      batchSize: 5,
    }),
  );
  // The cases; 12 layers, 11 deltas; loss and mean; gradients of weights and biases with the update in
  // them, of layers whose operands lie in the same buffers together.
  const gradients = bench.gpu.operands === "buffers" ? 2 : 12;
  assertEquals(trainer.dispatchesPerUpdate, 1 + 12 + 11 + 2 + gradients);
});

gpuTest("Autoencoder.initialValues() are fixed by the seed and the initializer", (bench) => {
  const { model } = new Problem(bench, { layers: [17, 9, 3], cases: 5 });
  const values = model.initialValues(7, sparse());
  assertEquals(model.initialValues(7, sparse()), values);
  for (const others of [model.initialValues(8, sparse()), model.initialValues(7, glorot())]) {
    for (const t of [0, 2, 4, 6]) { // every layer has its own draws
      assertEquals(others[t].length, values[t].length);
      assertEquals(others[t].every((weight, i) => weight === values[t][i]), false);
    }
  }
  // Two layers of one shape have different weights.
  const { model: even } = new Problem(bench, { layers: [4, 4], cases: 5 });
  const [first, , second] = even.initialValues(7, sparse());
  assertEquals(first.every((weight, i) => weight === second[i]), false);
});

gpuTest("Autoencoder.initialValues() follow the recipe for tanh units", (bench) => {
  const [logistic, tanh] = (["sigmoid", "tanh"] as const).map((activation) =>
    new Problem(bench, { layers: [17, 9, 5, 3], cases: 5, activation }).model
      .initialValues(7, sparse())
  );
  // Tanh units above; on both sides; below; and the same on the way back.
  [0.5, 0.25, 0.5, 0.5, 0.25, 0.5].forEach((scale, layer) => {
    assertEquals(tanh[2 * layer], logistic[2 * layer].map((weight) => scale * weight));
  });
  const biases = tanh.filter((_, t) => t % 2 === 1).map(([bias]) => bias);
  assertEquals(biases, [0.5, 0.5, 0, 0.5, 0.5, 0]);
});

for (const activation of activations) {
  for (const outputUnit of ["sigmoid", "linear"] as const) {
    gpuTest(`Autoencoder.reconstruct() of ${activation} and ${outputUnit} units`, async (bench) => {
      const { gpu } = bench;
      const { model, network, train } = new Problem(bench, {
        ...{ layers: [17, 9, 3], activation, outputUnit, cases: 5 },
        loss: "squared-error",
      });
      const theta = model.initialValues(7, sparse({ fanIn: 4 }))
        .map((values, t) => t % 2 ? draw(values.length, t) : values);
      const made = await model.reconstruct(gpu, theta, Float32Array.from(train));
      const { y, yError } = forwardError(network, layersOf(theta), train);
      assertEquals(made.length, y.length);
      y.forEach((y, i) => assertAlmostEquals(made[i], y, yError[i], `output ${i}`));
    });
  }
}

gpuTest("Autoencoder.reconstruct() refuses parts of cases", async (bench) => {
  const problem = new Problem(bench, { layers: [17, 3], cases: 5 });
  const theta = tensorsOf(problem.start(1, sparse()));
  for (const length of [0, 18]) {
    await assertRejects(
      () => problem.model.reconstruct(bench.gpu, theta, new Float32Array(length)),
      InputError,
      `${length} values are no whole number of cases of 17`,
    );
  }
});

gpuTest("Autoencoder.footprint() is what build() takes", (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  assertFootprint(gpu, model, 33);
  assertEquals(model.footprint(33).largest, 4 * 40 * 136);
});

gpuTest("autoencoder() refuses what does not fit", (bench) => {
  const data = (width: number) =>
    bench.take(new Dataset(bench.gpu, new Float32Array(2 * width), { width }));
  const train = data(4);
  const refused: [Partial<AutoencoderOptions>, string][] = [
    [{ layers: [] }, "two or more whole numbers above 0, not none"],
    [{ layers: [4] }, "two or more whole numbers above 0, not 4"],
    [{ layers: [4, 0] }, "two or more whole numbers above 0, not 4-0"],
    [{ layers: [4, 2.5] }, "two or more whole numbers above 0, not 4-2.5"],
    [{ layers: [5, 2] }, "the first layer has 5 units and a case 4 values"],
    [{ test: data(3) }, "the first layer has 4 units and a case 3 values"],
    [{ outputUnit: "linear" }, "needs logistic output units, not linear ones: use squared-error"],
    [{ l2: -1 }, "l2 must be a finite number of at least 0, not -1"],
    [{ l2: NaN }, "l2 must be a finite number of at least 0, not NaN"],
    [{ l2: Infinity }, "l2 must be a finite number of at least 0, not Infinity"],
  ];
  // What TypeScript refuses by itself, and JavaScript does not.
  const untyped: [object, string][] = [
    [{ layers: undefined }, "two or more whole numbers above 0, not undefined"],
    [{ layers: "4,2" }, "two or more whole numbers above 0, not 4,2: give an array"],
    [{ train: undefined }, "the cases must be a Dataset"],
    [{ train: new Float32Array(8) }, "the cases must be a Dataset"],
    [{ activation: "gelu" }, "the activation must be linear, sigmoid, tanh or relu, not gelu"],
    [{ activation: null }, "the activation must be linear, sigmoid, tanh or relu, not null"],
    [
      { outputUnit: "logistic" },
      "the output unit must be sigmoid or linear, not logistic: sigmoid",
    ],
    [{ outputUnit: "tanh", loss: "squared-error" }, "sigmoid or linear, not tanh"],
    [{ loss: "mse" }, "the loss must be cross-entropy or squared-error, not mse"],
  ];
  refused.push(...untyped as typeof refused);
  for (const [options, message] of refused) {
    assertThrows(() => autoencoder({ layers: [4, 2], train, ...options }), InputError, message);
  }
});
