// Trains Curves for one update and tells in JSON what took how many milliseconds. The argument is
// the time at which this process was started.

import { ensureAdapter } from "../../experiments/shared/setup.ts";
import {
  autoencoder,
  Dataset,
  nesterov,
  openGPU,
  paperProblems,
  sparse,
  Trainer,
} from "../../mod.ts";

const parts: Record<string, number> = {};
let last = Number(Deno.args[0]);
const started = last;
const mark = (part: string) => {
  const now = Date.now();
  parts[part] = now - last;
  last = now;
};
mark("process and modules");
const adapter = await ensureAdapter();
using gpu = await openGPU({ adapter });
mark("adapter and device");
const train = new Dataset(gpu, new Uint8Array(1000 * 784), { width: 784 });
await gpu.settle();
mark("data, 1000 cases");
const compiled = timeCompiling(gpu.device);
const trainer = await Trainer.open(gpu, {
  model: autoencoder({ ...paperProblems.curves, train }),
  replicas: [{
    seed: 1,
    optimizer: nesterov({ learningRate: 0.01, momentum: 0.9 }),
    initializer: sparse(),
  }],
  batchSize: 200,
});
mark("weights, buffers, plan");
parts["weights, buffers, plan"] -= compiled();
parts["compile"] = compiled();
for await (const _ of trainer.run({ updates: 1, evalCases: 0 }));
mark("first update");
for await (const _ of trainer.run({ updates: 2, evalCases: 0 }));
parts["all"] = last - started;
mark("second update");
console.log(JSON.stringify(parts));
Deno.exit(0);

/** From now on counts the milliseconds spent in creating pipelines. */
function timeCompiling(device: GPUDevice): () => number {
  const create = device.createComputePipeline.bind(device);
  let spent = 0;
  device.createComputePipeline = (descriptor) => {
    const start = performance.now();
    const pipeline = create(descriptor);
    spent += performance.now() - start;
    return pipeline;
  };
  return () => spent;
}
