import { assertEquals, assertLessOrEqual, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import type { Group, Optimizer } from "../../core/optim/family.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { CM, NAG } from "../../core/reference/rules/momentum.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, follow, oddShapes, openOn, train } from "../optim/tensors.ts";

const landscape = bowls(oddShapes);
const learningRate = 0.05;
const falling = (update: number) => 0.9 - update / 100;

/** Trained for some updates by these. */
async function trained(bench: Bench, optimizers: readonly Optimizer[], updates: number) {
  const trainer = await openOn(bench, landscape, optimizers);
  await train(trainer, updates);
  return trainer;
}

gpuTest(
  "Trainer.set() leaves theta, and moves on as under an optimizer of those settings",
  async (bench) => {
    const nag = nesterov({ learningRate, momentum: falling });
    const trainer = await trained(bench, [nag, nag], 5);
    const [theta, neighbour] = [await trainer.theta(0), await trainer.theta(1)];
    const from = await trainer.save();
    await trainer.set(0, { momentum: 0.5 });
    // phi + (0.5 - lead) v is rounded, and undone by theta's own sum.
    assertLessOrEqual(difference(await trainer.theta(0), theta), 4 * 2 ** -24);
    assertEquals(await trainer.theta(1), neighbour);
    const other = await openOn(bench, landscape, [nesterov({ learningRate, momentum: 0.5 }), nag], {
      from,
    });
    await train(trainer, 9);
    await train(other, 9);
    for (const r of [0, 1]) assertEquals(await trainer.theta(r), await other.theta(r));
  },
);

gpuTest("what Trainer.set() set holds past a schedule, saving and opening", async (bench) => {
  const nag = nesterov({
    learningRate: (update) => learningRate / (1 + update),
    momentum: falling,
  });
  const whole = await trained(bench, [nag], 3);
  await whole.set(0, { momentum: 0.25 });
  await whole.set(0, { learningRate: 0.125 });
  await train(whole, 5);
  const { state: from } = await decodeCheckpoint(await encodeCheckpoint(await whole.save()));
  assertEquals(from.replicas[0].set, { momentum: 0.25, learningRate: 0.125 });
  const resumed = await openOn(bench, landscape, [nag], { from });
  for (const trainer of [whole, resumed]) {
    for await (const { replicas: [{ scalars }] } of trainer.run({ updates: 8, evalCases: 0 })) {
      assertEquals([scalars.momentum, scalars.learning_rate], [0.25, 0.125]);
    }
  }
  assertEquals(await resumed.theta(), await whole.theta());
});

gpuTest("Trainer.set() refuses what the family does not have or allow", async (bench) => {
  const trainer = await trained(bench, [nesterov({ learningRate, momentum: 0.9 })], 1);
  const refused: [number, Record<string, number>, string][] = [
    [1, { momentum: 0.5 }, "there are networks 0 to 0, and no network 1"],
    [0, { momentum: 1 }, "the momentum must be at least 0 and below 1, not 1"],
    [0, { momentum: NaN }, "not NaN"],
    [0, { beta: 0.5 }, 'nag has no setting "beta", only learningRate, momentum'],
  ];
  for (const [replica, settings, message] of refused) {
    await assertRejects(() => trainer.set(replica, settings), InputError, message);
  }
  const { replicas: [{ set }] } = await trainer.save();
  assertEquals(set, {});
});

gpuTest("theta never moves without an update, whatever a schedule says later", async (bench) => {
  let momentum = 0.9;
  const trainer = await trained(bench, [nesterov({ learningRate, momentum: () => momentum })], 6);
  const before = await trainer.theta();
  const state = await trainer.save();
  momentum = 0.5;
  assertEquals(await trainer.theta(), before);
  assertEquals(await trainer.save(), state);
  await train(trainer, 7);
  assertNotEquals(await trainer.theta(), before);
});

/** Momentum of its own for the biases and for one of the weights. */
const groups: readonly Group[] = [
  { match: ({ isBias }) => isBias === true, settings: { momentum: 0.5 } },
  { match: ({ name }) => name === "tensor 2", settings: { momentum: 0, learningRate: 0.125 } },
];

gpuTest("groups of tensors follow the rule of their own settings", async (bench) => {
  for (const [make, Rule] of [[classicalMomentum, CM], [nesterov, NAG]] as const) {
    const trainer = await trained(bench, [make({ learningRate, momentum: 0.75, groups })], 12);
    const theta = await trainer.theta();
    for (const [t, { bias }] of oddShapes.entries()) {
      const own = t === 2
        ? { learningRate: 0.125, momentum: 0 }
        : { learningRate, momentum: bias ? 0.5 : 0.75 };
      const rule = follow(new Rule(landscape.start, own), landscape, 12);
      assertLessOrEqual(difference([theta[t]], [rule.theta[t]]), 2e-6, `tensor ${t}`);
    }
  }
});

gpuTest("groups cost no dispatch, and neighbours with others change no bit", async (bench) => {
  const plain = nesterov({ learningRate, momentum: 0.75 });
  const grouped = nesterov({ learningRate, momentum: 0.75, groups });
  const others = nesterov({ learningRate, momentum: 0.75, groups: groups.slice(0, 1) });
  const alone = await Promise.all([plain, grouped, others].map((one) => trained(bench, [one], 7)));
  const together = await trained(bench, [plain, grouped, others], 7);
  assertEquals(together.dispatchesPerUpdate, alone[0].dispatchesPerUpdate);
  assertEquals(alone[1].dispatchesPerUpdate, alone[0].dispatchesPerUpdate);
  for (const r of [0, 1, 2]) assertEquals(await together.theta(r), await alone[r].theta());
});

gpuTest("groups and what is set go on from a state among other neighbours", async (bench) => {
  const grouped = nesterov({ learningRate, momentum: falling, groups });
  const plain = nesterov({ learningRate, momentum: falling });
  const whole = await trained(bench, [grouped, plain], 4);
  await whole.set(0, { momentum: 0.625 });
  const from = await whole.save();
  await train(whole, 8);
  const [first] = from.replicas;
  const resumed = await openOn(bench, landscape, [grouped], {
    from: { ...from, replicas: [first] },
  });
  await train(resumed, 8);
  assertEquals(await resumed.theta(), await whole.theta(0));
});

gpuTest("weights decay and biases do not, without a dispatch of their own", async (bench) => {
  const [decaying, plain] = [0.5, 0].map((weightDecay) => adamW({ learningRate, weightDecay }));
  const [a, b] = [await trained(bench, [decaying], 3), await trained(bench, [plain], 3)];
  assertEquals(a.dispatchesPerUpdate, b.dispatchesPerUpdate);
  const [decayed, kept] = [await a.theta(), await b.theta()];
  for (const [t, { bias }] of oddShapes.entries()) {
    if (bias) assertEquals(decayed[t], kept[t]);
    else assertNotEquals(decayed[t], kept[t]);
  }
});

gpuTest("a learning rate is not asked for past the last update, a momentum once", async (bench) => {
  const rates = [0.1, 0.05, 0.025];
  const asked: number[] = [];
  const momentum = (update: number) => {
    asked.push(update);
    return 0.5;
  };
  const optimizer = nesterov({ learningRate: (update) => rates[update], momentum });
  await trained(bench, [optimizer], rates.length);
  assertEquals(Math.max(...asked), rates.length);
});
