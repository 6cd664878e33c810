// Trains a tiny network with operands in buffers or textures, as the first argument says, and prints
// its resident memory in bytes every 1000 updates. Batches have more than eight cases: drivers that
// fix short loops in a kernel have something to fix then. Run with --v8-flags=--expose-gc, so that what the
// collector has not come to yet is not counted.

import { autoencoder, Dataset, nesterov, openGPU, sparse, Trainer } from "../../mod.ts";

declare const gc: () => void;

using gpu = await openGPU({ operands: Deno.args[0] as "buffers" | "textures" });
const train = new Dataset(gpu, Float32Array.from({ length: 64 }, (_, i) => i / 64), { width: 4 });
const optimizer = nesterov({ learningRate: 0.1, momentum: 0.9 });
const trainer = await Trainer.open(gpu, {
  model: autoencoder({ layers: [4, 2], train }),
  replicas: [{ seed: 1, optimizer, initializer: sparse() }],
  batchSize: 10,
});
for await (const { update } of trainer.run({ updates: 20_000, every: 1000, evalCases: 8 })) {
  gc();
  console.log(`${update} ${Deno.memoryUsage().rss}`);
}
