import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Optimizer } from "../../core/optim/family.ts";
import { rules } from "../../core/reference/rules/rules.ts";
import type { Rule, TensorValues } from "../../core/reference/rules/rule.ts";
import type { TrainerState } from "../../core/train/state.ts";
import type { Trainer } from "../../core/train/trainer.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { knownAnswers, problems, withSchedules } from "../known_answers/known_answers.ts";
import { families } from "./families.ts";
import { bowls, difference, follow, type Landscape, oddShapes, openOn, train } from "./tensors.ts";

/** Of numbers about as large as the largest: what the known answers are to be met to. */
const tolerance = 2e-6;

/** The known answers that name a family of the table. */
const answers = knownAnswers().filter(({ rule }) => rule in families);

Deno.test("every family has known answers, and a rule in float64", () => {
  for (const name of Object.keys(families)) {
    // Partial momentum is told by its identities: with all tensors it is classical momentum.
    if (name !== "partial") assertEquals(answers.some(({ rule }) => rule === name), true, name);
    assertEquals(name in rules, true, name);
  }
});

for (const name of Object.keys(families)) {
  gpuTest(`${name} gives its known answers`, async (bench) => {
    const own = answers.filter(({ rule }) => rule === name);
    for (const { settings, problem, updates, theta, point, fast } of own) {
      const optimizer = families[name].make(withSchedules(settings) as never);
      const { start, gradient } = problems[problem];
      const landscape: Landscape = {
        start: [start],
        gradient: ([point], t) => [gradient(point, Math.min(t, 4))],
      };
      const trainer = await openOn(bench, landscape, [optimizer], { updates: 5 });
      await train(trainer, updates);
      const label = `${JSON.stringify(settings)} on ${problem} after ${updates}`;
      if (theta) assertClose(await trainer.theta(), [theta], label);
      if (point ?? fast) assertClose(await pointOf(trainer), [(point ?? fast)!], `${label}: point`);
    }
  });

  gpuTest(`${name} follows its rule on tensors of odd shapes`, async (bench) => {
    const landscape = bowls(oddShapes);
    const { make, settings } = families[name];
    const rule = ruleOf(name, landscape.start, settings);
    const trainer = await openOn(bench, landscape, [make(settings as never)]);
    await train(trainer, 12);
    follow(rule, landscape, 12);
    assertClose(await trainer.theta(), rule.theta, "theta");
  });

  gpuTest(`${name} keeps as many bytes of state as it says`, async (bench) => {
    const { make, settings, stateBytes } = families[name];
    const shapes = [{ rows: 64, columns: 32 }, { rows: 1, columns: 32, bias: true }];
    const trainer = await openOn(bench, bowls(shapes), [make(settings as never)]);
    assertAlmostEquals(trainer.stateBytes(), stateBytes, 1e-9);
  });
}

/** Every family side by side, twice with other settings: what a replica's neighbours may be. */
function everyFamily(): Optimizer[] {
  const made = Object.values(families).map(({ make, settings }) => make(settings as never));
  const slower = made.map((optimizer): Optimizer => ({
    ...optimizer,
    settings: { ...optimizer.settings, learningRate: 0.01 },
  }));
  return [...made, ...slower];
}

gpuTest(
  "replicas of every family in one trainer have the bits that each has alone",
  async (bench) => {
    const landscape = bowls(oddShapes);
    const optimizers = everyFamily();
    const together = await openOn(bench, landscape, optimizers);
    await train(together, 7);
    for (const [r, optimizer] of optimizers.entries()) {
      const alone = await openOn(bench, landscape, [optimizer]);
      await train(alone, 7);
      assertEquals(await alone.theta(), await together.theta(r), `${r}: ${optimizer.name}`);
    }
  },
);

gpuTest("every family goes on from a saved state as if it had never stopped", async (bench) => {
  const landscape = bowls(oddShapes);
  const optimizers = everyFamily();
  const whole = await openOn(bench, landscape, optimizers);
  await train(whole, 7);
  const former = await openOn(bench, landscape, optimizers);
  await train(former, 3);
  const resumed = await openOn(bench, landscape, optimizers, { from: await former.save() });
  await train(resumed, 7);
  const [a, b] = await Promise.all([whole.save(), resumed.save()]);
  assertEquals(bitsOf(b), bitsOf(a));
  for (const r of optimizers.keys()) assertEquals(await resumed.theta(r), await whole.theta(r));
});

gpuTest("every family marks what is not finite, and harms no neighbour", async (bench) => {
  const landscape = bowls([{ rows: 5, columns: 3 }, { rows: 1, columns: 3, bias: true }]);
  const spoiled = {
    ...landscape,
    start: landscape.start.map((t) => ({ ...t, values: t.values.slice() })),
  };
  (spoiled.start[1].values as Float64Array)[2] = NaN;
  for (const [name, { make, settings }] of Object.entries(families)) {
    const optimizer = make(settings as never);
    const healthy = await openOn(bench, landscape, [optimizer]);
    const sick = await openOn(bench, spoiled, [optimizer]);
    await train(sick, 2);
    assertEquals(await sick.divergedAt(), [1], name);
    const states = [await healthy.save(), await sick.save()];
    const both = await openOn(bench, landscape, [optimizer, optimizer], {
      from: {
        ...states[0],
        replicas: [states[0].replicas[0], { ...states[1].replicas[0], since: 0 }],
      },
    });
    await train(both, 4);
    await train(healthy, 4);
    assertEquals(await both.theta(0), await healthy.theta(), name);
  }
});

function ruleOf(name: string, start: readonly TensorValues[], settings: unknown): Rule {
  return rules[name as keyof typeof rules]([...start], settings as never);
}

/** Where the next gradient is taken. */
async function pointOf(trainer: Trainer): Promise<Float32Array[]> {
  const { layout, replicas: [{ parameters }] } = await trainer.save();
  return layout.tensors.map(({ rows, columns, stride, offset }) =>
    Float32Array.from(
      { length: rows * columns },
      (_, i) => parameters[offset + Math.floor(i / columns) * stride + i % columns],
    )
  );
}

function bitsOf({ replicas }: TrainerState) {
  return replicas.map(({ parameters, states, groups, measured }) => ({
    parameters,
    states: Object.values(states).map(({ values }) => values),
    groups,
    measured,
  }));
}

function assertClose(
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  label: string,
): void {
  assertLessOrEqual(difference(actual, expected), tolerance, label);
}
