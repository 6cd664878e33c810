import { assertEquals, assertThrows } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { pool, poolBackward, poolTangent } from "../../core/ops/pool.ts";
import type { Windows } from "../../core/ops/windows.ts";
import { gpuTest } from "../gpu/fixture.ts";

/** Windows of three pixels of a line, two apart. */
const windows: Windows = { image: [2, 1, 5], kernel: [1, 3], stride: [1, 2], padding: [0, 0] };

gpuTest(
  "pool() of the largest: of equals the first, NaN above all, infinities as they are",
  async (bench) => {
    for (const replicas of [1, 3]) {
      const of = (one: number[]) => Float32Array.from(Array(replicas).fill(one).flat());
      const images = bench.surrounded(
        2,
        10,
        of([
          ...[1, 1, 1, 0, 1, /**/ -1, -Infinity, -2, -2, -3],
          ...[NaN, 5, 6, NaN, 7, /**/ Infinity, 0, -Infinity, -Infinity, -Infinity],
        ]),
        replicas,
      );
      const [made, winners] = [
        bench.matrix(2, 4, undefined, replicas),
        bench.matrix(2, 4, undefined, replicas),
      ];
      const deltas = bench.matrix(2, 4, of([1, 2, 4, 8, 16, 32, 64, 128]), replicas);
      const [back, moved] = [
        bench.matrix(2, 10, undefined, replicas),
        bench.matrix(2, 4, undefined, replicas),
      ];
      const tangents = bench.matrix(2, 10, of(Array.from({ length: 20 }, (_, i) => i)), replicas);
      bench.run((plan) => {
        pool(plan, windows, { images, made, winners });
        poolBackward(plan, windows, { images: back, made: deltas, winners });
        poolTangent(plan, windows, { images: tangents, made: moved, winners });
      });
      assertEquals(
        await bench.values(made),
        of([1, 1, /**/ -1, -2, /**/ NaN, NaN, /**/ Infinity, -Infinity]),
      );
      assertEquals(await bench.values(winners), of([0, 0, 0, 0, 0, 1, 0, 0]));
      assertEquals(
        await bench.values(back),
        of([
          ...[1, 0, 2, 0, 0, /**/ 4, 0, 8, 0, 0],
          ...[16, 0, 0, 32, 0, /**/ 64, 0, 128, 0, 0],
        ]),
      );
      assertEquals(await bench.values(moved), of([0, 2, 5, 7, 10, 13, 15, 17]));
    }
  },
);

gpuTest("pool() of means: NaN and infinities stay in their windows", async (bench) => {
  const images = bench.surrounded(1, 10, [3, 6, 9, 12, 15, /**/ NaN, 1, 0, Infinity, 3]);
  const made = bench.matrix(1, 4);
  const deltas = bench.matrix(1, 4, [3, 6, 9, Infinity]);
  const back = bench.matrix(1, 10);
  bench.run((plan) => {
    pool(plan, windows, { images, made });
    poolBackward(plan, windows, { images: back, made: deltas });
  });
  const third = Math.fround(1 / 3);
  const [a, b, c] = [3, 6, 9].map((delta) => Math.fround(delta * third));
  assertEquals(
    await bench.values(made),
    Float32Array.of(18 * third, 36 * third, NaN, Infinity),
  );
  assertEquals(
    await bench.values(back),
    Float32Array.of(a, a, a + b, b, b, c, c, Infinity, Infinity, Infinity),
  );
});

gpuTest("pool() refuses what is of another shape", (bench) => {
  const plan = new Plan(bench.gpu);
  const [images, made] = [bench.matrix(1, 10), bench.matrix(1, 4)];
  for (
    const wrong of [{ images: bench.matrix(1, 9), made }, { images, made: bench.matrix(1, 5) }]
  ) {
    assertThrows(
      () => pool(plan, windows, wrong),
      RangeError,
      "does not go with 2 channels of 1 x 5",
    );
  }
});
