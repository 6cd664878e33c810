import { assert, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { timeLoops } from "../../core/ops/recurrence.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { fastestTimeLoop } from "../../models/time_loop.ts";
import { gpuTest } from "../gpu/fixture.ts";

gpuTest("fastestTimeLoop() times every way and gives its buffers back", async ({ gpu }) => {
  const recorded: string[] = [];
  const kernel = gpu.kernel.bind(gpu);
  gpu.kernel = (name, sources, constants) => {
    if (name.startsWith("recurrence")) recorded.push(name);
    return kernel(name, sources, constants);
  };
  const task = markedTask({ problem: "add", length: 10 });
  const fastest = await fastestTimeLoop(gpu, { hidden: 5, task }, { replicas: 2, batch: 3 });
  gpu.kernel = kernel;
  assert(timeLoops.includes(fastest));
  // A kernel each way, and a dispatch for each of the eleven steps each way.
  assert(recorded.length === 2 + 2 * 11, `${recorded.length} dispatches`);
});

gpuTest("fastestTimeLoop() refuses what is no network", async ({ gpu }) => {
  const task = markedTask({ problem: "add", length: 10 });
  const time = (hidden: number, replicas: number, batch: number) => () =>
    fastestTimeLoop(gpu, { hidden, task }, { replicas, batch });
  await assertRejects(time(NaN, 1, 1), InputError, "hidden units must be a whole number above 0");
  await assertRejects(time(5, 0, 1), InputError, "replicas must be a whole number above 0, not 0");
  await assertRejects(time(5, 1, 2.5), InputError, "batch size must be a whole number above 0");
});
