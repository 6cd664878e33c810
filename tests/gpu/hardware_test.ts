import { assert, assertEquals } from "@std/assert";
import type { Gpu } from "../../core/gpu/gpu.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import type { Model } from "../../core/graph/model.ts";
import { rnn } from "../../models/rnn.ts";
import { TextData } from "../../models/problems/text_data.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { transformer } from "../../models/transformer.ts";
import { Problem } from "../models/problem.ts";
import { bitsOf, history, open, replica } from "../train/training.ts";
import { Bench } from "./fixture.ts";

const models: Record<string, (bench: Bench) => Model> = {
  autoencoder: (bench) => new Problem(bench, { layers: [33, 20, 3], cases: 50 }).model,
  rnn: () => rnn({ hidden: 17, task: markedTask({ problem: "add", length: 12 }) }),
  transformer(bench) {
    const train = Uint16Array.from({ length: 90 }, (_, i) => i * i % 11);
    const task = bench.take(
      new TextData(bench.gpu, { vocabulary: 11, steps: 9, train, test: train }),
    );
    return transformer({ task, blocks: 1, width: 18, heads: 3, activation: "gelu" });
  },
};

/** What two networks learn by the kernels of one kind of adapter, and the tiles of their products. */
async function outcome(gpu: Gpu, isSoftware: boolean, modelOf: (bench: Bench) => Model) {
  Object.defineProperty(gpu, "isSoftware", { value: isSoftware });
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
    const trainer = await open(bench, { model: modelOf(bench), replicas, batchSize: 12 });
    const reports = await history(trainer, { updates: 5, evalCases: 20 });
    return { learned: { reports, bits: await bitsOf(trainer) }, tiles };
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
