import { assert } from "@std/assert";
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
