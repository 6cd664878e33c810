import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { adamW } from "../../core/optim/adamw.ts";
import { lowRankMomentum, lowRankMomentumFamily } from "../../core/optim/low_rank_momentum.ts";
import { muon, muonFamily } from "../../core/optim/muon.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import {
  partialMomentum,
  partialMomentumFamily,
  type TensorChoice,
} from "../../core/optim/partial_momentum.ts";
import { paperMomentum } from "../../core/optim/schedule.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../core/train/checkpoint.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { singularValues } from "../reference/singular_values.ts";
import { bowls, difference, oddShapes, openOn, train } from "./tensors.ts";

const settings = { learningRate: 0.1, momentum: paperMomentum({ cap: 0.9, period: 3 }) };
const partial = (choice: TensorChoice) => partialMomentum({ ...settings, in: choice });

/** Where each optimizer, in a trainer of its own, takes the tensors of odd shapes. */
async function ends(bench: Bench, ...optimizers: Optimizer[]): Promise<Float32Array[][]> {
  const found: Float32Array[][] = [];
  for (const optimizer of optimizers) {
    const trainer = await openOn(bench, bowls(oddShapes), [optimizer]);
    await train(trainer, 9);
    found.push(await trainer.theta());
  }
  return found;
}

gpuTest("partial momentum in all tensors is classical momentum, in none SGD", async (bench) => {
  const [all, cm] = await ends(bench, partial("all"), classicalMomentum(settings));
  assertEquals(all, cm);
  const [none, plain] = await ends(bench, partial("none"), sgd({ learningRate: 0.1 }));
  assertEquals(none, plain);
});

gpuTest("partial momentum moves each tensor as its own rule does", async (bench) => {
  const [cm, plain] = await ends(bench, classicalMomentum(settings), sgd({ learningRate: 0.1 }));
  const choices: [TensorChoice, number[]][] = [
    ["weights", [0, 2, 4]],
    ["biases", [1, 3, 5]],
    ["hidden", [2, 3]],
    ["ends", [0, 1, 4, 5]],
    [["tensor 3", "tensor 0"], [0, 3]],
    [({ columns }) => columns === 129, [2, 3]],
  ];
  for (const [choice, kept] of choices) {
    const [theta] = await ends(bench, partial(choice));
    assertEquals(theta, cm.map((tensor, t) => kept.includes(t) ? tensor : plain[t]));
  }
});

gpuTest(
  "partial momentum refuses tensors that are not there, with those that are",
  async (bench) => {
    const refused = (choice: TensorChoice, text: string) =>
      assertRejects(
        async () => {
          await openOn(bench, bowls(oddShapes.slice(0, 2)), [partial(choice)]);
        },
        InputError,
        text,
      );
    await refused(
      ["tensor 0", "tensor 7"],
      `names a tensor "tensor 7", and the network has "tensor 0"`,
    );
    await refused("hidden", `of no tensor: the network has "tensor 0", "tensor 1"`);
    await refused(() => false, "of no tensor");
    await refused([], "of no tensor");
  },
);

Deno.test("a choice is one family, however it is told", () => {
  const [one, other] = [["b", "a"], ["a", "b", "a"]].map(partialMomentumFamily);
  assertStrictEquals(one, other);
  assertStrictEquals(partialMomentumFamily("ends"), partialMomentumFamily("ends"));
  const takes = () => true;
  assertStrictEquals(partialMomentumFamily(takes), partialMomentumFamily(takes));
  assertEquals(partialMomentumFamily(takes) === partialMomentumFamily(() => true), false);
  assertEquals(partial(["b", "a"]).name, 'partial ("a", "b")');
  for (const wrong of ["middle", "toString", undefined, [1]]) {
    assertThrows(() => partial(wrong as never), InputError, "partial momentum is kept in all, ");
  }
});

const others = { beta1: 0.8, beta2: 0.9, epsilon: 1e-6 };

gpuTest("muon moves biases, and with hidden the first and last matrix, by AdamW", async (bench) => {
  const own = { ...others, otherLearningRate: 0.05, otherWeightDecay: 0.1 };
  const [adam, all, hidden] = await ends(
    bench,
    adamW({ ...others, learningRate: 0.05, weightDecay: 0.1 }),
    muon(own),
    muon({ ...own, matrices: "hidden" }),
  );
  // To the bit: the others are moved by the same lines.
  const same = (theta: Float32Array[]) =>
    theta.map((tensor, t) => tensor.every((x, i) => x === adam[t][i]));
  assertEquals(same(all), [false, true, false, true, false, true]);
  assertEquals(same(hidden), [true, true, false, true, true, true]);
  assertEquals(hidden[2], all[2]);
});

gpuTest("muon's step has the singular values of Newton-Schulz", async (bench) => {
  const start = [[36, 20], [20, 36]].map(([rows, columns]) => ({
    ...{ rows, columns },
    values: new Float64Array(rows * columns),
  }));
  const landscape = {
    start,
    gradient: () => start.map(({ values }, t) => Float64Array.from(draw(values.length, 70 + t))),
  };
  const trainer = await openOn(bench, landscape, [muon({ learningRate: 0.5 })]);
  await train(trainer, 1);
  const lengths = (await trainer.theta()).map((values, t) =>
    singularValues({ ...start[t], values: Float64Array.from(values) })
  );
  [0.5, 0.5 * Math.sqrt(36 / 20)].forEach((rate, t) => {
    assert(lengths[t][0] < 1.14 * rate && lengths[t][19] > 0.68 * rate, `${lengths[t]}`);
  });
});

gpuTest("muon refuses a network without matrices to orthogonalize", async (bench) => {
  const open = (optimizer: Optimizer, tensors: number[]) =>
    assertRejects(
      async () => {
        await openOn(bench, bowls(tensors.map((t) => oddShapes[t])), [optimizer]);
      },
      InputError,
      "finds no matrix to orthogonalize",
    );
  await open(muon({ matrices: "hidden" }), [0, 1, 2, 3]);
  await open(muon(), [1]);
});

Deno.test("muon of the same matrices and steps is one family", () => {
  assertStrictEquals(muon({ learningRate: 1 }).family, muonFamily({ matrices: "all", steps: 5 }));
  const named = [{}, { matrices: "hidden" }, { steps: 3 }, {
    matrices: "hidden",
    steps: 1,
  }] as const;
  assertEquals(named.map((options) => muon(options).name), [
    "muon",
    "muon (hidden)",
    "muon (3 steps)",
    "muon (hidden, 1 step)",
  ]);
  for (const steps of [0, 1.5]) assertThrows(() => muon({ steps }), InputError, "at least 1");
  assertThrows(() => muon({ matrices: "ends" as never }), InputError, "not ends");
});

gpuTest(
  "low-rank momentum at the full rank is classical momentum, for every shape",
  async (bench) => {
    const momentum = classicalMomentum(settings);
    const [cm, full, more, less] = await ends(
      bench,
      momentum,
      ...[3, 200, 1].map((rank) => lowRankMomentum({ ...settings, rank })),
    );
    // Behind each number lie some dozen roundings of 6e-8 an update.
    for (const found of [full, more]) assertLessOrEqual(difference(found, cm), 1e-6);
    assert(difference(less, cm) > 1e-3);
    assertEquals(more, full);
    // Biases to the bit.
    assertEquals([1, 3, 5].map((t) => less[t]), [1, 3, 5].map((t) => cm[t]));
  },
);

gpuTest("low-rank momentum without momentum is SGD", async (bench) => {
  const [low, plain] = await ends(
    bench,
    lowRankMomentum({ learningRate: 0.1, momentum: 0, rank: 1 }),
    sgd({ learningRate: 0.1 }),
  );
  assertLessOrEqual(difference(low, plain), 1e-6);
});

gpuTest("low-rank momentum refuses a network of biases alone", async (bench) => {
  await assertRejects(
    async () => {
      const optimizer = lowRankMomentum({ ...settings, rank: 1 });
      await openOn(bench, bowls([oddShapes[1]]), [optimizer]);
    },
    InputError,
    "no weight matrix",
  );
});

Deno.test("low-rank momentum of the same rank is one family", () => {
  assertStrictEquals(lowRankMomentum(settings).family, lowRankMomentumFamily(4));
  const names = [4, 2].map((rank) => lowRankMomentum({ ...settings, rank }).name);
  assertEquals(names, ["low-rank", "low-rank (rank 2)"]);
  for (const rank of [0, 1.5, NaN]) {
    assertThrows(() => lowRankMomentum({ ...settings, rank }), InputError, "whole number");
  }
});

gpuTest("states of some tensors, or of none, go through a checkpoint", async (bench) => {
  // Without a bias, Muon's AdamW and the velocity of low rank have no tensor.
  for (const tensors of [[0, 1, 2], [0, 2, 4]]) {
    const landscape = bowls(tensors.map((t) => oddShapes[t]));
    const optimizers = [partial("weights"), muon(), lowRankMomentum({ ...settings, rank: 2 })];
    const whole = await openOn(bench, landscape, optimizers);
    await train(whole, 3);
    const { state } = await decodeCheckpoint(await encodeCheckpoint(await whole.save()));
    await train(whole, 6);
    const resumed = await openOn(bench, landscape, optimizers, { from: state });
    await train(resumed, 6);
    for (const r of optimizers.keys()) assertEquals(await resumed.theta(r), await whole.theta(r));
  }
});
