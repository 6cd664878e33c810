import { assertAlmostEquals, assertEquals } from "@std/assert";
import { clipNorm } from "../../core/ops/clip_norm.ts";
import { norm } from "../../core/ops/norm.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { accuracy, sumError, ulp, unitRoundoff } from "../../core/reference/tolerance.ts";

/** Of a sum of squares half the relative error, and that of sqrt: 1 / inverseSqrt in WGSL. */
const normError = (length: number) => sumError(length, 1) / 2 + 2 * ulp + accuracy.quotient;

async function norms(bench: Bench, x: Float32Array<ArrayBuffer>, replicas: number) {
  const out = bench.buffer(new Float32Array(replicas));
  const length = x.length / replicas;
  bench.run((plan) => norm(plan, { x: bench.buffer(x), out }, { length, replicas }));
  return [...(await bench.floats(out)).subarray(0, replicas)];
}

async function clipped(bench: Bench, values: Float32Array<ArrayBuffer>, limit: number) {
  const x = bench.buffer(values), out = bench.buffer(new Float32Array(1));
  const shape = { length: values.length, replicas: 1 };
  bench.run((plan) => {
    norm(plan, { x, out }, shape);
    clipNorm(plan, { x, norms: out }, { ...shape, limit });
  });
  return await bench.floats(x);
}

gpuTest("norm() is the Euclidean norm of each replica, at every magnitude", async (bench) => {
  for (const [length, replicas] of [[8, 1], [264, 3], [1000, 2]]) {
    for (const magnitude of [1e-12, 1, 1e17, 1e25, 1e36]) {
      const x = draw(replicas * length, 1).map((value) => magnitude * value);
      const read = await norms(bench, x, replicas);
      for (let r = 0; r < replicas; r++) {
        const wanted = Math.hypot(...x.subarray(r * length, (r + 1) * length));
        assertAlmostEquals(read[r], wanted, normError(length) * wanted, `${length} ${magnitude}`);
      }
    }
  }
});

gpuTest("norm() of zero is zero, and of what is not finite is not finite", async (bench) => {
  assertEquals(await norms(bench, new Float32Array(16), 2), [0, 0]);
  for (const odd of [NaN, Infinity, -Infinity]) {
    const x = draw(24, 1).fill(odd, 13, 14);
    const read = await norms(bench, x, 3);
    assertEquals(read.map(Number.isFinite), [true, false, true]);
  }
  const [beyond] = await norms(bench, new Float32Array(8).fill(3e38), 1);
  assertEquals(beyond, Infinity);
});

gpuTest("clipNorm() shortens what is longer than the limit, and nothing else", async (bench) => {
  for (const magnitude of [1e-12, 0.5, 3, 1e17, 1e19, 1e36]) {
    const values = draw(264, 2).map((value) => magnitude * value);
    const length = Math.hypot(...values), limit = 2;
    const factor = Math.min(1, limit / length);
    // The norm, the quotient and the product.
    const error = length > limit ? normError(264) + accuracy.quotient + unitRoundoff : 0;
    (await clipped(bench, values, limit)).forEach((value, i) =>
      assertAlmostEquals(value, factor * values[i], error * Math.abs(factor * values[i]))
    );
  }
});

gpuTest("clipNorm() hides no divergence", async (bench) => {
  for (const odd of [NaN, Infinity, -Infinity]) {
    const read = await clipped(bench, draw(8, 3).fill(odd, 5, 6), 1);
    assertEquals(read.some(Number.isFinite), false, String(read));
  }
  const beyond = await clipped(bench, new Float32Array(8).fill(3e38), 1);
  assertEquals(beyond.some(Number.isFinite), false);
});
