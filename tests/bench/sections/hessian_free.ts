import {
  autoencoder,
  Dataset,
  generateCurves,
  type Gpu,
  hessianFreeDagger,
  type Model,
  type Optimizer,
  sgd,
  sparse,
  Trainer,
} from "../../../mod.ts";
import { median } from "../median.ts";
import type { Row } from "../report.ts";
import type { Setting } from "./section.ts";

const CASES = 1250;

const hf = (cgSteps: number) => hessianFreeDagger({ cgSteps, gradientCases: CASES });

/** A gradient first: the others are told in gradients of as many cases. */
const runs: readonly { name: string; optimizer: Optimizer; replicas: number }[] = [
  { name: "sgd", optimizer: sgd({ learningRate: 1e-4 }), replicas: 1 },
  { name: "hf-dagger, 1 step", optimizer: hf(1), replicas: 1 },
  { name: "hf-dagger, 11 steps", optimizer: hf(11), replicas: 1 },
  { name: "hf-dagger, 11 steps, 8 networks", optimizer: hf(11), replicas: 8 },
];

/**
 * Updates of Hessian-free on minibatches beside gradients of the same cases, in turns: a step of
 * conjugate gradient is a tenth of what 11 steps take more than 1.
 */
export async function measureHessianFree({ report, rounds, machine }: Setting): Promise<void> {
  const { gpu } = await machine();
  const { train: images } = generateCurves({ seed: 1, train: CASES, test: 0 });
  const train = new Dataset(gpu, images, { width: 784 });
  const model = autoencoder({ layers: [784, 100, 50, 25, 6], train });
  const trainers = await Promise.all(runs.map((run) => open(gpu, model, run)));
  try {
    const seconds = trainers.map((): number[] => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [i, trainer] of trainers.entries()) seconds[i].push(await time(trainer));
    }
    const inGradients = (of: (times: number[]) => number) =>
      median(
        seconds[0].slice(1).map((gradient, round) =>
          of(seconds.map((times) => times[round + 1])) / gradient
        ),
      );
    const rows = runs.map(({ name }, i): Row => ({
      update: name,
      ms: 1000 * median(seconds[i].slice(1)), // the first one compiles
      gradients: inGradients((times) => times[i]),
    }));
    const [one, eleven] = [1, 2];
    rows.push({
      update: "a step of conjugate gradient",
      ms: 100 * (median(seconds[eleven].slice(1)) - median(seconds[one].slice(1))),
      gradients: inGradients((times) => (times[eleven] - times[one]) / 10),
    });
    const title = `An update of 784-100-50-25-6 on ${CASES} cases, in gradients of as many`;
    report.table("hessian_free", title, rows);
  } finally {
    for (const part of [...trainers, train]) part.free();
  }
}

function open(
  gpu: Gpu,
  model: Model,
  { optimizer, replicas }: { optimizer: Optimizer; replicas: number },
): Promise<Trainer> {
  const networks = Array.from({ length: replicas }, (_, seed) => (
    { seed, optimizer, initializer: sparse() }
  ));
  return Trainer.open(gpu, { model, replicas: networks, batchSize: CASES });
}

/** Seconds of an update. */
async function time(trainer: Trainer): Promise<number> {
  const start = performance.now();
  const updates = trainer.update + 1;
  for await (const _ of trainer.run({ updates, evalCases: 0 }));
  return (performance.now() - start) / 1000;
}
