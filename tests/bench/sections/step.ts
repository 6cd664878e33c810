import {
  autoencoder,
  Dataset,
  type Gpu,
  nesterov,
  paperMomentum,
  paperProblems,
  replicasThatFit,
  sparse,
  Trainer,
} from "../../../mod.ts";
import { medianSeconds } from "../median.ts";
import { operationsOf } from "../operations.ts";
import type { Row } from "../report.ts";
import type { Setting } from "./section.ts";

const batchSize = 200;

/** The encoder of `paper.ts --preset small`. */
const smallLayers = [784, 100, 50, 25, 6];

/** Our training step on the paper's autoencoders, alone and as replicas; and on a small one. */
export async function measureSteps({ report, rounds, networks, machine }: Setting): Promise<void> {
  const { gpu, peak } = await machine();
  const rows: Row[] = [];
  const problems = networks.map((name) => ({ name, problem: paperProblems[name] as Problem }));
  const small = {
    name: "curves, small",
    problem: { ...paperProblems.curves, layers: smallLayers },
  };
  for (const { name, problem } of [...problems, ...networks.includes("curves") ? [small] : []]) {
    let alone = NaN;
    for (const wanted of [1, 8, 24]) {
      const { replicas, seconds, dispatches } = await timeStep(gpu, problem, wanted, rounds);
      if (replicas === 1) alone = seconds;
      const gflops = replicas * operationsOf(problem.layers, batchSize) / seconds / 1e9;
      rows.push({
        network: name,
        R: replicas,
        ms: 1000 * seconds,
        gflops,
        of_peak: `${Math.round(100 * gflops / peak)} %`,
        dispatches,
        network_updates_per_s: replicas / seconds,
        // So many times the time of one update for all of them, one after another, over that.
        cheaper: replicas * alone / seconds,
      });
      if (replicas < wanted) break; // more do not fit
    }
  }
  report.table("step", "A training step: batch 200, Nesterov momentum", rows);
}

type Problem = typeof paperProblems[keyof typeof paperProblems];

async function timeStep(gpu: Gpu, problem: Problem, wanted: number, rounds: number) {
  const width = problem.layers[0];
  const values = new Uint8Array(1000 * width).map((_, i) => (i * 31) % 256);
  const train = new Dataset(gpu, values, { width });
  const model = autoencoder({ ...problem, train });
  const replicas = Math.min(wanted, replicasThatFit(gpu, model, { batchSize }));
  const momentum = paperMomentum({ cap: 0.99 });
  const trainer = await Trainer.open(gpu, {
    model,
    replicas: Array.from({ length: replicas }, (_, seed) => ({
      seed,
      optimizer: nesterov({ learningRate: 1e-4, momentum }),
      initializer: sparse(),
    })),
    batchSize,
  });
  const steps = gpu.isSoftware ? Math.max(1, Math.round(8 / replicas)) : 500;
  const seconds = await medianSeconds(rounds, async () => {
    const updates = trainer.update + steps;
    for await (const _ of trainer.run({ updates, evalCases: 0 }));
  });
  const dispatches = trainer.dispatchesPerUpdate;
  trainer.free();
  train.free();
  return { replicas, seconds: seconds / steps, dispatches };
}
