import { assertEquals, assertLessOrEqual, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { replicasThatFit } from "../../core/train/capacity.ts";
import { autoencoder } from "../../models/autoencoder.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { Problem } from "../models/problem.ts";

gpuTest("replicasThatFit() fills a budget", (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  const batchSize = 40;
  const one = 3 * 4 * model.layout.length + model.footprint(batchSize).total;
  const each = gpu.operands === "textures" ? 2 * one : one;
  for (const replicas of [1, 7, 54]) {
    const fit = (budget: number) => replicasThatFit(gpu, model, { batchSize, budget });
    assertEquals(fit(replicas * each), replicas);
    if (replicas > 1) assertEquals(fit(replicas * each - 1), replicas - 1);
    assertEquals(fit((replicas + 1) * each - 1), replicas);
  }
});

gpuTest("replicasThatFit() keeps every buffer within what the adapter binds", (bench) => {
  const { gpu } = bench;
  const { model } = new Problem(bench, { layers: [784, 129, 3], cases: 400 });
  for (const batchSize of [1, 400]) {
    const fit = replicasThatFit(gpu, model, { batchSize });
    const largest = Math.max(4 * model.layout.length, model.footprint(batchSize).largest);
    assertLessOrEqual(fit * largest, gpu.maxBinding);
    const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
    assertEquals((fit + 1) * largest > gpu.maxBinding || fit === most, true);
  }
});

gpuTest("replicasThatFit() refuses a network that does not fit alone", (bench) => {
  const { gpu } = bench;
  const problem = new Problem(bench, { layers: [129, 17, 3], cases: 40 });
  assertThrows(
    () => replicasThatFit(gpu, problem.model, { batchSize: 40, budget: 1000 }),
    InputError,
    "use smaller layers or a smaller batch",
  );
  const train = problem.data;
  const units = Math.ceil(gpu.maxBinding / 4 / 129) + 1;
  const vast = autoencoder({ layers: [129, units], train });
  assertThrows(() => replicasThatFit(gpu, vast, { batchSize: 1 }), InputError, "one network needs");
});
