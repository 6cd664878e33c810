import { assertEquals, assertLessOrEqual } from "@std/assert";
import { scheduleFreeAdamW } from "../../core/optim/schedule_free_adamw.ts";
import { scheduleFreeSGD } from "../../core/optim/schedule_free_sgd.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, oddShapes, openOn, train } from "./tensors.ts";

/** Of numbers about as large as the largest: what the known answers are met to. */
const tolerance = 2e-6;

const landscape = bowls(oddShapes);
const settings = { learningRate: 0.5, warmUp: 3, weightPower: 1 };

/** The average x of the sequences as the paper writes them, the momentum of y differing. */
function averageOf(momentum: (update: number) => number, updates: number): Float64Array[] {
  let [x, z, y] = [0, 1, 2].map(() => landscape.start.map(({ values }) => values as Float64Array));
  let weights = 0;
  for (let t = 1; t <= updates; t++) {
    const rate = settings.learningRate * Math.min(1, t / settings.warmUp);
    weights += t * rate ** 2;
    const share = t * rate ** 2 / weights;
    const gradient = landscape.gradient(y, t - 1);
    z = z.map((all, k) => all.map((z, i) => z - rate * gradient[k][i]));
    x = x.map((all, k) => all.map((x, i) => (1 - share) * x + share * z[k][i]));
    const beta = momentum(t);
    y = x.map((all, k) => all.map((x, i) => beta * x + (1 - beta) * z[k][i]));
  }
  return x;
}

gpuTest("schedule-free SGD takes a momentum that changes as it comes", async (bench) => {
  const momentum = (update: number) => update < 6 ? 0.6 : 0.95;
  const expected = averageOf(momentum, 12);
  const scheduled = await openOn(bench, landscape, [scheduleFreeSGD({ ...settings, momentum })]);
  await train(scheduled, 12);
  assertLessOrEqual(difference(await scheduled.theta(), expected), tolerance, "a schedule");
});

gpuTest("schedule-free methods keep theta where their momentum is set", async (bench) => {
  for (const make of [scheduleFreeSGD, scheduleFreeAdamW]) {
    const trainer = await openOn(bench, landscape, [make({ ...settings, momentum: 0.6 })]);
    await train(trainer, 6);
    const before = await trainer.theta();
    await trainer.set(0, { momentum: 0.95 });
    // The parameters are moved, and theta is a sum of two products: three roundings.
    assertLessOrEqual(difference(await trainer.theta(), before), 2 ** -22);
    if (make === scheduleFreeAdamW) continue;
    await train(trainer, 12);
    const expected = averageOf((update) => update < 6 ? 0.6 : 0.95, 12);
    assertLessOrEqual(difference(await trainer.theta(), expected), tolerance);
  }
});

gpuTest("a schedule-free run goes on under another momentum from its theta", async (bench) => {
  const former = await openOn(bench, landscape, [scheduleFreeSGD({ ...settings, momentum: 0.6 })]);
  await train(former, 6);
  const optimizer = scheduleFreeSGD({ ...settings, momentum: 0.95 });
  const resumed = await openOn(bench, landscape, [optimizer], { from: await former.save() });
  assertLessOrEqual(difference(await resumed.theta(), await former.theta()), 2 ** -22);
  await train(resumed, 12);
  const expected = averageOf((update) => update < 6 ? 0.6 : 0.95, 12);
  assertLessOrEqual(difference(await resumed.theta(), expected), tolerance);
});

gpuTest("schedule-free AdamW hands its average on to schedule-free SGD", async (bench) => {
  const former = await openOn(bench, landscape, [scheduleFreeAdamW(settings)]);
  await train(former, 6);
  const from = await former.save();
  const resumed = await openOn(bench, landscape, [scheduleFreeSGD(settings)], { from });
  assertEquals(await resumed.theta(), await former.theta());
  await train(resumed, 7);
  const { weights } = (await resumed.save()).replicas[0].groups[0].running;
  assertEquals(
    weights,
    [1, 2, 3, 4, 5, 6, 7].reduce(
      (sum, t) => sum + t * (0.5 * Math.min(1, t / 3)) ** 2,
      0,
    ),
  );
});
