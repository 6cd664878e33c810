// What is the same in exact arithmetic: families at settings where one of them is another one.

import { assertEquals, assertLessOrEqual, assertNotEquals } from "@std/assert";
import { adamW } from "../../core/optim/adamw.ts";
import { adan } from "../../core/optim/adan.ts";
import { adEMAMix } from "../../core/optim/ademamix.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { elementwise } from "../../core/optim/elementwise.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import { momentumWithLead } from "../../core/optim/momentum_with_lead.ts";
import { nadamW } from "../../core/optim/nadamw.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { qhm } from "../../core/optim/qhm.ts";
import { paperMomentum } from "../../core/optim/schedule.ts";
import { sgd } from "../../core/optim/sgd.ts";
import type { Trainer } from "../../core/train/trainer.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, type Landscape, oddShapes, openOn, train } from "./tensors.ts";

const landscape = bowls(oddShapes);
const updates = 12;

/** The same gradient everywhere: that of the bowls at their start. */
const slope: Landscape = {
  start: landscape.start,
  gradient: () => landscape.gradient(landscape.start.map(({ values }) => values), 0),
};

const adaptive = { learningRate: 0.02, epsilon: 1e-6, weightDecay: 0.1 };

gpuTest("AdEMAMix without its slow mean is AdamW, to the bit", async (bench) => {
  const betas = { beta1: 0.9, beta2: 0.99 };
  const mixed = adEMAMix({ ...adaptive, ...betas, alpha: 0, beta3: 0.999 });
  const [a, b] = await trained(bench, [mixed, adamW({ ...adaptive, ...betas })]);
  assertEquals(await a.theta(), await b.theta());
});

gpuTest("Adan on a constant gradient is AdamW, to the bit", async (bench) => {
  const [a, b] = await trained(bench, [
    adan({ ...adaptive, prox: false }),
    adamW({ ...adaptive, beta1: 0.98, beta2: 0.99 }),
  ], slope);
  assertEquals(await a.theta(), await b.theta());
});

gpuTest("Adan with and without prox differ by the square of the decay", async (bench) => {
  const [a, b] = await trained(bench, [adan(adaptive), adan({ ...adaptive, prox: false })]);
  // An update divides by 1 + d and not by 1 / (1 - d), d = lr wd: by d^2 of a number apart, and by d
  // of a step, which is about lr.
  const decay = adaptive.learningRate * adaptive.weightDecay;
  const apart = difference(await a.theta(), await b.theta());
  assertLessOrEqual(apart, 2 * updates * decay * (decay + adaptive.learningRate));
  assertNotEquals(apart, 0);
});

gpuTest("NAdamW with psi 0 has a momentum of half of beta1", async (bench) => {
  const [a, b] = await trained(bench, [
    nadamW({ ...adaptive, beta1: 0.9, beta2: 0.99, psi: 0 }),
    { name: "constant", family: constantNAdamW, settings: { weightDecay: 0.1 } },
  ]);
  // Both round a step some ten times an update, each by 2^-24 of it; a step is about lr, theta 1.
  const rounding = updates * (10 * adaptive.learningRate + 2) * 2 ** -24;
  assertLessOrEqual(difference(await a.theta(), await b.theta()), rounding);
});

gpuTest("a lead of 0 has the bits of classical momentum, a lead of 1 NAG's", async (bench) => {
  const settings = { learningRate: 0.1, momentum: paperMomentum({ cap: 0.9, period: 3 }) };
  const [none, cm, one, nag, default_] = await trained(bench, [
    momentumWithLead({ ...settings, lead: 0 }),
    classicalMomentum(settings),
    momentumWithLead({ ...settings, lead: 1 }),
    nesterov(settings),
    momentumWithLead(settings),
  ]);
  assertEquals(await none.theta(), await cm.theta());
  for (const trainer of [one, default_]) {
    assertEquals(await trainer.theta(), await nag.theta());
    assertEquals(await parametersOf(trainer), await parametersOf(nag));
  }
});

gpuTest("QHM with nu = beta takes its gradient where NAG does, to the bit", async (bench) => {
  for (const momentum of [0.5, 0.9, 0.99]) {
    const [a, b] = await trained(bench, [
      qhm({ learningRate: 0.05 / (1 - momentum), momentum, nu: momentum }),
      nesterov({ learningRate: 0.05, momentum }),
    ]);
    assertEquals(await parametersOf(a), await parametersOf(b), `${momentum}`);
  }
});

gpuTest("QHM with nu = 1 is classical momentum, to the bit", async (bench) => {
  const [a, b] = await trained(bench, [
    qhm({ learningRate: 0.5, momentum: 0.9, nu: 1 }),
    classicalMomentum({ learningRate: 0.5 * (1 - 0.9), momentum: 0.9 }),
  ]);
  assertEquals(await a.theta(), await b.theta());
});

gpuTest("QHM with nu = 0 is SGD", async (bench) => {
  const momentum = 0.9;
  const [a, b] = await trained(bench, [
    qhm({ learningRate: 0.1, momentum, nu: 0 }),
    sgd({ learningRate: 0.1 }),
  ]);
  // What lead v adds in an update the next one takes away again. It is at most lead lr |g|, |g| at
  // most 4 here, and is rounded with theta some four times an update, each by 2^-24 of it.
  const lead = momentum / (1 - momentum);
  const rounding = updates * 4 * (1 + lead * 0.1 * 4) * 2 ** -24;
  assertLessOrEqual(difference(await a.theta(), await b.theta()), rounding);
});

/** NAdamW as it is where mu is always half of beta1 = 0.9, in lines of its own. */
const constantNAdamW = elementwise({
  name: "constant",
  states: { m: "zeros", s: "zeros" },
  settings: [{ name: "weightDecay", weightsOnly: true, help: "" }],
  scalars: ["fresh", "past", "correction", "keep"],
  compute: ({ weightDecay }, _, __, update) => {
    const [mu, product] = [0.45, 0.45 ** (update + 1)];
    return {
      scalars: {
        fresh: 0.02 * (1 - mu) / (1 - product),
        past: 0.02 * mu / (1 - product * mu),
        correction: 1 / (1 - 0.99 ** (update + 1)),
        keep: 1 - 0.02 * weightDecay,
      },
      running: {},
    };
  },
  body: `
    m = 0.9 * m + 0.1 * gradient;
    s = 0.99 * s + 0.01 * gradient * gradient;
    parameters = keep * parameters - (fresh * gradient + past * m) / (sqrt(s * correction) + 1e-6);
  `,
});

/** A trainer of each optimizer after some updates. */
async function trained(
  bench: Bench,
  optimizers: readonly Optimizer[],
  on: Landscape = landscape,
): Promise<Trainer[]> {
  const trainers: Trainer[] = [];
  for (const optimizer of optimizers) {
    const trainer = await openOn(bench, on, [optimizer]);
    await train(trainer, updates);
    trainers.push(trainer);
  }
  return trainers;
}

/** Where the next gradient is taken. */
async function parametersOf(trainer: Trainer): Promise<Float32Array> {
  const { replicas: [{ parameters }] } = await trainer.save();
  return parameters;
}
