import { assertEquals, assertRejects } from "@std/assert";
import { classicalMomentum } from "../../../core/optim/classical_momentum.ts";
import type { Family } from "../../../core/optim/family.ts";
import { nesterov, nesterovFamily } from "../../../core/optim/nesterov.ts";
import { type Descent, distances, follow } from "../../../experiments/theory/descent.ts";
import {
  alongAxes,
  changingRate,
  risingMomentum,
  start,
  turned,
} from "../../../experiments/theory/examples.ts";
import { row } from "../../../experiments/theory/statement.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { uninterrupted } from "./claims.ts";

const rates = { learningRate: changingRate, momentum: risingMomentum };
const across = turned.fromEigen(start);
const nag: Descent = { quadratic: turned, start: across, optimizer: nesterov(rates) };

gpuTest("follow() gives the engine's path and that of the reference", async ({ gpu }) => {
  const updates = [1, 2, 5, 12, 40];
  const cm: Descent = { quadratic: alongAxes, start, optimizer: classicalMomentum(rates) };
  for (const paths of await follow(gpu, [nag, cm], updates, uninterrupted)) {
    assertEquals(paths.float64.map(({ update }) => update), updates);
    assertEquals(paths.gpu.map(({ update }) => update), updates);
    const all = [...distances(paths.gpu, paths.float64)];
    assertEquals(all.length, updates.length * start.length);
    assertEquals(row("", all, all).holds, true);
    // Float32 is not float64: something was computed twice.
    assertEquals(all.some(({ residual }) => residual > 0), true);
  }
});

/** NAG whose phi is led by the momentum of this update, not of the next one. */
const lateLead: Family = {
  ...nesterovFamily,
  compute: ({ learningRate: learning_rate, momentum }, _, { lead }) => ({
    scalars: { learning_rate, momentum, lead, next_lead: momentum },
    running: { lead: momentum },
  }),
};

// What keeps the statements from holding whatever is compared.
for (
  const [what, other] of [
    ["CM", { ...nag, optimizer: classicalMomentum(rates) }],
    ["a momentum that is one update late", {
      ...nag,
      optimizer: nesterov({ ...rates, momentum: (step) => risingMomentum(Math.max(0, step - 1)) }),
    }],
    ["a learning rate that is one thousandth higher", {
      ...nag,
      optimizer: nesterov({ ...rates, learningRate: (step) => 1.001 * changingRate(step) }),
    }],
    ["a start one thousandth off", { ...nag, start: across.map((x) => Math.fround(1.001 * x)) }],
    ["a lead by the momentum of this update", {
      ...nag,
      optimizer: { ...nesterov(rates), family: lateLead },
    }],
  ] satisfies [string, Descent][]
) {
  gpuTest(`distances() tells NAG from NAG with ${what}`, async ({ gpu }) => {
    const [right, wrong] = await follow(gpu, [nag, other], [6, 12, 24], uninterrupted);
    const { float64, gpu: onGpu } = row(
      what,
      distances(right.float64, wrong.float64),
      distances(right.gpu, wrong.gpu),
    );
    assertEquals(onGpu.residual > onGpu.bound, true);
    // TwoBuffer has no lead of its own.
    const isLead = what.startsWith("a lead");
    assertEquals(float64.residual > float64.bound, !isLead);
  });
}

gpuTest("distances() follows one direction alone", async ({ gpu }) => {
  const [{ float64 }] = await follow(gpu, [nag], [1, 2], uninterrupted);
  const moved = float64.map((stop) => ({ ...stop, theta: stop.theta.map((x, i) => x + i) }));
  for (const direction of [0, 3]) {
    const residuals = [...distances(moved, float64, direction)].map(({ residual }) => residual);
    assertEquals(residuals.map(Math.round), [direction, direction]);
  }
});

gpuTest("follow() ends where it is interrupted, and gives its buffers back", async ({ gpu }) => {
  const interruption = new AbortController();
  interruption.abort(new Error("enough"));
  await assertRejects(
    () => follow(gpu, [nag], [1, 2], interruption.signal),
    Error,
    "enough",
  );
});
