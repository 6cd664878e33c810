import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { classicalMomentum } from "../../../core/optim/classical_momentum.ts";
import type { Family } from "../../../core/optim/family.ts";
import { nesterov, nesterovFamily } from "../../../core/optim/nesterov.ts";
import { upTo } from "../../../experiments/theory/descent.ts";
import {
  courses,
  descentOf,
  deviations,
  exactMoments,
  noise,
} from "../../../experiments/theory/noise.ts";
import {
  lyapunovVariance,
  NoisyMoments,
  stationaryVariance,
} from "../../../experiments/theory/noise_moments.ts";
import {
  noisyInFloat64,
  noisyOnGpu,
  type Sample,
} from "../../../experiments/theory/noise_replicas.ts";
import { row } from "../../../experiments/theory/statement.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { assertDrawn, assertHolds, uninterrupted } from "./claims.ts";

const nag = courses.find(({ label }) => label === "NAG, mu = 0.99")!;
const seeds = upTo(64);

gpuTest("noise() makes of replicas what theory says", async ({ gpu }) => {
  const { statement, figure } = await noise(gpu, uninterrupted, { replicas: seeds.length });
  assertHolds(statement, 6 + 2 + 6);
  // Ten digits, and more.
  for (const { float64 } of statement.rows.slice(0, 6)) assertLess(float64.residual, 1e-11);
  await assertDrawn(figure!, ["update t", "SGD", "NAG, μ = 0.99", "bias + variance"]);
});

Deno.test("the variance of noise is that of Lyapunov's equation, and where moments end", () => {
  for (const learningRate of [0.1, 0.9]) {
    for (const curvature of [1, 0.1, 0.01]) {
      for (const momentum of [0, 0.5, 0.9, 0.99]) {
        for (const lead of [0, momentum]) {
          const rates = { learningRate, momentum, lead, nextLead: lead };
          const direction = { curvature, deviation: 0.3 };
          const formula = stationaryVariance(rates, direction);
          assertAlmostEquals(lyapunovVariance(rates, direction) / formula, 1, 1e-10);
          const moments = new NoisyMoments(direction, 1);
          for (let update = 0; update < 30_000; update++) moments.update(rates);
          assertAlmostEquals(moments.variance / formula, 1, 1e-10);
          assertAlmostEquals(moments.mean, 0, 1e-10);
        }
      }
    }
  }
});

Deno.test("NoisyMoments.mean is the path without noise", () => {
  const updates = [1, 2, 3, 10, 100];
  for (const course of courses) {
    const exact = exactMoments(course);
    const silent = noisyInFloat64({ ...descentOf(course), deviation: 0 }, { seeds: [1], updates });
    for (const { update, mean, variance } of silent) {
      mean.forEach((value, i) => assertAlmostEquals(value, exact[update - 1].mean[i], 1e-12));
      assertEquals([...variance].map(Number.isFinite), Array(4).fill(false)); // of one replica
    }
  }
});

function holds(samples: readonly Sample[]): boolean {
  const all = [...deviations({ exact: exactMoments(nag), replicas: seeds.length }, samples)];
  return row("", all, all).holds;
}

// What keeps the statement from holding whatever is compared.
Deno.test("noise() does not hold of other noise or of another rule", () => {
  const right = descentOf(nag);
  const followed = { seeds, updates: [100, 600] };
  assert(holds(noisyInFloat64(right, followed)));
  for (const deviation of [0.06, 0.16, 0]) {
    assert(!holds(noisyInFloat64({ ...right, deviation }, followed)), `noise of ${deviation}`);
  }
  const learningRate = 0.1;
  for (
    const optimizer of [
      classicalMomentum({ learningRate, momentum: 0.99 }),
      nesterov({ learningRate, momentum: 0.98 }),
      nesterov({ learningRate: 0.12, momentum: 0.99 }),
    ]
  ) {
    assert(!holds(noisyInFloat64({ ...right, optimizer }, followed)), optimizer.name);
  }
  const start = right.start.map((x) => 1.1 * x);
  assert(!holds(noisyInFloat64({ ...right, start }, { seeds, updates: [20, 100] })), "start");
  const alike = { ...followed, seeds: seeds.map(() => 1) };
  assert(!holds(noisyInFloat64(right, alike)), "replicas that are one");
});

/** NAG that takes its gradient where CM does. */
const withoutLead: Family = {
  ...nesterovFamily,
  compute: ({ learningRate: learning_rate, momentum }) => ({
    scalars: { learning_rate, momentum, lead: 0, next_lead: 0 },
    running: { lead: 0 },
  }),
};

gpuTest("noise() does not hold of NAG without its lead on the GPU", async ({ gpu }) => {
  const right = descentOf(nag);
  const wrong = { ...right, optimizer: { ...right.optimizer, family: withoutLead } };
  const followed = { seeds, updates: [100] };
  assert(holds(await noisyOnGpu(gpu, right, followed, uninterrupted)));
  assert(!holds(await noisyOnGpu(gpu, wrong, followed, uninterrupted)));
});
