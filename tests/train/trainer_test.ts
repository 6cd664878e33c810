import { assert, assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { GPUFault, InputError } from "../../core/errors.ts";
import { openGPU } from "../../core/gpu/open.ts";
import { Profile } from "../../core/gpu/profile.ts";
import { gaussian } from "../../core/init/gaussian.ts";
import { sparse } from "../../core/init/sparse.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { paperMomentum } from "../../core/optim/schedule.ts";
import type { Report } from "../../core/train/report.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { Bench, gpuTest } from "../gpu/fixture.ts";
import { layersOf, Problem } from "../models/problem.ts";
import { forwardError, meanCrossEntropyError } from "../../core/reference/forward_error.ts";
import { lossAndGradient } from "../../core/reference/network.ts";
import { bitsOf, history, open, pointsOf, replica } from "./training.ts";

const momentum = paperMomentum({ cap: 0.95, period: 4 });
const learningRate = (step: number) => 0.1 / (1 + step / 10);

/** Networks that share nothing but their shape. */
const mixed = [
  replica(1, sgd({ learningRate: 0.2 })),
  replica(2, nesterov({ learningRate, momentum })),
  replica(1, classicalMomentum({ learningRate: 0.05, momentum: 0.9 })),
  replica(2, nesterov({ learningRate: 0.01, momentum: 0.99 }), gaussian({ deviation: 0.1 })),
  replica(2 ** 40, nesterov({ learningRate, momentum }), sparse({ fanIn: 2, scale: 0.5 })),
];

/** Batches of 5 of 23 cases, so that they straddle epochs, and layers that need padding. */
function problemOf(bench: Bench) {
  const { model } = new Problem(bench, { layers: [17, 9, 3], cases: 23 });
  return { model, batchSize: 5 };
}

/** What the lines of the first three of them read in an update. */
const scalarsAt: Record<string, (step: number) => Record<string, number>> = {
  sgd: () => ({ learning_rate: 0.2 }),
  nag: (step) => ({
    learning_rate: learningRate(step),
    momentum: momentum(step),
    lead: step === 0 ? 0 : momentum(step), // at rest nothing leads
    next_lead: momentum(step + 1),
  }),
  cm: () => ({ learning_rate: 0.05, momentum: 0.9, lead: 0, next_lead: 0 }),
};

const run = { updates: 24, every: 6, evalCases: 12 };

/** All that comes of a run: reports and bits. */
async function outcome(bench: Bench, replicas: typeof mixed, options = run) {
  const trainer = await open(bench, { ...problemOf(bench), replicas });
  return { reports: await history(trainer, options), bits: await bitsOf(trainer) };
}

gpuTest("Trainer trains replica k of a run as it is trained alone", async (bench) => {
  for (const replicas of [mixed, mixed.slice(1, 4)]) {
    const together = await outcome(bench, replicas);
    for (const [k, one] of replicas.entries()) {
      const alone = await outcome(bench, [one]);
      assertEquals(alone.bits[0], together.bits[k]);
      for (const update of [6, 12, 18, 24]) {
        assertEquals(alone.reports[update][0], together.reports[update][k]);
      }
    }
  }
});

gpuTest("Trainer gives the same bits in every run", async (bench) => {
  assertEquals(await outcome(bench, mixed), await outcome(bench, mixed));
});

gpuTest("Trainer gives the same bits whatever the chunk", async (bench) => {
  const [often, seldom] = await Promise.all(
    [1, 12].map((every) => outcome(bench, mixed, { ...run, every })),
  );
  assertEquals(Object.keys(often.reports).length, 24);
  assertEquals(often.bits, seldom.bits);
  for (const update of [12, 24]) assertEquals(often.reports[update], seldom.reports[update]);
});

gpuTest("Trainer goes on where a run has ended", async (bench) => {
  const trainer = await open(bench, { ...problemOf(bench), replicas: mixed });
  await history(trainer, { ...run, updates: 7 });
  assertEquals(trainer.update, 7);
  const reports = await history(trainer, run);
  assertEquals(Object.keys(reports).map(Number), [12, 18, 24]);
  const whole = await outcome(bench, mixed);
  assertEquals(await bitsOf(trainer), whole.bits);
  assertEquals(reports[24], whole.reports[24]);
  assertEquals(await history(trainer, run), {}); // nothing left to do
});

gpuTest(
  "Trainer reports each loss where its gradient was taken, and the scalars",
  async (bench) => {
    const problem = new Problem(bench, { layers: [17, 9, 3], cases: 23 });
    const replicas = mixed.slice(0, 3);
    const trainer = await open(bench, { model: problem.model, batchSize: 5, replicas });
    const reports: Report[] = [];
    let points = await pointsOf(trainer);
    for await (const report of trainer.run({ updates: 6, every: 1, evalCases: 0 })) {
      reports.push(report);
      for (const [r, { seed, optimizer }] of replicas.entries()) {
        const batch = problem.batch(seed, report.update - 1, 5);
        const layers = layersOf(points[r]);
        const { loss } = lossAndGradient(problem.network, layers, batch, batch);
        const forward = forwardError(problem.network, layers, batch);
        const { trainLoss, scalars, figures, divergedAt } = report.replicas[r];
        assertLess(Math.abs(trainLoss - loss), meanCrossEntropyError(forward, batch, 5));
        assertEquals(scalars, scalarsAt[optimizer.name](report.update - 1));
        assertEquals([figures, divergedAt], [{}, undefined]);
      }
      points = await pointsOf(trainer);
    }
    assertEquals(reports.map(({ update }) => update), [1, 2, 3, 4, 5, 6]);
    for (const { rate } of reports) assertGreater(rate, 0);
  },
);

gpuTest("Trainer reports at multiples of `every` and at the end", async (bench) => {
  const trainer = await open(bench, { ...problemOf(bench), replicas: mixed.slice(0, 1) });
  const asked: number[] = [];
  const evalCases = (update: number) => asked.push(update) % 2;
  const reports = await history(trainer, { updates: 11, every: 4, evalCases });
  assertEquals(asked, [4, 8, 11]);
  const evaluated = Object.values(reports).map(([{ figures }]) => Object.keys(figures));
  assertEquals(evaluated, [["squaredError"], [], ["squaredError"]]);
  assertEquals(Object.keys(await history(trainer, { updates: 13 })), ["13"]);
});

gpuTest("Trainer marks a replica that diverges, and the others keep their bits", async (bench) => {
  const healthy = [mixed[1], mixed[2]];
  const [wild, late] = [1e30, (step: number) => step === 4 ? 1e38 : 0.1]
    .map((learningRate) => replica(1, nesterov({ learningRate, momentum })));
  const replicas = [healthy[0], wild, healthy[1], late];
  const trainer = await open(bench, { ...problemOf(bench), replicas });
  const first: (number | undefined)[] = replicas.map(() => undefined);
  for await (const { update, replicas } of trainer.run({ ...run, every: 1 })) {
    const points = await pointsOf(trainer);
    for (const [r, { trainLoss, divergedAt }] of replicas.entries()) {
      const finite = [[trainLoss], ...points[r]].every((values) => values.every(Number.isFinite));
      if (!finite) first[r] ??= update;
      assertEquals(divergedAt, first[r], `replica ${r} after update ${update}`);
    }
  }
  const [a, b, c, d] = first;
  assertEquals([a, c], [undefined, undefined]);
  assert(b !== undefined && b <= 3);
  assert(d !== undefined && d >= 5 && d <= 7);
  const alone = await outcome(bench, healthy);
  const bits = await bitsOf(trainer);
  assertEquals([bits[0], bits[2]], alone.bits);
  // And what diverged is marked the same where nobody looked in between.
  const unseen = await outcome(bench, replicas, { ...run, every: 24 });
  assertEquals(unseen.reports[24].map(({ divergedAt }) => divergedAt), first);
});

gpuTest("Trainer takes nothing from the GPU after its first report", async (bench) => {
  const { gpu } = bench;
  const trainer = await open(bench, { ...problemOf(bench), replicas: mixed });
  let taken: number[] | undefined;
  for await (const _ of trainer.run({ updates: 60, every: 3, evalCases: 12 })) {
    taken ??= [gpu.allocations, gpu.allocatedBytes];
    assertEquals([gpu.allocations, gpu.allocatedBytes], taken);
  }
});

gpuTest("Trainer.free() gives back all that open() and run() took", async (bench) => {
  const { gpu } = bench;
  const problem = problemOf(bench);
  const { allocatedBytes } = gpu;
  const trainer = await Trainer.open(gpu, { ...problem, replicas: mixed });
  await history(trainer, run);
  await trainer.theta(1);
  assertGreater(gpu.allocatedBytes, allocatedBytes);
  trainer.free();
  assertEquals(gpu.allocatedBytes, allocatedBytes);
});

gpuTest("Trainer ends after the updates under way where it is told to", async (bench) => {
  const trainer = await open(bench, { ...problemOf(bench), replicas: mixed });
  const controller = new AbortController();
  const options = { updates: 1e9, evalCases: 12, signal: controller.signal };
  const generator = trainer.run(options);
  const report = generator.next();
  setTimeout(() => controller.abort(), 50);
  const { value } = await report;
  assert(value && value.update >= 1 && value.update === trainer.update);
  assertEquals(value.replicas[0].figures, (await trainer.evaluate("train", 12))[0]);
  assertEquals((await generator.next()).done, true);
  assertEquals(await history(trainer, options), {}); // aborted before it began
  // What was trained is what would have been.
  const whole = await open(bench, { ...problemOf(bench), replicas: mixed });
  await history(whole, { updates: value.update, evalCases: 0 });
  assertEquals(await bitsOf(trainer), await bitsOf(whole));
});

gpuTest("Trainer counts GPU time by kernel without changing a bit", async (bench) => {
  const { gpu } = bench;
  if (!gpu.hasTimestamps) return;
  const profile = bench.take(new Profile(gpu, 64));
  const replicas = mixed.slice(0, 2);
  const trainer = bench.take(
    await Trainer.open(gpu, { ...problemOf(bench), replicas, profile }),
  );
  await history(trainer, run);
  const calls = profile.totals.reduce((sum, { calls }) => sum + calls, 0);
  assertEquals(calls, run.updates * trainer.dispatchesPerUpdate);
  const plain = await outcome(bench, replicas);
  assertEquals(await bitsOf(trainer), plain.bits);
});

gpuTest("Trainer.open() refuses batches that do not fit, and no replicas", async (bench) => {
  const { gpu } = bench;
  const { model } = problemOf(bench);
  const replicas = mixed.slice(0, 1);
  for (const batchSize of [0, -1, 2.5, 24, NaN]) {
    await assertRejects(
      () => Trainer.open(gpu, { model, replicas, batchSize }),
      InputError,
      `a whole number from 1 to the 23 training cases, not ${batchSize}`,
    );
  }
  await assertRejects(
    () => Trainer.open(gpu, { model, replicas: [], batchSize: 5 }),
    InputError,
    "give a replica",
  );
});

gpuTest("Trainer.run() refuses reports less than one update apart", async (bench) => {
  const trainer = await open(bench, { ...problemOf(bench), replicas: mixed.slice(0, 1) });
  for (const every of [0, -5, NaN]) {
    await assertRejects(
      () => trainer.run({ updates: 10, every }).next(),
      InputError,
      `at least 1 update between two reports, not ${every}`,
    );
  }
});

Deno.test("Trainer.run() raises the loss of the device as one GPUFault", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  const gpu = await openGPU({ device });
  const bench = new Bench(gpu);
  const trainer = await open(bench, { ...problemOf(bench), replicas: mixed });
  // In the midst of it, with two chunks under way.
  const watch = setInterval(() => trainer.update > 50 && device.destroy(), 1);
  await assertRejects(
    () => history(trainer, { updates: 1e9, evalCases: 0 }),
    GPUFault,
    "lost",
  );
  clearInterval(watch);
});
