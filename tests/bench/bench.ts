/**
 * Prints what a training step costs on the adapter at hand: milliseconds, GFLOP/s beside the
 * adapter's measured arithmetic peak, and dispatches, for the paper's networks at R = 1 and 8.
 *
 * @module
 */

import {
  autoencoder,
  Dataset,
  type Gpu,
  nesterov,
  openGPU,
  paperMomentum,
  sparse,
  Trainer,
} from "../../mod.ts";
import { describeAdapter, ensureAdapter } from "../../experiments/shared/setup.ts";
import { alignTable } from "../../experiments/shared/tables.ts";
import { median } from "./median.ts";
import { arithmeticPeak } from "./peak.ts";

const networks = {
  curves: [784, 400, 200, 100, 50, 25, 6],
  mnist: [784, 1000, 500, 250, 30],
};
const batchSize = 200;
const rounds = 5;

const adapter = await ensureAdapter();
console.log(`${describeAdapter(adapter)}, ${new Date().toISOString().slice(0, 10)}`);
using gpu = await openGPU({ adapter });
const peak = await arithmeticPeak(gpu);
console.log(`arithmetic peak: ${peak.toFixed(1)} GFLOP/s\n`);
const rows: (string | number)[][] = [
  ["network", "R", "ms a step", "GFLOP/s", "of peak", "dispatches", "network-updates/s"],
];
for (const [name, layers] of Object.entries(networks)) {
  for (const replicas of [1, 8]) {
    const { seconds, dispatches } = await timeStep(gpu, layers, replicas);
    const gflops = operations(layers, replicas) / seconds / 1e9;
    rows.push([
      name,
      replicas,
      (1000 * seconds).toFixed(2),
      gflops.toFixed(1),
      `${(100 * gflops / peak).toFixed(0)} %`,
      dispatches,
      (replicas / seconds).toFixed(1),
    ]);
  }
}
console.log(alignTable(rows));

/** Of the products of a step: forward, weight gradients, and deltas but of the input. */
function operations(layers: readonly number[], replicas: number): number {
  const weights = layers.slice(1).map((size, i) => 2 * size * layers[i]);
  const all = weights.reduce((sum, count) => sum + count);
  return 2 * batchSize * replicas * (3 * all - weights[0] / 2);
}

async function timeStep(
  gpu: Gpu,
  layers: readonly number[],
  replicas: number,
): Promise<{ seconds: number; dispatches: number }> {
  const values = new Uint8Array(1000 * 784).map((_, i) => (i * 31) % 256);
  const train = new Dataset(gpu, values, { width: 784 });
  const momentum = paperMomentum({ cap: 0.99 });
  const trainer = await Trainer.open(gpu, {
    model: autoencoder({ layers, train }),
    replicas: Array.from({ length: replicas }, (_, seed) => ({
      seed,
      optimizer: nesterov({ learningRate: 0.001, momentum }),
      initializer: sparse(),
    })),
    batchSize,
  });
  const steps = gpu.isSoftware ? Math.max(2, Math.round(16 / replicas)) : 500;
  const seconds = await median(rounds, async () => {
    const updates = trainer.update + steps;
    for await (const _ of trainer.run({ updates, evalCases: 0 }));
  });
  const dispatches = trainer.dispatchesPerUpdate;
  trainer.free();
  train.free();
  return { seconds: seconds / steps, dispatches };
}
