import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { axpy, vectorGrid } from "../../core/ops/axpy.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";

gpuTest("axpy() adds a multiple of y to x, one factor for each replica", async (bench) => {
  for (const [length, replicas] of [[8, 1], [256, 3], [1000, 3]]) {
    const [x, y] = [draw(replicas * length, 1), draw(replicas * length, 2)];
    const a = draw(replicas, 3);
    const out = bench.buffer(new Float32Array(replicas * length));
    const buffers = { a: bench.buffer(a), x: bench.buffer(x), y: bench.buffer(y), out };
    bench.run((plan) => axpy(plan, buffers, { length, replicas }));
    const read = await bench.floats(out);
    x.forEach((x, i) => {
      const product = a[Math.floor(i / length)] * y[i];
      // The product is rounded where the adapter has no fma, and the sum always.
      const most = unitRoundoff * (2 * Math.abs(product) + Math.abs(x)) * (1 + unitRoundoff);
      assertAlmostEquals(read[i], x + product, most, `${length} at ${i}`);
    });
  }
});

gpuTest("vectorGrid() covers vectors of any length within the adapter's limit", ({ gpu }) => {
  const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  for (const length of [8, 256, 264, 256 * most, 256 * most + 8, 2 ** 31]) {
    const { groups, workgroup } = vectorGrid(gpu, length, 54);
    const [across, down, replicas] = groups;
    assertEquals(replicas, 54);
    assertLessOrEqual(length / 4, across * down * workgroup);
    assertLessOrEqual(Math.max(across, down), most);
    assertLessOrEqual((across - 1) * down * workgroup, length / 4); // and no more than it must
  }
});
