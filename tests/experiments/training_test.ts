import { assertEquals, assertRejects } from "@std/assert";
import { Ending } from "../../experiments/shared/ending.ts";
import { Machine } from "../../experiments/shared/machine.ts";
import { Run } from "../../experiments/shared/run_folder.ts";
import { expandGrid, momentumOf, optimizerOf } from "../../experiments/shared/settings.ts";
import { trainGrid } from "../../experiments/shared/training.ts";
import { readTable } from "../../experiments/shared/tables.ts";
import { autoencoder, Dataset, type Gpu, GPUMemoryError, InputError, sparse } from "../../mod.ts";

const grid = {
  optimizer: ["cm", "nag", "sgd"],
  mu: [0.9, 0.5],
  schedule: ["paper"],
  learningRate: [0.1],
  init: ["sparse"],
  initScale: [1],
  seed: [1],
} as const;

/** Trains five small networks with `memory` bytes, on a GPU that `limit` has made smaller. */
async function curveOf(
  memory = Infinity,
  limit: (gpu: Gpu) => void = () => {},
): Promise<{ curve: string; status: string[] }> {
  const folder = await Deno.makeTempDir();
  const settings = expandGrid(grid);
  const rule = { schedulePeriod: 2, finish: 0, updates: 6 };
  using machine = await Machine.open({
    adapter: async () => (await navigator.gpu.requestAdapter())!,
    operands: "buffers",
    model(gpu) {
      limit(gpu);
      const cases = new Uint8Array(20 * 17).map((_, i) => i * 37);
      return autoencoder({ layers: [17, 5], train: new Dataset(gpu, cases, { width: 17 }) });
    },
  });
  try {
    using run = new Run("test", folder, {});
    const { outcomes, rows } = await trainGrid({
      machine,
      run,
      problem: "test",
      settings,
      replicaOf: (setting) => ({
        seed: setting.seed,
        optimizer: optimizerOf(setting, momentumOf(setting, rule)),
        initializer: sparse(),
      }),
      batchSize: 7,
      updates: 6,
      every: 3,
      evalCases: 20,
      figure: { name: "squaredError", column: "squared_error" },
      memory,
      checkpointEvery: { never: true },
      stopWhenDiverged: false,
      ending: new Ending(new AbortController().signal),
    });
    assertEquals(rows, readTable(Deno.readTextFileSync(`${folder}/curve.csv`)));
    const lines = Deno.readTextFileSync(`${folder}/curve.csv`).split("\n").toSorted();
    return { curve: lines.join("\n"), status: outcomes.map(({ status }) => status) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bytes of the vector of one network 17-5-17: weights, biases, weights, biases in blocks of eight. */
const vectorBytes = 4 * (24 * 8 + 8 * 8 + 8 * 24 + 8 * 24);

/** What one network takes besides its three vectors: outputs and deltas of eight rows. */
const graphBytes = 4 * 8 * (24 + 2 * 8 + 2 * 24);

const networkBytes = 3 * vectorBytes + graphBytes;

Deno.test("trainGrid() trains in rounds what does not fit at once, to the same bits", async () => {
  const all = await curveOf();
  assertEquals(all.status, Array(5).fill("ok"));
  assertEquals(await curveOf(networkBytes), all);
  assertEquals(await curveOf(3 * networkBytes - 1), all);
});

Deno.test("trainGrid() halves its rounds where the GPU's memory turns out short", async () => {
  const sizes: number[] = [];
  const short = await curveOf(Infinity, (gpu) => {
    const allocate = gpu.allocate.bind(gpu);
    gpu.allocate = (label, size, usage) => {
      if (label === "velocity") sizes.push(size / vectorBytes);
      if (label === "velocity" && size > 2 * vectorBytes) throw new GPUMemoryError("no memory");
      return allocate(label, size, usage);
    };
  });
  assertEquals(sizes, [5, 3, 2, 2, 1]);
  assertEquals(short, await curveOf());
});

Deno.test("trainGrid() refuses a network that does not fit alone", async () => {
  await assertRejects(() => curveOf(networkBytes - 1), InputError, "one network needs");
});
