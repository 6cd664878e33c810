// What Hessian-free does on networks of the paper's kind: minutes each, so that it is no part of the
// tests that run every time.

import { assert, assertAlmostEquals, assertLess, assertLessOrEqual } from "@std/assert";
import {
  autoencoder,
  Dataset,
  echoState,
  generateCurves,
  type Gpu,
  hessianFree,
  hessianFreeDagger,
  markedTask,
  memorizationTask,
  openGPU,
  type Optimizer,
  type ReplicaReport,
  rnn,
  sparse,
  Trainer,
} from "../../mod.ts";

/** Runs with a GPU of its own, and tells each report. */
function longTest(name: string, body: (gpu: Gpu) => Promise<void>): void {
  Deno.test(name, async () => {
    using gpu = await openGPU();
    await body(gpu);
  });
}

/** Trains on all of 20,000 generated curves, or `cases`; what became of each update. */
async function curves(
  gpu: Gpu,
  { layers, optimizer, updates, cases = 20_000, every = 1 }: {
    layers: readonly number[];
    optimizer: Optimizer;
    updates: number;
    cases?: number;
    every?: number;
  },
): Promise<ReplicaReport[]> {
  const { train: images } = generateCurves({ seed: 1, train: cases, test: 0 });
  const train = new Dataset(gpu, images, { width: 784 });
  const trainer = await Trainer.open(gpu, {
    model: autoencoder({ layers, train }),
    replicas: [{ seed: 1, optimizer, initializer: sparse() }],
    batchSize: 200,
  });
  const reports: ReplicaReport[] = [];
  for await (const { update, replicas } of trainer.run({ updates, every, evalCases: cases })) {
    const [{ figures, scalars }] = replicas;
    console.error(update, figures.squaredError, JSON.stringify(scalars));
    reports.push(replicas[0]);
    if (replicas[0].divergedAt !== undefined) break;
  }
  trainer.free();
  train.free();
  return reports;
}

longTest("as published in 2010 the squared error of Curves falls in every update", async (gpu) => {
  const optimizer = hessianFree({ l2OfAll: 2e-5 });
  const layers = [784, 100, 50, 25, 6];
  const reports = await curves(gpu, { layers, optimizer, updates: 20 });
  const errors = reports.map(({ figures }) => figures.squaredError);
  reports.slice(0, 10).forEach(({ scalars }, k) => {
    assertAlmostEquals(scalars.lambda, 45 * (2 / 3) ** (k + 1), 1e-4 * scalars.lambda);
    assert(scalars.cg_steps >= 12 && scalars.cg_steps <= 17, `${scalars.cg_steps} steps`);
  });
  assertLessOrEqual(errors[9], 17.5);
  assertLessOrEqual(errors[19], 12.5);
  for (let k = 1; k < errors.length; k++) assertLess(errors[k], errors[k - 1]);
});

longTest(
  "on minibatches it explodes as published, and trains where lambda has a floor",
  async (gpu) => {
    const layers = [784, 50, 20, 6];
    const run = (lambdaMin: number) =>
      curves(gpu, {
        ...{ layers, updates: 120, every: 10, cases: 8000 },
        optimizer: hessianFreeDagger({ lambdaMin, l2OfAll: 2e-5 }),
      });
    const [published, held] = [await run(0), await run(0.03)];
    const errorsOf = (reports: ReplicaReport[]) =>
      reports.map(({ figures }) => figures.squaredError);
    const [before, after] = [Math.min(...errorsOf(published)), errorsOf(published).at(-1)!];
    assert(!(after < 2 * before), `from ${before} to ${after}`);
    assertLess(errorsOf(held).at(-1)!, before);
  },
);

for (const problem of ["add", "mem-5"] as const) {
  longTest(`${problem} is solved within 30 updates`, async (gpu) => {
    const [task, inputScale, hotStartGuard] = problem === "add"
      ? [markedTask({ problem, length: 20 }), 0.01, 0]
      : [memorizationTask({ symbols: 2, items: 5, length: 10 }), 0.1, 1];
    const optimizer = hessianFree({
      ...{ lambda: 0.01 * task.outputs, structuralDamping: 0.03, dampedRho: 1, precondition: 0 },
      ...{ gradientCases: 500, curvatureCases: 250, cgSteps: 50, hotStartGuard },
    });
    const trainer = await Trainer.open(gpu, {
      model: rnn({ task }),
      replicas: [{ seed: 1, optimizer, initializer: echoState({ inputScale }) }],
      batchSize: 100,
    });
    let least = Infinity;
    const run = trainer.run({ updates: 30, every: 1, evalCases: 1000, evalSplit: "test" });
    for await (const { update, replicas: [{ figures }] } of run) {
      console.error(update, figures.zeroOneLoss);
      least = Math.min(least, figures.zeroOneLoss);
      if (least < 0.02) break;
    }
    trainer.free();
    assertLess(least, 0.02);
  });
}
