// Takes memory again and again: "steps N" trains a tiny network for N updates, "trainers N" opens and
// closes N trainers, with operands in "buffers" or "textures". Prints ten lines of JSON. It is run
// with --v8-flags=--expose-gc: what the collector has not come to yet does not count.

import {
  autoencoder,
  Dataset,
  nesterov,
  openGPU,
  sparse,
  Trainer,
  type TrainerOptions,
} from "../../mod.ts";

declare const gc: () => void;

const [kind, countText, operands] = Deno.args;
const count = Number(countText);

using gpu = await openGPU({ operands: operands as "buffers" | "textures" });

const kinds: Record<string, () => Promise<void>> = {
  async steps() {
    const trainer = await Trainer.open(gpu, taskOf([4, 2]));
    const reports = trainer.run({ updates: count, every: count / 10, evalCases: 8 });
    for await (const { update } of reports) tell(update);
  },

  async trainers() {
    const task = taskOf([256, 128, 16]);
    for (let opened = 1; opened <= count; opened++) {
      const trainer = await Trainer.open(gpu, task);
      for await (const _ of trainer.run({ updates: 3, evalCases: 8 }));
      trainer.free();
      if (opened % (count / 10) === 0) tell(opened, 4 * task.model.layout.parameterCount);
    }
  },
};

await kinds[kind]();

function taskOf(layers: readonly [number, ...number[]]): TrainerOptions {
  const [width] = layers;
  const values = Float32Array.from({ length: 16 * width }, (_, i) => i / (16 * width));
  const optimizer = nesterov({ learningRate: 0.1, momentum: 0.9 });
  return {
    model: autoencoder({ layers, train: new Dataset(gpu, values, { width }) }),
    replicas: [{ seed: 1, optimizer, initializer: sparse() }],
    // Drivers that unroll short loops compile a kernel anew for each length up to eight.
    batchSize: 10,
  };
}

/** `least` is what the least that might be forgotten would cost each time: a page, if nothing else. */
function tell(done: number, least = 4096): void {
  gc();
  const { allocations, allocatedBytes } = gpu;
  const { rss: residentBytes } = Deno.memoryUsage();
  console.log(JSON.stringify({ done, least, allocations, allocatedBytes, residentBytes }));
}
