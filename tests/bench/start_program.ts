// Trains Curves for one update and tells in JSON what took how many milliseconds. The arguments are
// the time at which this process was started, and the folder that keeps what tuning finds.

import { ensureAdapter } from "../../experiments/study/adapter.ts";
import { tuningFiles } from "../../experiments/files/tuning_files.ts";
import {
  autoencoder,
  Dataset,
  nesterov,
  openGPU,
  paperProblems,
  sparse,
  Trainer,
  type Tuner,
} from "../../mod.ts";

const parts: Record<string, number> = {};
let isTuning = false;
let last = Number(Deno.args[0]);
const started = last;
const mark = (part: string) => {
  const now = Date.now();
  parts[part] = now - last;
  last = now;
};
mark("process and modules");
const adapter = await ensureAdapter();
using gpu = await openGPU({ adapter, tuning: tuningFiles(Deno.args[1]) });
mark("adapter and device");
const train = new Dataset(gpu, new Uint8Array(1000 * 784), { width: 784 });
await gpu.settle();
mark("data, 1000 cases");
const compiled = timeCompiling(gpu.device);
const tuned = gpu.tuning && timeTuning(gpu.tuning);
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
parts["tuning"] = tuned?.() ?? 0;
parts["compile"] = compiled();
parts["weights, buffers, plan"] -= parts["tuning"] + parts["compile"];
for await (const _ of trainer.run({ updates: 1, evalCases: 0 }));
mark("first update");
for await (const _ of trainer.run({ updates: 2, evalCases: 0 }));
parts["all"] = last - started;
mark("second update");
console.log(JSON.stringify(parts));
Deno.exit(0);

/** From now on counts the milliseconds spent in creating pipelines, but for those of the tuning. */
function timeCompiling(device: GPUDevice): () => number {
  const create = device.createComputePipeline.bind(device);
  let spent = 0;
  device.createComputePipeline = (descriptor) => {
    const start = performance.now();
    const pipeline = create(descriptor);
    if (!isTuning) spent += performance.now() - start;
    return pipeline;
  };
  return () => spent;
}

/** From now on counts the milliseconds spent in measuring variants. */
function timeTuning(tuning: Tuner): () => number {
  const decide = tuning.decide.bind(tuning);
  let spent = 0;
  tuning.decide = async (choices) => {
    const start = performance.now();
    isTuning = true;
    await decide(choices);
    isTuning = false;
    spent += performance.now() - start;
  };
  return () => spent;
}
