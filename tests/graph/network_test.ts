import {
  assertEquals,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import { examples, type ExampleSet } from "../../core/data/examples.ts";
import { InputError } from "../../core/errors.ts";
import {
  crossEntropy,
  elementwiseLoss,
  errorRate,
  softmaxCrossEntropy,
  squaredError,
} from "../../core/graph/losses.ts";
import { network, type NetworkOptions } from "../../core/graph/network.ts";
import type { Layer } from "../../core/graph/tape.ts";
import { Plan } from "../../core/gpu/plan.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { glorot } from "../../core/init/glorot.ts";
import { add, residual } from "../../core/layers/add.ts";
import { dense } from "../../core/layers/dense.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { elementwiseLayer } from "../../core/layers/elementwise_layer.ts";
import { layerNorm } from "../../core/layers/layer_norm.ts";
import { noise } from "../../core/layers/noise.ts";
import { recurrent } from "../../core/layers/recurrent.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { relativeDifference } from "../../core/reference/tolerance.ts";
import type { TrainerState } from "../../core/train/state.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { gradientOf } from "./gradients.ts";
import { assertFootprint } from "../models/footprint.ts";

const inputs = { data: draw(12 * 5, 1), width: 5 };
const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 3);
const rows = { data: draw(12 * 3, 2), width: 3 };

function classifierOf(train: Partial<ExampleSet> = {}, layers?: Layer) {
  return network({
    source: examples({ train: { inputs, targets: labels, ...train } }),
    layers: layers ?? sequential(dense({ units: 4, activation: "tanh" }), dense({ units: 3 })),
    loss: softmaxCrossEntropy,
    figures: [errorRate],
  });
}

gpuTest("network() learns to tell classes apart, its layers in one run", async (bench) => {
  const model = classifierOf(
    {},
    sequential(
      dense({ units: 32, activation: "relu" }),
      layerNorm(),
      residual(dense({ units: 32, activation: "tanh" }), dropout(0.1)),
      dense({ units: 3 }),
    ),
  );
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model,
      replicas: [1, 2].map((seed) => (
        { seed, optimizer: sgd({ learningRate: 0.2 }), initializer: glorot() }
      )),
      batchSize: 6,
    }),
  );
  const before = (await trainer.evaluate("train")).map(({ errorRate }) => errorRate);
  for await (const _ of trainer.run({ updates: 150 }));
  const after = (await trainer.evaluate("train")).map(({ errorRate }) => errorRate);
  assertEquals(after, [0, 0]);
  assertEquals(before.every((rate) => rate > 0.2), true);
  // What predict() says is what the evaluation saw.
  const outputs = await model.predict(bench.gpu, await trainer.theta(1), inputs.data);
  labels.forEach((label, i) => {
    const own = [...outputs.subarray(3 * i, 3 * i + 3)];
    assertEquals(own.indexOf(Math.max(...own)), label);
  });
});

gpuTest("a network with dropout is the same alone, beside others and resumed", async (bench) => {
  const model = classifierOf(
    {},
    sequential(dense({ units: 9 }), layerNorm(), dropout(0.4), dense({ units: 3 })),
  );
  const open = async (seeds: number[], from?: TrainerState) =>
    bench.take(
      await Trainer.open(bench.gpu, {
        model,
        replicas: seeds.map((seed) => (
          { seed, optimizer: sgd({ learningRate: 0.1 }), initializer: glorot() }
        )),
        batchSize: 5,
        ...from && { from },
      }),
    );
  const upTo = async (trainer: Trainer, updates: number) => {
    for await (const _ of trainer.run({ updates, evalCases: 0 }));
  };
  const [together, alone, former] = [await open([1, 2]), await open([2]), await open([1, 2])];
  await upTo(together, 20);
  await upTo(alone, 20);
  await upTo(former, 7);
  const resumed = await open([1, 2], await former.save());
  await upTo(resumed, 20);
  const wanted = await together.theta(1);
  assertEquals(await alone.theta(0), wanted);
  assertEquals(await resumed.theta(1), wanted);
  assertNotEquals(await together.theta(0), wanted);
});

gpuTest("a network of predict() is that of one case at a time, in blocks", async (bench) => {
  const model = classifierOf();
  const theta = model.initialValues(1, glorot());
  const many = draw(1100 * 5, 9);
  const all = await model.predict(bench.gpu, theta, many);
  assertEquals(all.length, 1100 * 3);
  for (const i of [0, 511, 512, 1099]) {
    const one = await model.predict(bench.gpu, theta, many.subarray(5 * i, 5 * i + 5));
    assertEquals(all.subarray(3 * i, 3 * i + 3), one);
  }
  const bytes = Uint8Array.of(0, 51, 102, 153, 255);
  assertEquals(
    await model.predict(bench.gpu, theta, bytes),
    await model.predict(bench.gpu, theta, Float32Array.from(bytes, (byte) => byte / 255)),
  );
});

gpuTest("NetworkModel.footprint() is what build() takes", (bench) => {
  const { gpu } = bench;
  const upload = (values: Float32Array<ArrayBuffer>, width: number) =>
    bench.take(new Dataset(gpu, values, { width }));
  // A value of 17 units with three readers, of which not all are fused.
  const layers: Layer = (tape, x) => {
    const h = dense({ units: 17, activation: "tanh" })(tape, x);
    return dense({ units: 3 })(tape, add(tape, add(tape, h, layerNorm()(tape, h)), h));
  };
  const model = network({
    source: examples({
      train: {
        inputs: upload(inputs.data, 5),
        targets: upload(rows.data, 3),
      },
    }),
    layers,
    loss: squaredError,
  });
  assertFootprint(gpu, model, 33);
});

gpuTest("a case of weight 0 counts as if its target were met, one of 2 twice", async (bench) => {
  const layers = sequential(dense({ units: 4, activation: "tanh" }), dense({ units: 3 }));
  const sourceOf = (weights?: number[]) =>
    examples({ train: { inputs, targets: rows, ...weights && { weights } } });
  const gradient = async (weights?: number[]) =>
    (await gradientOf(bench, { source: sourceOf(weights), layers, loss: squaredError })).gradient;
  const whole = await gradient();
  const halves = [0, 1].map((half) => Array.from({ length: 12 }, (_, i) => i % 2 === half ? 2 : 0));
  const [even, odd] = [await gradient(halves[0]), await gradient(halves[1])];
  const mean = even.map((value, i) => (value + odd[i]) / 2);
  assertLessOrEqual(relativeDifference(mean, whole), 1e-6);
});

gpuTest("labels, their rows of probabilities and Uint8Array labels are one", async (bench) => {
  const oneHot = Float32Array.from(
    { length: 36 },
    (_, i) => +(labels[Math.floor(i / 3)] === i % 3),
  );
  const layers = dense({ units: 3 });
  const of = async (targets: ExampleSet["targets"]) => {
    const source = examples({ train: { inputs, targets: targets! } });
    const { gradient, losses } = await gradientOf(bench, {
      ...{ source, layers, loss: softmaxCrossEntropy },
    });
    return [gradient, [...losses]];
  };
  const wanted = await of({ data: oneHot, width: 3 });
  for (
    const targets of [
      labels,
      [...labels],
      { data: labels, dimensions: [12] },
      { data: Int32Array.from(labels), dimensions: [12] },
      { data: Float32Array.from(labels), rows: 12, columns: 1 },
      bench.take(new Dataset(bench.gpu, Float32Array.from(labels), { width: 1 })),
    ]
  ) {
    assertEquals(await of(targets), wanted);
  }
});

Deno.test("network() refuses what does not fit, in one line that says what would", () => {
  const refused: [() => unknown, string][] = [
    [
      () => classifierOf({ targets: [0, 1, 2, 0, 1, 3, 0, 0, 0, 0, 0, 0] }),
      "the label of row 5 of the training cases is 3: with 3 output units the classes are the " +
      "whole numbers 0 to 2; give as many units as classes",
    ],
    [() => classifierOf({ targets: [0.5, ...labels.slice(1)] }), "the label of row 0"],
    [() => classifierOf({ targets: [1, 2] }), "12 inputs and 2 targets: give one for each input"],
    [() => classifierOf({ weights: [1] }), "12 inputs and 1 weights"],
    [() => classifierOf({ weights: [-1, ...Array(11).fill(1)] }), "the weight of row 0"],
    [
      () => classifierOf({ inputs: { data: inputs.data, width: 7 } }),
      "60 values are no whole number",
    ],
    [
      // deno-lint-ignore no-explicit-any
      () => classifierOf({ inputs: [1, 2] as any }),
      "inputs of the training cases must be a Dataset, what a reader of files gives, or",
    ],
    [
      () => classifierOf({ targets: rows }, dense({ units: 4 })),
      "4 output units do not fit targets of 3 values: give the last layer 3 units",
    ],
    [() => classifierOf({}, dense({ units: 1 })), "an output unit for each of at least 2 classes"],
    [
      () => classifierOf({}, dense({ units: 3, activation: "tanh" })),
      "takes linear output units, not tanh ones: leave the activation of the last layer out",
    ],
    [
      () =>
        network({
          source: examples({ train: { inputs } }),
          layers: dense({ units: 5 }),
          loss: crossEntropy,
        }),
      "cross-entropy needs logistic output units, not linear ones",
    ],
    [
      () => classifierOf({}, sequential(residual(dense({ units: 4 })), dense({ units: 3 }))),
      "a sum of 5 and 4 units is none: give the layers of a residual as many units as they take, 5",
    ],
    [() => classifierOf({}, dropout(0.5)), "the layers have no parameters to train"],
    [
      () =>
        classifierOf({}, (tape, x) => {
          const h = dense({ units: 3 })(tape, x);
          dense({ units: 4 })(tape, h);
          return h;
        }),
      "the output of 3 units is read by a layer as well",
    ],
    [
      () =>
        classifierOf({}, (tape, x) => {
          dense({ units: 4 })(tape, x);
          return dense({ units: 3 })(tape, x);
        }),
      "what dense of 4 units makes, 4 units, is read by nobody",
    ],
    [() => dense({ units: 0 }), "a dense layer has a whole number of units above 0, not 0"],
    // deno-lint-ignore no-explicit-any
    [() => dense({ units: 3, activation: "gelu" as any }), "the activation must be linear"],
    [
      () => classifierOf({}, sequential(recurrent({ units: 3 }), dense({ units: 3 }))),
      "a recurrent layer reads sequences: put dense() where there are none",
    ],
    [() => dropout(1), "the rate of a dropout is at least 0 and below 1, not 1"],
    [() => dropout(NaN), "not NaN"],
    [() => noise(-1), "a standard deviation, finite and at least 0, not -1"],
    [() => noise(1e39), "not 1e+39"],
    [() => sequential(), "there is no layer: give at least one"],
    // deno-lint-ignore no-explicit-any
    [() => sequential(dense({ units: 3 }), 5 as any), "layer 2 is no layer but 5"],
    [
      () => examples({ train: { inputs }, test: { inputs: { data: inputs.data, width: 6 } } }),
      "the training cases have inputs of 5 values and the test cases of 6: give both the same",
    ],
    [
      () => examples({ train: { inputs, targets: labels }, test: { inputs } }),
      "have targets of 1 values and the test cases of no",
    ],
  ];
  for (const [make, message] of refused) assertThrows(make, InputError, message);
});

const good = { name: "mine", value: "z - wanted", slope: "vec4f(1)", curvature: "tangent" };
const rough = { name: "mine", value: "x * x", slope: "2 * x" };
const broken: [string, NetworkOptions["loss"], Layer, string][] = [
  ["a loss", elementwiseLoss({ ...good, value: "z - wantd" }), dense({ units: 3 }), "value"],
  ["the slope of a loss", elementwiseLoss({ ...good, slope: "z +" }), dense({ units: 3 }), "slope"],
  [
    "a layer",
    squaredError,
    sequential(dense({ units: 3 }), elementwiseLayer({ ...rough, value: "x * cosine(x)" })),
    "value",
  ],
  [
    "the slope of a layer",
    squaredError,
    sequential(dense({ units: 3 }), elementwiseLayer({ ...rough, slope: "2 * y" })),
    "slope",
  ],
];

for (const [what, loss, layers, place] of broken) {
  gpuTest(`${what} that does not compile is placed by its name and line`, async (bench) => {
    const { gpu } = bench;
    const source = examples({ train: { inputs, targets: rows } });
    const graph = network({ source, layers, loss }).build(gpu, { replicas: 1, batch: 3 });
    const { layout } = network({ source, layers, loss });
    const vector = bench.take(new Vector(gpu, "test", layout, 1));
    const seeds = bench.buffer(new Uint32Array(2));
    const caseLoss = bench.buffer(new Float32Array(4));
    const plan = new Plan(gpu);
    graph.recordGradient(plan, { parameters: vector, gradient: vector, seeds, caseLoss });
    const error = await assertRejects(() => gpu.settle(), InputError);
    graph.free();
    assertMatch(error.message, new RegExp(`^mine: line 1, column \\d+ of its ${place}: `));
    assertEquals(error.message.includes("\n"), false);
  });
}
