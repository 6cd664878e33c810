// The library in Chromium, whose shaders Tint compiles for SwiftShader, beside Deno's run.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { gradientTolerance, unitRoundoff } from "../../core/reference/tolerance.ts";
import { decodeCheckpoint } from "../../core/train/checkpoint.ts";
import { adamSettings, type Course, learningRate, networkNames, train } from "../cross/training.ts";
import { beside, runDeno } from "../experiments/processes.ts";
import { tensorsOf } from "../train/training.ts";
import { startChromium, view } from "./browser.ts";

/** Trains in a page. */
type InPage = typeof train;

/** Calls `act` with what trains in a page, which has complained of nothing in the end. */
async function inChromium(act: (inPage: InPage) => Promise<void>): Promise<void> {
  const module = beside("../cross/training.ts");
  const { status, stdout: code, stderr } = await runDeno(
    ["bundle", "--quiet", "--platform", "browser", module],
  );
  assertEquals(status, 0, stderr);
  // WebGPU is there on a page of this machine's own, not on an empty one.
  const html = '<!DOCTYPE html><link rel="icon" href="data:,">';
  const headers = { "content-type": "text/html" };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(html, { headers }),
  );
  await using chromium = await startChromium();
  const { page, complaints } = await view(chromium, `http://127.0.0.1:${server.addr.port}/`, 400);
  await act((...args) =>
    page.evaluate(
      async (code, args) => {
        const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
        const module: { train: InPage } = await import(url);
        return await module.train(...args);
      },
      code,
      args,
    )
  );
  assertEquals(complaints, []);
}

/** The vectors of each network's state, tensor by tensor. */
async function vectorsOf({ state }: Course) {
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
function mostOfMomentum(before: Course, after: Course, r: number, velocity?: Float32Array[]) {
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

Deno.test("an update in Chromium from a state of Deno's is Deno's", async () => {
  await inChromium(async (inPage) => {
    for (const name of networkNames) {
      for (const update of [0, 20]) {
        const before = await train(name, update);
        const from = update > 0 ? [before.state] as const : [];
        const here = await train(name, update + 1, ...from);
        const there = await inPage(name, update + 1, ...from);
        const [earlier, later] = [await vectorsOf(before), await vectorsOf(here)];
        here.theta.forEach((theta, r) => {
          const label = `${name} ${r} after update ${update + 1}`;
          const off = Math.abs(there.losses[r] / here.losses[r] - 1);
          assertLessOrEqual(off, apart, `${label}: loss`);
          const difference = minus(there.theta[r], theta);
          if (later[r].mean === undefined) {
            const most = mostOfMomentum(before, here, r, earlier[r].velocity);
            return assertLessOrEqual(norm(difference), most, label);
          }
          mostOfAdam(earlier[r], later[r], update + 1).forEach((most, t) =>
            most.forEach((most, i) => {
              const rounding = 4 * unitRoundoff * Math.abs(theta[t][i]);
              assertLessOrEqual(Math.abs(difference[t][i]), most + rounding, label);
            })
          );
        });
      }
    }
  });
});
