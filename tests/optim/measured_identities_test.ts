import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertLessOrEqual,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { adaptiveHeavyBall } from "../../core/optim/adaptive_heavy_ball.ts";
import { aggMo } from "../../core/optim/aggmo.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { elementwise } from "../../core/optim/elementwise.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import { lookahead, type LookaheadOptions } from "../../core/optim/lookahead.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { restartedNesterov } from "../../core/optim/restart.ts";
import { nesterov1983, paperMomentum } from "../../core/optim/schedule.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { AdaptiveHeavyBall } from "../../core/reference/rules/adaptive_heavy_ball.ts";
import { Restart } from "../../core/reference/rules/restart.ts";
import { type Inner, rules } from "../../core/reference/rules/rules.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { quadratic } from "../../models/quadratic.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { families } from "./families.ts";
import { bowls, difference, follow, type Landscape, oddShapes, openOn, train } from "./tensors.ts";

/** Of numbers about as large as the largest. */
const tolerance = 2e-6;

const landscape = bowls(oddShapes);
const learningRate = 0.1;
const rising = paperMomentum({ cap: 0.9, period: 3 });

/** theta of a network after so many updates. */
async function trained(bench: Bench, optimizer: Optimizer, updates: number) {
  const trainer = await openOn(bench, landscape, [optimizer]);
  await train(trainer, updates);
  return await trainer.theta();
}

gpuTest("AggMo with one beta is classical momentum, and with none SGD", async (bench) => {
  const [one, none, cm, plain] = await Promise.all([
    trained(bench, aggMo({ learningRate, betas: [0.9] }), 12),
    trained(bench, aggMo({ learningRate, betas: [0] }), 12),
    trained(bench, classicalMomentum({ learningRate, momentum: 0.9 }), 12),
    trained(bench, sgd({ learningRate }), 12),
  ]);
  assertLessOrEqual(difference(one, cm), tolerance);
  assertLessOrEqual(difference(none, plain), tolerance);
});

gpuTest("the cap of AggMo holds for every beta at every update", async (bench) => {
  const betas = [0, 0.6, 0.99];
  const capped = aggMo({ learningRate, betas, cap: rising });
  const momenta = betas.map((beta) => (t: number) => Math.min(beta, rising(t)));
  const rule = rules.aggmo([...landscape.start], { learningRate, momenta });
  follow(rule, landscape, 12);
  assertLessOrEqual(difference(await trained(bench, capped, 12), rule.theta), tolerance);
});

Deno.test("aggMo() has one family for as many betas, and refuses none", () => {
  const made = aggMo({ learningRate, betas: [0, 0.5] });
  assertStrictEquals(made.family, aggMo({ learningRate: 1, betas: [0, 0.9] }).family);
  assertEquals(made.family === aggMo({ learningRate, betas: [0.5, 0.9] }).family, false);
  assertEquals(made.settings, { learningRate, beta2: 0.5, cap: 1 });
  assertThrows(() => aggMo({ learningRate, betas: [] }), InputError, "needs a beta or more");
  assertThrows(() => aggMo({ learningRate, betas: [0, 1] }), InputError, "at least 0 and below 1");
});

gpuTest("Lookahead with alpha 1 is its inner rule", async (bench) => {
  const inner = { learningRate, momentum: rising };
  for (const optimizer of [classicalMomentum(inner), adamW(), aggMo({ learningRate })]) {
    for (const velocity of ["keep", "pull"] as const) {
      const around = lookahead(optimizer, { alpha: 1, period: 3, velocity });
      assertEquals(
        await trained(bench, around, 12),
        await trained(bench, optimizer, 12),
        around.name,
      );
    }
  }
  // The point of the gradient is formed anew.
  const [around, nag] = [
    await trained(bench, lookahead(nesterov(inner), { alpha: 1, period: 3 }), 12),
    await trained(bench, nesterov(inner), 12),
  ];
  assertLessOrEqual(difference(around, nag), tolerance);
});

gpuTest(
  "Lookahead follows its rule around others, whatever becomes of the velocity",
  async (bench) => {
    const momentum = { learningRate, momentum: rising };
    const adam = { learningRate: 0.02, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1 };
    const inners: [Optimizer, Inner][] = [
      [nesterov(momentum), { rule: "nag", settings: momentum }],
      [classicalMomentum(momentum), { rule: "cm", settings: momentum }],
      [adamW(adam), { rule: "adamw", settings: { ...adam } as never }],
      [
        aggMo({ learningRate, betas: [0.5, 0.9] }),
        { rule: "aggmo", settings: { learningRate, momenta: [0.5, 0.9] } },
      ],
      ...["nadamw", "adan", "ademamix", "simplified-ademamix", "lion"].map((
        rule,
      ): [Optimizer, Inner] => {
        const { make, settings } = families[rule];
        return [make(settings as never), { rule, settings } as never];
      }),
    ];
    for (const [optimizer, inner] of inners) {
      for (const velocity of ["keep", "reset", "pull"] as const) {
        const settings = { period: 5, alpha: 0.5, velocity };
        const trainer = await openOn(bench, landscape, [lookahead(optimizer, settings)]);
        const rule = rules.lookahead([...landscape.start], { ...settings, inner });
        for (const updates of [4, 5, 23]) {
          const done = trainer.update;
          await train(trainer, updates);
          follow(rule, landscape, updates - done);
          const label = `${inner.rule}, ${velocity}, ${updates}`;
          assertLessOrEqual(difference(await trainer.theta(), rule.theta), tolerance, label);
        }
      }
    }
  },
);

gpuTest("Lookahead goes on within a period as if it had never stopped", async (bench) => {
  const inner = nesterov({ learningRate, momentum: rising });
  const optimizers = (["keep", "reset", "pull"] as const).map((velocity) =>
    lookahead(inner, { period: 4, velocity })
  );
  const whole = await openOn(bench, landscape, optimizers);
  await train(whole, 11);
  for (const updates of [3, 4, 5]) {
    const former = await openOn(bench, landscape, optimizers);
    await train(former, updates);
    const resumed = await openOn(bench, landscape, optimizers, { from: await former.save() });
    for (const r of [0, 1, 2]) assertEquals(await resumed.theta(r), await former.theta(r));
    await train(resumed, 11);
    const [a, b] = await Promise.all([whole.save(), resumed.save()]);
    for (const r of [0, 1, 2]) {
      assertEquals(b.replicas[r].parameters, a.replicas[r].parameters);
      assertEquals(await resumed.theta(r), await whole.theta(r));
    }
  }
});

gpuTest("Lookahead takes over what its inner family trained, and gives it back", async (bench) => {
  const inner = nesterov({ learningRate, momentum: 0.9 });
  const former = await openOn(bench, landscape, [inner]);
  await train(former, 4);
  const from = await former.save();
  const around = await openOn(bench, landscape, [lookahead(inner)], { from, beginStates: true });
  assertLessOrEqual(difference(await around.theta(), await former.theta()), 2 ** -22);
  // From there nothing leads, whatever did before.
  const cm = await openOn(bench, landscape, [classicalMomentum({ learningRate, momentum: 0.9 })], {
    from,
  });
  const every = await openOn(bench, landscape, [lookahead(inner, { period: 1, alpha: 1 })], {
    ...{ from, beginStates: true },
  });
  for (const trainer of [cm, every]) await train(trainer, 5);
  assertLessOrEqual(difference(await every.theta(), await cm.theta()), 2 ** -22);
  await train(around, 7);
  const back = await openOn(bench, landscape, [inner], { from: await around.save() });
  const theta = await around.theta();
  assertLessOrEqual(difference(await back.theta(), theta), 2 ** -22);
  // theta stays where the inner settings change, though the lead does.
  await around.set(0, { momentum: 0.5, period: 2 });
  assertEquals(await around.theta(), theta);
});

Deno.test("lookahead() has one family for the same two, and settings of its own", () => {
  const inner = nesterov({ learningRate, momentum: 0.9 });
  const around = lookahead(inner);
  assertEquals(around.name, "lookahead(nag)");
  assertEquals(around.settings, { learningRate, momentum: 0.9, period: 5, alpha: 0.5 });
  assertStrictEquals(around.family, lookahead({ ...inner }, { period: 2 }).family);
  const reset = lookahead(inner, { velocity: "reset" });
  assertEquals([reset.name, reset.family === around.family], ["lookahead(nag, reset)", false]);
  const mine = elementwise({
    name: "mine",
    states: {},
    scalars: ["alpha"],
    body: "parameters -= alpha * gradient;",
  });
  const taken = lookahead({ name: "mine", family: mine, settings: { alpha: 3 } }, { alpha: 0.25 });
  assertEquals(taken.settings, { alpha: 3, period: 5, slowAlpha: 0.25 });
  const { scalars } = taken.family.compute({ alpha: 3, period: 5, slowAlpha: 0.25 }, {}, {}, 4);
  assertEquals(scalars, { alpha: 3, pull: 0.25, hold: 0.75 });
});

Deno.test("lookahead() refuses what it cannot go around", () => {
  const refused = (inner: Optimizer, options: LookaheadOptions, message: string) =>
    assertThrows(() => lookahead(inner, options), InputError, message);
  const nag = nesterov({ learningRate, momentum: 0.9 });
  const elsewhere = "is evaluated elsewhere than at its parameters: take nag, or a family";
  refused(restartedNesterov({ learningRate }), {}, `restart, which ${elsewhere}`);
  refused(lookahead(nag), {}, `lookahead(nag), which ${elsewhere}`);
  refused(adaptiveHeavyBall({ learningRate }), {}, "which measures its own steps: take nag");
  refused(sgd({ learningRate }), { velocity: "pull" }, "cannot pull the velocity of sgd");
  refused(nag, { velocity: "drop" as never }, "one of keep, reset, pull, not drop");
  refused(nag, { period: 0 }, "the period must be a whole number at least 1, not 0");
  refused(nag, { period: 1.5 }, "must be a whole number");
  refused(nag, { alpha: 0 }, "the alpha must be above 0 and at most 1, not 0");
});

gpuTest("rules that decide over all tensors refuse groups of them", async (bench) => {
  const groups = [{ match: () => true, settings: {} }, {
    match: ({ isBias }: { isBias?: boolean }) => isBias === true,
    settings: { learningRate: 0.01 },
  }];
  for (const make of [adaptiveHeavyBall, restartedNesterov]) {
    await assertRejects(
      () => openOn(bench, landscape, [{ ...make({ learningRate }), groups }]),
      InputError,
      "decides over all tensors together",
    );
  }
});

gpuTest("adaptive heavy ball reports the momentum that its rule takes", async (bench) => {
  const settings = { learningRate, delta: 1e-3 };
  const trainer = await openOn(bench, landscape, [adaptiveHeavyBall(settings)]);
  const rule = new AdaptiveHeavyBall(landscape.start, settings);
  for await (const { replicas } of trainer.run({ updates: 15, every: 1, evalCases: 0 })) {
    follow(rule, landscape, 1);
    assertAlmostEquals(replicas[0].scalars.momentum, rule.momentum, 1e-5);
  }
  assertGreaterOrEqual(rule.momentum, 0.1);
});

gpuTest("restart starts anew where its rule does, and tells how often", async (bench) => {
  for (const cap of [1, 0.7]) {
    const rate = 0.6;
    const schedule = nesterov1983({ cap });
    const trainer = await openOn(bench, landscape, [
      restartedNesterov({ learningRate: rate, cap }),
    ]);
    const rule = new Restart(landscape.start, { learningRate: rate, momentum: schedule });
    let restarts = 0;
    for await (const { update, replicas } of trainer.run({ updates: 40, every: 1, evalCases: 0 })) {
      assertAlmostEquals(replicas[0].scalars.momentum, schedule(rule.phase), 1e-6);
      follow(rule, landscape, 1);
      if (rule.phase === 0) restarts++;
      assertEquals(replicas[0].scalars.restarts, restarts, `cap ${cap}, update ${update}`);
    }
    assertLessOrEqual(difference(await trainer.theta(), rule.theta), tolerance);
    if (cap === 1) assertGreaterOrEqual(restarts, 2);
  }
});

gpuTest("the schedule of restart is Nesterov's for as long as it goes on", async (bench) => {
  const flat: Landscape = {
    start: [{ rows: 2, columns: 2, values: new Float64Array(4) }],
    gradient: () => [new Float64Array(4)],
  };
  const trainer = await openOn(bench, flat, [restartedNesterov({ learningRate })]);
  const schedule = nesterov1983();
  for await (
    const { update, replicas } of trainer.run({ updates: 6000, every: 1500, evalCases: 0 })
  ) {
    const { momentum, restarts } = replicas[0].scalars;
    assertEquals(restarts, 0);
    assertAlmostEquals(momentum, schedule(update - 1), 1.5e-7);
  }
});

/** 20 eigenvalues from 1 to 0.01. */
const spectrum = Array.from({ length: 20 }, (_, i) => 10 ** (-2 * i / 19));

/** Updates from ones until f < 1e-8, where `expected` are, or Infinity. */
async function updatesNeeded(
  bench: Bench,
  optimizer: Optimizer,
  expected: number,
  isFast: boolean,
): Promise<number> {
  const n = spectrum.length;
  const matrix = new Float64Array(n * n);
  spectrum.forEach((h, i) => matrix[i * n + i] = h);
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model: quadratic([{ matrix, linear: new Float64Array(n) }]),
      replicas: [{
        seed: 1,
        optimizer,
        initializer: () => ({
          weights: new Float64Array(n).fill(1),
          biases: new Float64Array(n),
        }),
      }],
      batchSize: 1,
    }),
  );
  const value = async () => {
    const x = isFast ? (await trainer.save()).replicas[0].parameters : (await trainer.theta())[0];
    return spectrum.reduce((sum, h, i) => sum + h * x[i] ** 2 / 2, 0);
  };
  await train(trainer, Math.floor(expected / 1.02) - 1);
  if (await value() < 1e-8) return 0;
  const updates = Math.ceil(1.02 * expected) + 1;
  for await (const { update } of trainer.run({ updates, every: 1, evalCases: 0 })) {
    if (await value() < 1e-8) return update;
  }
  return Infinity;
}

gpuTest("each takes its known number of updates on a quadratic", async (bench) => {
  const [m, L] = [spectrum[19], spectrum[0]];
  const root = Math.sqrt(m / L);
  const cases: [Optimizer, number][] = [
    [sgd({ learningRate: 1 }), 655],
    [
      classicalMomentum({
        learningRate: 4 / (Math.sqrt(L) + Math.sqrt(m)) ** 2,
        momentum: ((1 - root) / (1 + root)) ** 2,
      }),
      69,
    ],
    [nesterov({ learningRate: 1, momentum: (1 - root) / (1 + root) }), 84],
    [nesterov({ learningRate: 1, momentum: nesterov1983() }), 224],
    [restartedNesterov({ learningRate: 1 }), 116],
    [adaptiveHeavyBall({ learningRate: 1 }), 114],
    [adaptiveHeavyBall({ learningRate: 0.5 }), 165],
    [adamW({ learningRate: 0.1, weightDecay: 0 }), 82],
    [lookahead(classicalMomentum({ learningRate: 1, momentum: 0.9 })), 119],
  ];
  for (const [optimizer, expected] of cases) {
    const isFast = optimizer.name.startsWith("lookahead");
    const found = await updatesNeeded(bench, optimizer, expected, isFast);
    const label = `${optimizer.name}: ${found} for ${expected}`;
    assert(found <= 1.02 * expected && found >= expected / 1.02, label);
  }
});

/** How often buffers are mapped in a thousand updates, as a clock sees them that stands still. */
async function mapsOf(bench: Bench, optimizers: readonly Optimizer[]): Promise<number> {
  const trainer = await openOn(bench, landscape, optimizers);
  const [{ mapAsync }, { now }] = [GPUBuffer.prototype, performance];
  let count = 0;
  GPUBuffer.prototype.mapAsync = function (...given) {
    count++;
    return mapAsync.apply(this, given);
  };
  performance.now = () => 0;
  try {
    for await (const _ of trainer.run({ updates: 1000, every: 50, evalCases: 0 }));
  } finally {
    Object.assign(GPUBuffer.prototype, { mapAsync });
    performance.now = now;
  }
  return count;
}

gpuTest("what is measured costs no readback of its own", async (bench) => {
  const plain = [sgd({ learningRate }), nesterov({ learningRate, momentum: 0.9 })];
  const without = await mapsOf(bench, plain);
  // A chunk for each report, and two of a step until it is known how long one takes.
  assertEquals(without, 1000 / 50 + 2);
  const measuring = [
    adaptiveHeavyBall({ learningRate }),
    restartedNesterov({ learningRate }),
    lookahead(plain[1]),
  ];
  assertEquals(await mapsOf(bench, measuring), without);
});
