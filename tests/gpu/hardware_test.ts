import { assert, assertEquals } from "@std/assert";
import { examples } from "../../core/data/examples.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { errorRate, softmaxCrossEntropy } from "../../core/graph/losses.ts";
import type { Model } from "../../core/graph/model.ts";
import { network } from "../../core/graph/network.ts";
import { dense } from "../../core/layers/dense.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { elementwiseLayer } from "../../core/layers/elementwise_layer.ts";
import { noise } from "../../core/layers/noise.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { Curvature } from "../../core/train/curvature.ts";
import { hutchinson } from "../../core/train/hutchinson.ts";
import { classifier } from "../../models/classifier.ts";
import { rnn } from "../../models/rnn.ts";
import { transformer, visionTransformer } from "../../models/transformer.ts";
import { SequenceData } from "../../models/problems/sequence_data.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { TextData } from "../../models/problems/text_data.ts";
import { Problem } from "../models/problem.ts";
import { bitsOf, history, open, replica } from "../train/training.ts";
import { Bench, draw } from "./fixture.ts";

/** Fifty cases of three classes. */
function casesOf(width: number) {
  const targets = Array.from({ length: 50 }, (_, i) => i % 3);
  return { inputs: { data: draw(50 * width, 1), width }, targets };
}

const models: Record<string, (bench: Bench) => Model> = {
  autoencoder: (bench) => new Problem(bench, { layers: [33, 20, 3], cases: 50 }).model,
  classifier: () =>
    network({
      source: examples({ train: casesOf(17) }),
      layers: sequential(
        noise(0.1),
        dense({ units: 9 }),
        elementwiseLayer({ name: "x cos x", value: "x * cos(x)", slope: "cos(x) - x * sin(x)" }),
        dropout(0.4),
        dense({ units: 3 }),
      ),
      loss: softmaxCrossEntropy,
      figures: [errorRate],
    }),
  "classifier of images": () =>
    classifier({
      image: [2, 7, 6],
      hidden: [{ channels: 5, size: [3, 2] }, { pool: 2 }, { channels: 9, size: 2 }],
      batchNorm: true,
      train: casesOf(2 * 7 * 6),
    }),
  "vision transformer": () =>
    visionTransformer({
      ...{ image: [1, 6, 4], size: 2, classes: 3, blocks: 1, width: 8 },
      train: casesOf(6 * 4),
    }),
  rnn: () => rnn({ hidden: 17, task: markedTask({ problem: "add", length: 12 }) }),
  "rnn on sequences of one's own": ({ gpu }) => {
    const [steps, cases] = [5, 30];
    const train = { inputs: draw(2 * steps * cases, 1), targets: draw(cases, 2) };
    const task = new SequenceData(gpu, { inputs: 2, outputs: 1, steps, train });
    return rnn({ hidden: 9, task });
  },
  transformer: ({ gpu }) => {
    const train = Uint16Array.from({ length: 90 }, (_, i) => i * i % 7);
    return transformer({ task: new TextData(gpu, { vocabulary: 7, steps: 6, train }), width: 16 });
  },
};

/** The lines of the engine that ask which kind of adapter it is. */
const asking = new Set<string>();

/**
 * What two networks learn by the kernels of one kind of adapter, the trace of their curvature, and
 * the tiles of their products.
 */
async function outcome(gpu: Gpu, isSoftware: boolean, modelOf: (bench: Bench) => Model) {
  Object.defineProperty(gpu, "isSoftware", {
    get() {
      const [, line] = /\n.*\n.*\/((?:core|models)\/[^:]+:\d+)/.exec(new Error().stack!) ?? [];
      if (line) asking.add(line);
      return isSoftware;
    },
  });
  const bench = new Bench(gpu);
  const tiles = new Set<string>();
  const kernel = gpu.kernel.bind(gpu);
  gpu.kernel = (name, sources, constants, explain) => {
    const { LANES, ROWS, COLUMNS } = constants ?? {};
    if (name.startsWith("matmul")) tiles.add(`${LANES} of ${ROWS} x ${COLUMNS}`);
    return kernel(name, sources, constants, explain);
  };
  try {
    const optimizer = nesterov({ learningRate: 0.01, momentum: 0.9 });
    const replicas = [1, 2].map((seed) => replica(seed, optimizer));
    const model = modelOf(bench);
    const trainer = await open(bench, { model, replicas, batchSize: 12 });
    const reports = await history(trainer, { updates: 5, evalCases: 20 });
    const curvature = bench.take(
      await Curvature.open(gpu, {
        ...{ matrix: "gauss-newton", model, cases: 12 },
        replicas: [{ seed: 1, theta: await trainer.theta(0) }],
      }),
    );
    const trace = await hutchinson(curvature, { samples: 2 });
    return { learned: { reports, bits: await bitsOf(trainer), trace }, tiles };
  } finally {
    bench.free();
    await gpu.settle();
  }
}

for (const [name, modelOf] of Object.entries(models)) {
  Deno.test(`${name}: learns the same by the kernels for GPUs and for CPUs`, async () => {
    const outcomes = [];
    for (const isSoftware of [true, false]) {
      using gpu = await openGPU({ operands: "buffers" });
      outcomes.push(await outcome(gpu, isSoftware, modelOf));
    }
    const [cpu, graphics] = outcomes;
    assertEquals(graphics.learned, cpu.learned);
    assertEquals([...cpu.tiles], ["8 of 3 x 4"]);
    assert(!graphics.tiles.has("8 of 3 x 4") && graphics.tiles.size > 0);
  });
}

Deno.test("no line of the engine that asks for the kind of adapter was left out", async () => {
  const lines: string[] = [];
  const walk = async (folder: string) => {
    for await (
      const { name, isDirectory } of Deno.readDir(new URL(`../../${folder}`, import.meta.url))
    ) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else if (path.endsWith(".ts") && path !== "core/gpu/gpu.ts") {
        const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
        text.split("\n").forEach((line, i) => {
          if (/^(?! *(\*|\/\/)).*(\.|\{ )isSoftware\b/.test(line)) lines.push(`${path}:${i + 1}`);
        });
      }
    }
  };
  for (const folder of ["core", "models"]) await walk(folder);
  assertEquals([...asking].toSorted(), lines.toSorted());
});
