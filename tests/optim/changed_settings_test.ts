// What an optimizer remembers, where its settings change on the way or another one goes on from it.

import { assertLessOrEqual } from "@std/assert";
import { adamW } from "../../core/optim/adamw.ts";
import { elementwise } from "../../core/optim/elementwise.ts";
import { momentumWithLead } from "../../core/optim/momentum_with_lead.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { AdamW } from "../../core/reference/rules/adamw.ts";
import { MomentumWithLead } from "../../core/reference/rules/momentum.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, follow, oddShapes, openOn, train } from "./tensors.ts";

/** Of numbers about as large as the largest: what the known answers are met to. */
const tolerance = 2e-6;

gpuTest("AdamW takes the product of the betas for its bias correction", async (bench) => {
  const landscape = bowls(oddShapes);
  const beta1 = (update: number) => update < 5 ? 0.5 : 0.95;
  const settings = { learningRate: 0.02, beta1, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 };
  const rule = follow(new AdamW(landscape.start, settings), landscape, 12);
  const scheduled = await openOn(bench, landscape, [adamW(settings)]);
  await train(scheduled, 12);
  assertLessOrEqual(difference(await scheduled.theta(), rule.theta), tolerance, "a schedule");
  const set = await openOn(bench, landscape, [adamW({ ...settings, beta1: 0.5 })]);
  await train(set, 5);
  await set.set(0, { beta1: 0.95 });
  await train(set, 12);
  assertLessOrEqual(difference(await set.theta(), rule.theta), tolerance, "set()");
});

gpuTest("a lead that changes moves the gradient point, and not theta", async (bench) => {
  const landscape = bowls(oddShapes);
  const settings = { learningRate: 0.1, momentum: 0.9 };
  const lead = (update: number) => update < 5 ? 1 : 2;
  const rule = new MomentumWithLead(landscape.start, { ...settings, lead });
  const early = follow(rule, landscape, 5).theta, late = follow(rule, landscape, 7).theta;
  const [scheduled, set] = [
    await openOn(bench, landscape, [momentumWithLead({ ...settings, lead })]),
    await openOn(bench, landscape, [momentumWithLead(settings)]),
  ];
  await train(scheduled, 12);
  await train(set, 5);
  await set.set(0, { lead: 2 });
  assertLessOrEqual(difference(await set.theta(), early), tolerance, "set(): theta stays");
  await train(set, 12);
  const nag = await openOn(bench, landscape, [nesterov(settings)]);
  await train(nag, 5);
  const optimizer = momentumWithLead({ ...settings, lead: 2 });
  const branch = await openOn(bench, landscape, [optimizer], { from: await nag.save() });
  assertLessOrEqual(difference(await branch.theta(), early), tolerance, "a branch: theta stays");
  await train(branch, 12);
  for (const [name, trainer] of Object.entries({ scheduled, set, branch })) {
    assertLessOrEqual(difference(await trainer.theta(), late), tolerance, name);
  }
});

gpuTest("a family goes on with what another one has left of a mean's start", async (bench) => {
  const landscape = bowls(oddShapes);
  const settings = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-6 };
  const family = { ...adamW(settings).family, name: "another" };
  const whole = await openOn(bench, landscape, [adamW(settings)]);
  await train(whole, 3);
  const from = await whole.save();
  await train(whole, 7);
  const other = await openOn(bench, landscape, [{ ...adamW(settings), family }], { from });
  await train(other, 7);
  assertLessOrEqual(difference(await other.theta(), await whole.theta()), 0);

  // One state is shared, another one begins anew: so do the numbers that belong to it.
  const rootMeanSquare = elementwise({
    name: "root mean square",
    states: { square: "zeros", former: "zeros" },
    settings: [],
    scalars: ["left"],
    running: { square_left: 1, former_left: 1 },
    compute: (_, __, { square_left, former_left }) => ({
      scalars: { left: 1000 * square_left + former_left },
      running: { square_left, former_left },
    }),
    body: "parameters = vec4f(left) + 0 * gradient; square = square; former = former;",
  });
  const left = await openOn(bench, landscape, [
    { name: "root mean square", family: rootMeanSquare, settings: {} },
  ], { from, beginStates: true });
  await train(left, 4);
  assertLessOrEqual(Math.abs((await left.theta())[0][0] - (1000 * 0.99 ** 3 + 1)), 1e-3);
});
