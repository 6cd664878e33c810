import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { elementwise } from "../../core/optim/elementwise.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import { Trainer, type TrainerOptions } from "../../core/train/trainer.ts";
import { rnn } from "../../models/rnn.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { pointsOf, tensorsOf } from "./training.ts";
import { accuracy, sumError, ulp, unitRoundoff } from "../../core/reference/tolerance.ts";

/** SGD that keeps the gradient of its last update, as it was shortened. */
const family = elementwise({
  name: "sgd that keeps its gradient",
  states: { last: "zeros" },
  scalars: ["learning_rate"],
  body: "parameters -= learning_rate * gradient;\nlast = gradient;",
});
const optimizer: Optimizer = { name: "sgd", family, settings: { learning_rate: 0.125 } };

/** Trains two replicas for two updates. */
async function train(bench: Bench, options: Pick<TrainerOptions, "clipNorm" | "gradientNorm">) {
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model: rnn({ hidden: 9, task: markedTask({ problem: "add", length: 10 }) }),
      replicas: [1, 2].map((seed) => ({
        seed,
        optimizer,
        initializer: echoState({ fanIn: 5 }),
      })),
      batchSize: 5,
      ...options,
    }),
  );
  const reports = [];
  for await (const report of trainer.run({ updates: 2, every: 1, evalCases: 0 })) {
    reports.push({
      norms: report.replicas.map(({ gradientNorm }) => gradientNorm),
      actual: await Promise.all([0, 1].map(async (r) => {
        const { layout, values } = (await trainer.save()).replicas[r].states.last;
        const gradient = tensorsOf(layout, values).flatMap((tensor) => [...tensor]);
        return Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
      })),
    });
  }
  return { reports, parameters: await pointsOf(trainer) };
}

/** Of a norm: half the relative error of a sum of squares, its root, a quotient and a product. */
const relative = sumError(9 * 9 + 4 * 9 + 1, 1) / 2 + 2 * ulp + 2 * accuracy.quotient +
  unitRoundoff;

gpuTest("Trainer reports the norm of the last gradient where it is asked to", async (bench) => {
  const { reports, parameters } = await train(bench, { gradientNorm: true });
  for (const { norms, actual } of reports) {
    norms.forEach((norm, r) => assertAlmostEquals(norm!, actual[r], relative * actual[r]));
  }
  const plain = await train(bench, {});
  assertEquals(plain.reports.flatMap(({ norms }) => norms), Array(4).fill(undefined));
  assertEquals(plain.parameters, parameters);
});

gpuTest(
  "Trainer shortens gradients that are longer than clipNorm, and no others",
  async (bench) => {
    const { reports: [{ actual }], parameters } = await train(bench, {});
    const limit = (actual[0] + actual[1]) / 2;
    const clipped = await train(bench, { clipNorm: limit });
    const { norms, actual: after } = clipped.reports[0];
    actual.forEach((before, r) => {
      assertAlmostEquals(norms[r]!, before, relative * before);
      assertAlmostEquals(after[r], Math.min(before, limit), relative * before);
    });
    const loose = await train(bench, { clipNorm: 1e6 });
    assertEquals(loose.parameters, parameters);
  },
);

gpuTest("Trainer refuses a clipNorm that is not above 0", async (bench) => {
  for (const clipNorm of [0, -1, NaN]) {
    await assertRejects(() => train(bench, { clipNorm }), InputError, "clipped to must be above 0");
  }
});
