// Courses of training in Chromium, whose shaders Tint compiles for SwiftShader, beside Deno's.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { openGPU } from "../../core/gpu/open.ts";
import { gradientTolerance, unitRoundoff } from "../../core/reference/tolerance.ts";
import { decodeCheckpoint } from "../../core/train/checkpoint.ts";
import {
  adamSettings,
  learningRate,
  networkNames,
  type Standing,
  trainOn,
} from "../cross/training.ts";
import { beside } from "../experiments/processes.ts";
import { tensorsOf } from "../train/training.ts";
import { inChromium } from "./in_chromium.ts";

/** The vectors of each network's state, tensor by tensor. */
async function vectorsOf({ state }: Standing) {
  const { state: { layout, replicas } } = await decodeCheckpoint(Uint8Array.from(state));
  return replicas.map(({ states }) =>
    Object.fromEntries(
      Object.entries(states).map(([name, { values }]) => [name, tensorsOf(layout, values)]),
    )
  );
}

type Vectors = Awaited<ReturnType<typeof vectorsOf>>[number];

const norm = (tensors: readonly ArrayLike<number>[] = []) =>
  Math.hypot(...tensors.flatMap((values) => Array.from(values)));
const minus = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]) =>
  a.map((values, t) => Array.from(values, (value, i) => value - b[t][i]));

/** Two gradients, each as near to the exact one as the tests of gradients hold it. */
const apart = 2 * gradientTolerance;

/** The most that theta may differ after an update without division, as a vector: lr (g - g'). */
function mostOfMomentum(before: Standing, after: Standing, r: number, velocity?: Float32Array[]) {
  const moved = norm(minus(after.theta[r], before.theta[r]));
  return apart * (moved + norm(velocity)) + 4 * unitRoundoff * norm(after.theta[r]);
}

/**
 * The most that a number of theta may differ after update t of AdamW: the mean m and the root s of
 * the corrected square move by at most (1 - beta1) and sqrt((1 - beta2) / (1 - beta2^t)) times what
 * the gradient does, and theta by the rate times that of m / (s + epsilon).
 */
function mostOfAdam(before: Vectors, after: Vectors, t: number): number[][] {
  const { beta1, beta2, epsilon } = adamSettings;
  const gradient = after.mean.map((m, at) =>
    Array.from(m, (m, i) => (m - beta1 * before.mean[at][i]) / (1 - beta1))
  );
  const off = apart * norm(gradient);
  const rate = learningRate / (1 - beta1 ** t), correction = 1 / (1 - beta2 ** t);
  return after.mean.map((m, at) =>
    Array.from(m, (m, i) => {
      const size = Math.sqrt(correction * after.square[at][i]) + epsilon;
      const ofRoot = Math.sqrt(correction * (1 - beta2));
      return rate * off * ((1 - beta1) / size + Math.abs(m) / size ** 2 * ofRoot);
    })
  );
}

/** How long the courses are. */
const updates = 30;

Deno.test("every update of a course in Chromium is what Deno makes of the state before", async () => {
  using gpu = await openGPU();
  const program = `export { train } from ${JSON.stringify(beside("../cross/training.ts"))};`;
  const complaints = await inChromium<typeof import("../cross/training.ts")>(
    program,
    async (call) => {
      for (const name of networkNames) {
        const course = await call("train", name, Array.from({ length: updates + 1 }, (_, t) => t));
        const [start] = await trainOn(gpu, name, [0]);
        assertEquals(course[0].theta, start.theta);
        for (let t = 0; t < updates; t++) {
          const [here] = await trainOn(gpu, name, [t + 1], course[t].state);
          await compare(name, t + 1, { before: course[t], here, there: course[t + 1] });
        }
        const [whole] = await call("train", name, [updates]);
        assertEquals(whole.state, course[updates].state, `${name} in one piece`);
      }
    },
  );
  assertEquals(complaints, []);
});

/** Checks what an update came to in Chromium, and here, from a state that Chromium had before. */
async function compare(
  name: string,
  update: number,
  { before, here, there }: { before: Standing; here: Standing; there: Standing },
): Promise<void> {
  const [earlier, later] = [await vectorsOf(before), await vectorsOf(here)];
  here.theta.forEach((theta, r) => {
    const label = `${name} ${r} after update ${update}`;
    assertLessOrEqual(Math.abs(there.losses[r] / here.losses[r] - 1), apart, `${label}: loss`);
    const difference = minus(there.theta[r], theta);
    if (later[r].mean === undefined) {
      const most = mostOfMomentum(before, here, r, earlier[r].velocity);
      return assertLessOrEqual(norm(difference), most, label);
    }
    mostOfAdam(earlier[r], later[r], update).forEach((most, t) =>
      most.forEach((most, i) => {
        const rounding = 4 * unitRoundoff * Math.abs(theta[t][i]);
        assertLessOrEqual(Math.abs(difference[t][i]), most + rounding, label);
      })
    );
  });
}
