import { assertEquals, assertRejects } from "@std/assert";
import { readCells } from "../../../experiments/study/cell.ts";
import { table5 } from "../../../experiments/studies/grid.ts";
import { networksOf } from "../../../experiments/studies/stages.ts";
import { trainNetworks, type Workshop } from "../../../experiments/study/train.ts";
import { type Gpu, GPUMemoryError, openGPU } from "../../../mod.ts";
import { scratch } from "../scratch.ts";

const networks = networksOf([table5(["add"], {
  lengths: { add: 10, mul: 10, "mem-5": 3, "mem-20": 3 },
  hidden: 15,
  updates: 3,
  warmUpUpdates: 1,
  mu: [0, 0.9],
  learningRates: [0.01],
  seeds: [1],
  batchSize: 5,
})], new Map());

function workshopOf(gpu: Gpu, folder: string): Workshop {
  const interruption = new AbortController().signal;
  return {
    ...{ gpu, adapter: "test", folder, interruption },
    data: undefined,
    replicas: undefined,
    begin() {},
  };
}

/** Refuses trainers of more than so many networks; tells how many those had that were asked for. */
function limitMemory(gpu: Gpu, most: number): number[] {
  const asked: number[] = [];
  const allocate = gpu.allocate.bind(gpu);
  gpu.allocate = (label, size, usage) => {
    if (label === "seeds") {
      const replicas = size / 8; // two words each
      asked.push(replicas);
      if (replicas > most) throw new GPUMemoryError("out of GPU memory");
    }
    return allocate(label, size, usage);
  };
  return asked;
}

Deno.test("trainNetworks() halves its rounds where the GPU's memory turns out short", async () => {
  const results = async (most: number) => {
    using folder = scratch();
    using gpu = await openGPU();
    const asked = limitMemory(gpu, most);
    await trainNetworks(networks, workshopOf(gpu, folder.path));
    const cells = readCells(folder.path);
    return { asked, results: networks.map(({ id }) => cells.get(id)!.result) };
  };
  const [enough, short] = [await results(3), await results(1)];
  // Those that are tried and those that are trained.
  assertEquals(enough.asked, [3, 3]);
  assertEquals(short.asked, [3, 2, 1, 1, 1, 1]);
  assertEquals(short.results, enough.results);
});

Deno.test("trainNetworks() gives up where not even one network has room", async () => {
  using folder = scratch();
  using gpu = await openGPU();
  limitMemory(gpu, 0);
  await assertRejects(() => trainNetworks(networks, workshopOf(gpu, folder.path)), GPUMemoryError);
});
