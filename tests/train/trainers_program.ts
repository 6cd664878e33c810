// Opens and closes a hundred trainers of a small network, two at a time, with operands in buffers or
// textures, as the first argument says. Prints after each two the bytes that are left of them on the
// GPU, the resident memory, and the bytes of one vector of the network. Run with
// --v8-flags=--expose-gc.

import { autoencoder, Dataset, nesterov, openGPU, sparse, Trainer } from "../../mod.ts";

declare const gc: () => void;

using gpu = await openGPU({ operands: Deno.args[0] as "buffers" | "textures" });
const train = new Dataset(gpu, new Uint8Array(784 * 50).map((_, i) => i), { width: 784 });
const model = autoencoder({ layers: [784, 100], train });
const optimizer = nesterov({ learningRate: 0.01, momentum: 0.9 });
const replicas = [{ seed: 1, optimizer, initializer: sparse() }];
const { allocatedBytes } = gpu;
for (let i = 0; i < 50; i++) {
  const trainer = await Trainer.open(gpu, { model, replicas, batchSize: 10 });
  for await (const _ of trainer.run({ updates: 3, every: 2, evalCases: 20 }));
  const reopened = await Trainer.open(gpu, {
    model,
    replicas,
    batchSize: 10,
    from: await trainer.save(),
  });
  for await (const _ of reopened.run({ updates: 5, evalCases: 20 }));
  trainer.free();
  reopened.free();
  await gpu.settle();
  gc();
  const vector = 4 * model.layout.length;
  console.log(gpu.allocatedBytes - allocatedBytes, Deno.memoryUsage().rss, vector);
}
