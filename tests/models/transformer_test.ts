import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertLessOrEqual,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { gaussian } from "../../core/init/gaussian.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { EPSILON } from "../../core/ops/layer_norm.ts";
import { Purpose, RandomStream, seedKey } from "../../core/random.ts";
import { attention, embedding, positions } from "../../core/reference/attention.ts";
import {
  activation,
  branches,
  dense,
  layerNorm,
  type ReferenceLayer,
  sequential,
} from "../../core/reference/layers.ts";
import { softmaxCrossEntropy } from "../../core/reference/losses.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { bigramEntropy, charactersOf, TextData } from "../../models/problems/text_data.ts";
import { type BlockOptions, transformer, visionTransformer } from "../../models/transformer.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { assertFootprint } from "./footprint.ts";

const steps = 7, batch = 3, position = 20;
const { characters, tokens } = charactersOf(
  "so much depends upon a red wheel barrow glazed with rain",
);
const vocabulary = characters.length;
const taskOf = (bench: Bench) =>
  bench.take(new TextData(bench.gpu, { vocabulary, steps, train: tokens }));

/** The same network in float64. */
function reference(
  { blocks, width, heads }: Required<Pick<BlockOptions, "blocks" | "width" | "heads">>,
) {
  const residual = (...inner: readonly ReferenceLayer[]) =>
    branches(activation("linear"), sequential(layerNorm(EPSILON), ...inner));
  const block = [
    residual(dense(3 * width), attention({ steps, heads, isCausal: true }), dense(width)),
    residual(dense(4 * width, "relu"), dense(width)),
  ];
  return sequential(
    embedding(vocabulary, width),
    positions(steps),
    ...Array(blocks).fill(block).flat(),
    layerNorm(EPSILON),
    dense(vocabulary),
  );
}

gpuTest("transformer() has the loss and the gradient of its formula", async (bench) => {
  const { gpu } = bench, shape = { blocks: 2, width: 12, heads: 3 }, seeds = [3, 4];
  const model = transformer({ task: taskOf(bench), ...shape });
  const [parameters, gradient] = [0, 1].map(() =>
    bench.take(new Vector(gpu, "test", model.layout, seeds.length))
  );
  seeds.forEach((seed, r) => parameters.write(r, model.initialValues(seed, gaussian())));
  const graph = bench.take(model.build(gpu, { replicas: seeds.length, batch }));
  const keys = bench.buffer(Uint32Array.from(seeds.flatMap(seedKey)));
  const caseLoss = bench.buffer(new Float32Array(seeds.length * batch));
  bench.run((plan) => {
    graph.recordCases(plan, { seeds: keys });
    graph.recordGradient(plan, { parameters, gradient, seeds: keys, caseLoss });
  }, { position });
  const losses = await bench.floats(caseLoss);
  for (const [r, seed] of seeds.entries()) {
    const starts = Array.from({ length: batch }, (_, row) => {
      const word = new RandomStream(seed, Purpose.sequence, position + row).uint32();
      return Math.floor(word * (tokens.length - steps) / 2 ** 32);
    });
    const rows = steps * batch;
    const at = (row: number) => starts[row % batch] + Math.floor(row / batch);
    const x = Float64Array.from({ length: rows }, (_, row) => tokens[at(row)]);
    const wanted = new Float64Array(rows * vocabulary);
    x.forEach((_, row) => wanted[row * vocabulary + tokens[at(row) + 1]] = 1);
    const theta = model.initialValues(seed, gaussian()).map((values) => values.map(Math.fround));
    const { y, backward } = reference(shape).at(x, rows, theta);
    // Averaged over steps and cases: over all rows.
    const exact = softmaxCrossEntropy(y, wanted, rows);
    const mean = losses.subarray(r * batch, (r + 1) * batch).reduce((sum, loss) => sum + loss) /
      batch;
    assertLessOrEqual(Math.abs(mean - exact.loss), 1e-5 * exact.loss);
    const told = await gradient.read(r);
    backward(exact.delta).tensors.forEach((values, t) =>
      assertLessOrEqual(
        relativeDifference(told[t], values),
        gradientTolerance,
        model.layout.tensors[t].name,
      )
    );
  }
});

gpuTest(
  "transformer() learns what follows more than one token, a replica as alone",
  async (bench) => {
    const { gpu } = bench;
    // What follows an a is told by the token before it.
    const text = charactersOf("xab".repeat(40) + "yac".repeat(40) + "xabyac".repeat(40));
    const data = { vocabulary: text.characters.length, steps: 6, train: text.tokens };
    const task = bench.take(new TextData(gpu, data));
    const model = transformer({
      task,
      blocks: 1,
      width: 8,
      heads: 2,
      activation: "gelu",
      dropout: 0.01,
    });
    const thetas = await Promise.all([[1, 2], [2]].map(async (seeds) => {
      const trainer = bench.take(
        await Trainer.open(gpu, {
          model,
          replicas: seeds.map((seed) => (
            { seed, optimizer: adamW({ learningRate: 0.03 }), initializer: gaussian() }
          )),
          batchSize: 9,
        }),
      );
      for await (
        const { update, replicas } of trainer.run({ updates: 60, every: 60, evalCases: 50 })
      ) {
        if (update < 60) continue;
        for (const { figures } of replicas) {
          assertLess(figures.bits, bigramEntropy(text.tokens));
          assertAlmostEquals(figures.bits * Math.LN2, figures.loss, 1e-6);
        }
      }
      return await trainer.theta(seeds.length - 1);
    }));
    assertEquals(thetas[0], thetas[1]);
  },
);

gpuTest("transformer() takes the bytes that it tells, and draws branches smaller", (bench) => {
  const [small, large] = [8, 2].map((blocks) => {
    const model = transformer({ task: taskOf(bench), blocks, width: 8, hidden: 17 });
    assertFootprint(bench.gpu, model, batch);
    return model.initialValues(1, gaussian())[6]; // behind the first attention
  });
  small.forEach((value, i) => assertLess(Math.abs(value / large[i] - 0.5), 1e-12));
});

gpuTest("transformer() refuses sizes that are none", (bench) => {
  const cases: [BlockOptions, string][] = [
    [{ blocks: 0 }, "blocks of a Transformer must be a whole number above 0, not 0"],
    [{ width: 1.5 }, "whole number of units above 0, not 1.5"],
    [{ heads: 3 }, "3 heads do not divide a width of 64"],
    [{ hidden: -1 }, "hidden units of a Transformer must be"],
    [{ activation: "tanh" as "relu" }, "activation must be relu or gelu, not tanh"],
    [{ dropout: 1 }, "rate of a dropout"],
  ];
  for (const [options, says] of cases) {
    assertThrows(() => transformer({ task: taskOf(bench), ...options }), InputError, says);
  }
});

gpuTest("visionTransformer() learns where in an image something is", async (bench) => {
  // The class is which of four patches is the brightest.
  const count = 64, noise = draw(count * 16, 5);
  const data = noise.map((value, i) => {
    const [at, pixel] = [Math.floor(i / 16), i % 16];
    const patch = 2 * Math.floor(pixel / 8) + Math.floor(pixel % 4 / 2);
    return (patch === at % 4 ? 1 : 0) + value / 4;
  });
  const model = visionTransformer({
    ...{ image: [1, 4, 4], size: 2, classes: 4, blocks: 1, width: 8, l2: 1e-4 },
    train: { inputs: { data, width: 16 }, targets: Array.from({ length: count }, (_, i) => i % 4) },
  });
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model,
      replicas: [{ seed: 1, optimizer: adamW({ learningRate: 0.03 }), initializer: gaussian() }],
      batchSize: 16,
    }),
  );
  for await (const _ of trainer.run({ updates: 60, every: 60, evalCases: 0 }));
  const [{ errorRate, loss }] = await trainer.evaluate("train");
  assertEquals(errorRate, 0);
  assertLess(loss, 0.1);
  const z = await model.predict(bench.gpu, await trainer.theta(), data.subarray(0, 32));
  assertEquals([z.length, z.indexOf(Math.max(...z.subarray(0, 4)))], [8, 0]);
});
