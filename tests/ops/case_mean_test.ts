import { assertAlmostEquals, assertEquals } from "@std/assert";
import { caseMean } from "../../core/ops/case_mean.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { accuracy, sumError } from "../../core/reference/tolerance.ts";

const never = 0xffffffff;

gpuTest("caseMean() averages each replica's cases into a slot", async (bench) => {
  const counts = [1, 3, 64, 65, 200, 4001];
  const replicas = 3;
  const cases = counts.map((count) => draw(replicas * count, count));
  const ring = bench.buffer(new Float32Array(8 * replicas));
  bench.run((plan) =>
    counts.forEach((count, slot) =>
      caseMean(plan, bench.buffer(cases[slot]), { cases: count, replicas }, { ring, slot })
    )
  );
  const means = await bench.floats(ring);
  counts.forEach((count, slot) => {
    for (let r = 0; r < replicas; r++) {
      const values = [...cases[slot].subarray(r * count, (r + 1) * count)];
      const mean = values.reduce((a, b) => a + b) / count;
      const size = values.reduce((a, b) => a + Math.abs(b), 0) / count;
      const error = sumError(count, size);
      const most = error + accuracy.quotient * (Math.abs(mean) + error);
      assertAlmostEquals(means[slot * replicas + r], mean, most, `${count} cases, replica ${r}`);
    }
  });
});

gpuTest("caseMean() gives a replica the bits it has alone", async (bench) => {
  const cases = 517;
  const values = draw(3 * cases, 1);
  const [together, alone] = [3, 1].map((n) => bench.buffer(new Float32Array(3 * n)));
  bench.run((plan) => {
    const losses = bench.buffer(values);
    caseMean(plan, losses, { cases, replicas: 3 }, { ring: together, slot: 0 });
    for (const slot of [0, 1, 2]) {
      const own = bench.buffer(values.slice(slot * cases, (slot + 1) * cases));
      caseMean(plan, own, { cases, replicas: 1 }, { ring: alone, slot });
    }
  });
  const [a, b] = [await bench.floats(together), await bench.floats(alone)];
  assertEquals(a.subarray(0, 3), b.subarray(0, 3));
});

gpuTest("caseMean() marks replicas without a finite mean with the update", async (bench) => {
  const largest = 3e38;
  const losses = bench.buffer(Float32Array.of(
    ...[1, 3], // finite
    ...[1, NaN],
    ...[-Infinity, 1],
    ...[largest, largest], // finite, but their sum is not
    ...[NaN, 0], // marked before
    ...[NaN, 0], // marked after
  ));
  const divergedAt = bench.buffer(Uint32Array.of(never, never, never, never, 5, 100));
  const ring = bench.buffer(new Float32Array(4 * 6));
  const plan = bench.run(
    (plan) => caseMean(plan, losses, { cases: 2, replicas: 6 }, { ring, divergedAt }),
    { update: 6, slot: 2 },
  );
  const marked = [never, 7, 7, 7, 5, 7];
  assertEquals([...(await bench.integers(divergedAt)).subarray(0, 6)], marked);
  const written = await bench.floats(ring);
  assertEquals([...written.subarray(12, 18)], [2, NaN, -Infinity, Infinity, NaN, NaN]);
  assertEquals(written.filter((_, i) => i < 12 || i >= 18), new Float32Array(18)); // other slots
  bench.step(plan, { update: 7, slot: 0 });
  assertEquals([...(await bench.integers(divergedAt)).subarray(0, 6)], marked);
});
