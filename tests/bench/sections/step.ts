import {
  autoencoder,
  Dataset,
  type Gpu,
  nesterov,
  paperMomentum,
  paperProblems,
  Profile,
  replicasThatFit,
  sparse,
  Trainer,
} from "../../../mod.ts";
import { medianSeconds } from "../median.ts";
import { operationsOf } from "../operations.ts";
import type { Row } from "../report.ts";
import type { Setting } from "./section.ts";

const batchSize = 200;

/** Networks side by side; 54 are the paper's grid of a problem. */
const replicaCounts = { software: [1, 8, 24], hardware: [1, 8, 24, 54] };

/** The encoder of `paper.ts --preset small`. */
const smallLayers = [784, 100, 50, 25, 6];

/** Our training step on the paper's autoencoders, alone and side by side; and on a small one. */
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
    for (const wanted of replicaCounts[gpu.isSoftware ? "software" : "hardware"]) {
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
        hours_of_paper_grid: 54 * 750_000 * seconds / replicas / 3600,
      });
      if (replicas < wanted) break; // more do not fit
    }
  }
  report.table("step", "A training step: batch 200, Nesterov momentum", rows);
  if (!gpu.hasTimestamps) return;
  const profiles: Row[] = [];
  for (const name of networks) profiles.push(...await profileStep(gpu, name, paperProblems[name]));
  report.table("profile", "GPU time of a step of one network, each dispatch alone", profiles);
}

type Problem = typeof paperProblems[keyof typeof paperProblems];

async function timeStep(gpu: Gpu, problem: Problem, wanted: number, rounds: number) {
  const { trainer, replicas, free } = await openTrainer(gpu, problem, wanted);
  const steps = gpu.isSoftware ? Math.max(1, Math.round(8 / replicas)) : replicas > 1 ? 500 : 5000;
  const seconds = await medianSeconds(rounds, () => train(trainer, steps));
  const dispatches = trainer.dispatchesPerUpdate;
  free();
  return { replicas, seconds: seconds / steps, dispatches };
}

/** GPU time of a step by kernel. */
async function profileStep(gpu: Gpu, name: string, problem: Problem): Promise<Row[]> {
  const steps = 20;
  const profile = new Profile(gpu);
  const { trainer, free } = await openTrainer(gpu, problem, 1, profile);
  await train(trainer, steps);
  const { totals } = profile;
  free();
  profile.free();
  return totals.map(({ kernel, calls, milliseconds }) => (
    { network: name, kernel, calls: calls / steps, ms: milliseconds / steps }
  ));
}

async function train(trainer: Trainer, steps: number): Promise<void> {
  const updates = trainer.update + steps;
  for await (const _ of trainer.run({ updates, evalCases: 0 }));
}

/** A trainer of as many networks as are wanted and fit. */
async function openTrainer(gpu: Gpu, problem: Problem, wanted: number, profile?: Profile) {
  const width = problem.layers[0];
  const values = new Uint8Array(1000 * width).map((_, i) => (i * 31) % 256);
  const data = new Dataset(gpu, values, { width });
  const model = autoencoder({ ...problem, train: data });
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
    ...profile && { profile },
  });
  const free = () => {
    trainer.free();
    data.free();
  };
  return { trainer, replicas, free };
}
