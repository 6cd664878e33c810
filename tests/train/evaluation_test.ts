import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import type { Split } from "../../core/graph/model.ts";
import type { Trainer } from "../../core/train/trainer.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { layersOf, Problem } from "../models/problem.ts";
import { forwardError, meanSquaredErrorError } from "../../core/reference/forward_error.ts";
import { squaredErrorOf } from "../../core/reference/network.ts";
import { open, replica, tensorsOf } from "./training.ts";

const momentum = 0.9;
const optimizer = nesterov({ learningRate: 0.05, momentum });
const cases = 53;

/** A problem, and two networks some updates into its training, so that theta is not phi. */
async function trained(bench: Bench, batchSize: number, testCases = 31) {
  const problem = new Problem(bench, { layers: [17, 9, 3], cases, testCases });
  const replicas = [replica(1, optimizer), replica(2, optimizer)];
  const trainer = await open(bench, { model: problem.model, batchSize, replicas });
  for await (const _ of trainer.run({ updates: 7, evalCases: 0 }));
  return { problem, trainer };
}

/** Theta of one network, from what the trainer keeps: phi - lead v. */
async function thetaOf(trainer: Trainer, r: number): Promise<Float64Array[]> {
  const { layout, replicas } = await trainer.save();
  const { parameters, states } = replicas[r];
  const [phi, velocity] = [parameters, states.velocity.values]
    .map((vector) => tensorsOf(layout, vector));
  const lead = Math.fround(momentum);
  return phi.map((values, t) => Float64Array.from(values, (x, i) => x - lead * velocity[t][i]));
}

/** Checks an evaluation against the reference at the theta of each network. */
async function check(
  { problem, trainer }: { problem: Problem; trainer: Trainer },
  split: Split,
  count?: number,
) {
  const figures = await trainer.evaluate(split, count);
  const data = split === "train" ? problem.evaluated(count ?? cases) : problem.test;
  for (const [r, { squaredError }] of figures.entries()) {
    const parameters = layersOf(await thetaOf(trainer, r));
    const { network } = problem;
    const wanted = squaredErrorOf(network, parameters, data, data);
    const forward = forwardError(network, parameters, data);
    const most = meanSquaredErrorError(forward, data, data.length / network.sizes[0]);
    assertAlmostEquals(squaredError, wanted, most, `${split} ${count}, replica ${r}`);
  }
  return figures;
}

gpuTest("Trainer.evaluate() averages over a split or a part of it, at theta", async (bench) => {
  const both = await trained(bench, 8);
  // Fewer than a batch, a whole number of batches, a last batch in part.
  for (const count of [3, 16, 20]) await check(both, "train", count);
  const all = await check(both, "train");
  assertEquals(await both.trainer.evaluate("train", 1000), all); // no more than there are
  await check(both, "test");
});

gpuTest(
  "Trainer.evaluate() has minibatches of one case, and of more than there are",
  async (bench) => {
    const single = await trained(bench, 1, 3);
    for (const [split, count] of [["train", 3], ["test", 3]] as const) {
      await check(single, split, count);
    }
    const large = await trained(bench, cases, 20); // a batch of 53, of 20 test cases
    await check(large, "train");
    await check(large, "test");
  },
);

gpuTest("Trainer.evaluate() does not move the training", async (bench) => {
  const [watched, left] = [await trained(bench, 8), await trained(bench, 8)];
  await watched.trainer.evaluate("test");
  await watched.trainer.theta(1);
  for (const { trainer } of [watched, left]) {
    for await (const _ of trainer.run({ updates: 12, evalCases: 0 }));
  }
  assertEquals(await watched.trainer.theta(0), await left.trainer.theta(0));
  assertEquals(await watched.trainer.theta(1), await left.trainer.theta(1));
});

gpuTest("Trainer.evaluate() gives the same figures for the same theta", async (bench) => {
  const { trainer } = await trained(bench, 8);
  const [first, again] = [await trainer.evaluate("train", 20), await trainer.evaluate("train", 20)];
  assertEquals(first, again);
});

gpuTest("Trainer.evaluate() refuses what has no cases", async (bench) => {
  const { trainer } = await trained(bench, 8, 0);
  const refused = (split: Split, count: number | undefined, message: string) =>
    assertRejects(() => trainer.evaluate(split, count), InputError, message);
  await refused("test", undefined, "there are no test cases to evaluate on");
  for (const count of [0, -1, 2.5, NaN]) await refused("train", count, `at least 1, not ${count}`);
});
