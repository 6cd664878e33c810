import {
  adamW,
  adan,
  adaptiveHeavyBall,
  adEMAMix,
  aggMo,
  autoencoder,
  classicalMomentum,
  Dataset,
  type Gpu,
  lion,
  lookahead,
  lowRankMomentum,
  type Model,
  momentumWithLead,
  muon,
  nadamW,
  nesterov,
  type Optimizer,
  paperProblems,
  partialMomentum,
  qhm,
  restartedNesterov,
  scheduleFreeAdamW,
  scheduleFreeSGD,
  sgd,
  simplifiedAdEMAMix,
  sparse,
  Trainer,
} from "../../../mod.ts";
import { median } from "../median.ts";
import type { Row } from "../report.ts";
import type { Setting } from "./section.ts";

const rates = { learningRate: 1e-4, momentum: 0.9 };

/** NAG first: the others are told beside it. */
const optimizers: readonly [name: string, optimizer: Optimizer][] = [
  ["nag", nesterov(rates)],
  ["nag, momentum by layer", byLayer()],
  ["sgd", sgd({ learningRate: 1e-4 })],
  ["cm", classicalMomentum(rates)],
  ["lead", momentumWithLead({ ...rates, lead: 0.5 })],
  ["qhm", qhm(rates)],
  ["adamw", adamW()],
  ["adamw, no group", withoutGroups(adamW())],
  ["nadamw", nadamW()],
  ["adan", adan()],
  ["ademamix", adEMAMix()],
  ["simplified-ademamix", simplifiedAdEMAMix()],
  ["schedule-free-sgd", scheduleFreeSGD()],
  ["schedule-free-adamw", scheduleFreeAdamW()],
  ["adaptive-heavy-ball", adaptiveHeavyBall({ learningRate: 1e-4 })],
  ["restart", restartedNesterov({ learningRate: 1e-4 })],
  ["aggmo", aggMo({ learningRate: 1e-4 })],
  ["lion", lion()],
  ["lookahead(nag)", lookahead(nesterov(rates))],
  ["partial (ends)", partialMomentum({ ...rates, in: "ends" })],
  ["low-rank, rank 4", lowRankMomentum({ ...rates, rank: 4 })],
  ["muon", muon()],
].map(([name, optimizer]) => [name as string, optimizer as Optimizer]);

/** Momentum of its own for every layer: as many groups of tensors. */
function byLayer(): Optimizer {
  const layers = Array.from({ length: 12 }, (_, i) => i + 1);
  const groups = layers.map((layer) => ({
    match: ({ name }: { name: string }) => name.endsWith(` ${layer}`),
    settings: { momentum: 0.5 + layer / 40 },
  }));
  return nesterov({ ...rates, groups });
}

/** The same lines where weights and biases are one group. */
function withoutGroups(optimizer: Optimizer): Optimizer {
  const settings = optimizer.family.settings.map((setting) => ({ ...setting, weightsOnly: false }));
  return { ...optimizer, family: { ...optimizer.family, settings } };
}

/**
 * The update alone of every family, on the parameters of the paper's Curves autoencoder: families
 * take turns in each round, and each is told by its ratio to NAG's update of the same round.
 */
export async function measureOptimizers({ report, rounds, machine }: Setting): Promise<void> {
  const { gpu } = await machine();
  using data = disposable(new Dataset(gpu, new Uint8Array(784), { width: 784 }));
  const model = withoutGradient(autoencoder({ ...paperProblems.curves, train: data.value }));
  const trainers = await Promise.all(optimizers.map(([, one]) => open(gpu, model, one)));
  try {
    const seconds = trainers.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [i, trainer] of trainers.entries()) seconds[i].push(await time(gpu, trainer));
    }
    const rows = optimizers.map(([name], i): Row => {
      const own = seconds[i].slice(1); // the first one compiles
      return {
        optimizer: name,
        state_bytes: trainers[i].stateBytes(),
        dispatches: trainers[i].dispatchesPerUpdate - 1, // that of the loss is no part of it
        ms: 1000 * median(own),
        of_nag: median(own.map((time, round) => time / seconds[0][round + 1])),
      };
    });
    report.table("optimizers", "The update alone of 842,340 parameters, beside NAG's", rows);
  } finally {
    for (const trainer of trainers) trainer.free();
  }
}

/** A model whose gradient stays zero: what is left of a step is the update. */
function withoutGradient(model: Model): Model {
  return {
    layout: model.layout,
    cases: model.cases,
    figures: [],
    initialValues: (seed, initializer) => model.initialValues(seed, initializer),
    footprint: () => ({ largest: 0, total: 0 }),
    build: () => ({
      recordCases() {},
      recordLoss() {},
      recordGradient() {},
      recordFigures() {},
      free() {},
    }),
  };
}

function open(gpu: Gpu, model: Model, optimizer: Optimizer): Promise<Trainer> {
  const replicas = [{ seed: 1, optimizer, initializer: sparse() }];
  return Trainer.open(gpu, { model, replicas, batchSize: 1 });
}

/** Seconds of an update, among some. */
async function time(gpu: Gpu, trainer: Trainer): Promise<number> {
  const updates = gpu.isSoftware ? 10 : 2000;
  const start = performance.now();
  for await (const _ of trainer.run({ updates: trainer.update + updates, evalCases: 0 }));
  return (performance.now() - start) / 1000 / updates;
}

function disposable<Part extends { free(): void }>(value: Part) {
  return { value, [Symbol.dispose]: () => value.free() };
}
