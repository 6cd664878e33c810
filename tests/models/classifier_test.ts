import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import { InputError } from "../../core/errors.ts";
import { he } from "../../core/init/he.ts";
import { glorot } from "../../core/init/glorot.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import * as reference from "../../core/reference/layers.ts";
import { softmax, softmaxCrossEntropy } from "../../core/reference/losses.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { classifier, type ClassifierOptions } from "../../models/classifier.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { assertFootprint } from "./footprint.ts";

const inputs = { data: draw(30 * 4, 1), width: 4 };
/** Which of the first three values is the largest. */
const labels = Array.from({ length: 30 }, (_, i) => {
  const own = [...inputs.data.subarray(4 * i, 4 * i + 3)];
  return own.indexOf(Math.max(...own));
});

gpuTest(
  "classifier() learns, and predict() gives the probabilities of its figures",
  async (bench) => {
    const { gpu } = bench;
    const model = classifier({
      hidden: [16, 16],
      dropout: 0.1,
      train: { inputs, targets: labels },
      test: { inputs, targets: labels },
    });
    assertEquals(model.classes, 3);
    assertEquals(model.figures, ["errorRate", "loss"]);
    const trainer = bench.take(
      await Trainer.open(gpu, {
        model,
        replicas: [{
          seed: 1,
          optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
          initializer: glorot(),
        }],
        batchSize: 10,
      }),
    );
    for await (const _ of trainer.run({ updates: 200 }));
    const [figures] = await trainer.evaluate("test");
    assertEquals(figures.errorRate, 0);
    const theta = await trainer.theta(0);
    const y = await model.predict(gpu, theta, inputs.data);
    // In float64, nothing dropped.
    const layer = reference.sequential(
      reference.dense(16, "relu"),
      reference.dense(16, "relu"),
      reference.dense(3),
    );
    const tensors = theta.map((values) => Float64Array.from(values));
    const { y: z } = layer.at(Float64Array.from(inputs.data), 30, tensors);
    softmax(z, 30).forEach((wanted, i) => assertAlmostEquals(y[i], wanted, 1e-4));
    const x = z.map((_, i) => +(labels[Math.floor(i / 3)] === i % 3));
    assertAlmostEquals(figures.loss, softmaxCrossEntropy(z, x, 30).loss, 1e-4);
  },
);

/** Images of 5 x 5 with a bright line: across, down, or none. */
const lines = Array.from({ length: 30 }, (_, i) => {
  const [kind, at] = [i % 3, Math.floor(i / 3) % 5];
  return draw(25, 10 + i).map((value, p) =>
    value / 4 + +(kind === 0 && Math.floor(p / 5) === at || kind === 1 && p % 5 === at)
  );
});
const images = { data: Float32Array.from(lines.flatMap((line) => [...line])), width: 25 };
const ofLines = { inputs: images, targets: lines.map((_, i) => i % 3) };

gpuTest("classifier() of images learns, with batch norm and dropout", async (bench) => {
  const model = classifier({
    image: [1, 5, 5],
    hidden: [{ channels: 6, size: 3 }, { pool: 3 }, 8],
    ...{ batchNorm: true, dropout: 0.05 },
    train: ofLines,
    test: ofLines,
  });
  assertEquals(
    model.layout.theta.map(({ name, rows, columns }) => `${name}: ${rows} x ${columns}`),
    [
      ...["kernels 1: 6 x 9", "biases 1: 1 x 6", "gains 2: 1 x 6", "shifts 2: 1 x 6"],
      ...["weights 3: 6 x 8", "biases 3: 1 x 8", "gains 4: 1 x 8", "shifts 4: 1 x 8"],
      ...["weights 5: 8 x 3", "biases 5: 1 x 3"],
      ...["running means 2: 1 x 6", "running variances 2: 1 x 6"],
      ...["running means 4: 1 x 8", "running variances 4: 1 x 8"],
    ],
  );
  const optimizer = nesterov({ learningRate: 0.1, momentum: 0.9 });
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model,
      replicas: [{ seed: 1, optimizer, initializer: he() }],
      batchSize: 15,
    }),
  );
  for await (const _ of trainer.run({ updates: 60 }));
  const [{ errorRate }] = await trainer.evaluate("test");
  assertEquals(errorRate, 0);
  const y = await model.predict(bench.gpu, await trainer.theta(), images.data);
  const taken = lines.map((_, i) => {
    const own = [...y.subarray(3 * i, 3 * i + 3)];
    return own.indexOf(Math.max(...own));
  });
  assertEquals(taken, ofLines.targets);
});

gpuTest("a small convolutional network of digits has 5,994 parameters", (bench) => {
  const { gpu } = bench;
  const inputs = bench.take(new Dataset(gpu, new Uint8Array(784), { width: 784 }));
  const targets = bench.take(new Dataset(gpu, new Float32Array(1), { width: 1 }));
  const model = classifier({
    image: [1, 28, 28],
    hidden: [{ channels: 8, size: 5 }, { pool: 2 }, { channels: 16, size: 5 }, { pool: 2 }],
    ...{ classes: 10, train: { inputs, targets } },
  });
  assertEquals(model.layout.parameterCount, 5994);
  assertEquals(model.layout.statistics, undefined);
  assertFootprint(gpu, model, 7);
  const strided = classifier({
    image: [1, 28, 28],
    hidden: [{ channels: 8, size: 3, stride: 2, padding: 1 }, { pool: 3, stride: 2 }],
    ...{ classes: 10, train: { inputs, targets } },
  });
  const { rows } = strided.layout.tensors.find(({ name }) => name.startsWith("weights"))!;
  assertEquals(rows, 8 * 6 * 6); // 28 to 14 to 6 pixels
});

gpuTest("a linear classifier of rows from a Dataset", (bench) => {
  const upload = (values: Float32Array<ArrayBuffer>, width: number) =>
    bench.take(new Dataset(bench.gpu, values, { width }));
  const targets = upload(new Float32Array(30 * 2).fill(0.5), 2);
  const model = classifier({ hidden: [], train: { inputs: upload(inputs.data, 4), targets } });
  assertEquals(model.layout.tensors.map(({ rows, columns }) => [rows, columns]), [[4, 2], [1, 2]]);
  const counts = upload(new Float32Array(30), 1);
  const train = { inputs, targets: counts };
  assertThrows(() => classifier({ hidden: [], train }), InputError, "give classes");
  assertEquals(classifier({ hidden: [], classes: 5, train }).classes, 5);
});

Deno.test("classifier() reads the number of classes off its targets", () => {
  const of = (targets: NonNullable<ClassifierOptions["train"]["targets"]>) =>
    classifier({ hidden: [2], train: { inputs, targets } }).classes;
  const bytes = Uint8Array.from(labels);
  assertEquals(of(labels), 3);
  assertEquals(of(bytes), 3);
  assertEquals(of({ data: bytes, dimensions: [30] }), 3);
  assertEquals(of({ data: draw(30 * 7, 1), dimensions: [30, 7] }), 7);
  assertEquals(of({ data: draw(30 * 7, 1), rows: 30, columns: 7 }), 7);
  assertEquals(of({ data: draw(30 * 7, 1), width: 7 }), 7);
  assertEquals(of(new Uint8Array(30)), 2); // a network that has seen one class knows of another
});

Deno.test("classifier() refuses what does not fit", () => {
  const train = { inputs, targets: labels };
  const refused: [Partial<ClassifierOptions>, string][] = [
    [{ train: { inputs } }, "a classifier needs to be told what its cases are: give targets"],
    [{ classes: 2 }, "the label of row"],
    [{ test: { inputs, targets: labels.with(3, 9) } }, "the label of row 3 of the test cases is 9"],
    [{ hidden: [0] }, "a dense layer has a whole number of units above 0, not 0"],
    [{ hidden: [{ channels: 2, size: 2 }] }, "convolution reads images, and what is below it"],
    [{ hidden: [4, { pool: 2 }], image: [1, 2, 2] }, "maxPool reads images, and what is below it"],
    [{ hidden: [{ pool: 3 }], image: [1, 2, 2] }, "a window of 3 x 3 does not fit into images"],
    [{ dropout: 1 }, "the rate of a dropout is at least 0 and below 1, not 1"],
    [{ l2: -1 }, "l2 must be a finite number of at least 0, not -1"],
    // deno-lint-ignore no-explicit-any
    [{ hidden: 100 as any }, "the hidden layers must be an array of units, not 100"],
    // deno-lint-ignore no-explicit-any
    [{ activation: "gelu" as any }, "the activation must be linear, sigmoid, tanh or relu"],
  ];
  for (const [options, message] of refused) {
    assertThrows(() => classifier({ hidden: [4], train, ...options }), InputError, message);
  }
});
