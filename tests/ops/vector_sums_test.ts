import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { allocateFloats } from "../../core/gpu/tensor.ts";
import { Plan } from "../../core/gpu/plan.ts";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { partialFloats, type VectorSums, vectorSums } from "../../core/ops/vector_sums.ts";
import { sumError, unitRoundoff } from "../../core/reference/tolerance.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

/** Layouts of vectors of odd lengths: one piece, a few, and more pieces than a workgroup has lanes. */
const layouts = [[[1, 1]], [[3, 5], [1, 5]], [[63, 65], [1, 65], [1, 1]], [[521, 517]]].map(
  (shapes) =>
    new VectorLayout(shapes.map(([rows, columns], t) => ({ name: `tensor ${t}`, rows, columns }))),
);

/** Tensors of a replica, fixed by `stream`. */
function drawn({ tensors }: VectorLayout, stream: number): Float32Array<ArrayBuffer>[] {
  return tensors.map(({ rows, columns }, t) => draw(rows * columns, 100 * stream + t));
}

/** Vectors x and y of replicas of these numbers, or others; `before` lie before them in a buffer. */
function vectorsOf(bench: Bench, layout: VectorLayout, numbers: readonly number[], before = 0) {
  const made = [0, 1].map((k) => {
    const whole = bench.take(new Vector(bench.gpu, "xy"[k], layout, before + numbers.length));
    numbers.forEach((number, r) => whole.write(before + r, drawn(layout, 2 * number + k)));
    return whole.slice(before, numbers.length);
  });
  return { x: made[0], y: made[1] };
}

const job = {
  name: "sums",
  sums: { product: "x * y", total: "x", squares: "y * y" },
  body: `
    former = product;
    count += 1;
    length = sqrt(squares) + scale * 0;
    sum = total;`,
};
const names = ["former", "count", "length", "sum"];

/** What the lines leave of every replica, run twice. */
async function measure(
  bench: Bench,
  vectors: VectorSums["vectors"],
  given: Partial<VectorSums> = {},
): Promise<number[][]> {
  const { x } = vectors;
  const whole = { ...job, ...given };
  const partials = allocateFloats(
    bench.gpu,
    "partials",
    partialFloats(x, Object.keys(whole.sums).length),
  );
  bench.take({ free: () => bench.gpu.free(partials) });
  const buffer = bench.buffer(new Float32Array(4 * x.replicas).fill(7));
  const scalars = { first: 1, names: ["unread", "scale"], groups: 2 };
  const plan = bench.take(new Plan(bench.gpu));
  vectorSums(plan, { ...whole, vectors, scalars, measured: { buffer, names }, partials });
  plan.seal();
  for (const _ of [1, 2]) bench.step(plan, { scalars: new Array(1 + 4 * x.replicas).fill(2) });
  await bench.gpu.settle();
  const read = await bench.floats(buffer);
  return Array.from({ length: x.replicas }, (_, r) => [...read.subarray(4 * r, 4 * r + 4)]);
}

gpuTest("vectorSums() are the sums in float64, as far as float32 can tell", async (bench) => {
  for (const layout of layouts) {
    for (const numbers of [[1], [1, 2, 3]]) {
      const measured = await measure(bench, vectorsOf(bench, layout, numbers));
      numbers.forEach((number, r) => {
        const [x, y] = [0, 1].map((k) => drawn(layout, 2 * number + k).flatMap((t) => [...t]));
        const sum = (term: (x: number, y: number) => number) =>
          x.reduce((sum, x, i) => sum + term(x, y[i]), 0);
        const [product, count, length, total] = measured[r];
        const label = `${layout.length} of ${numbers.length}, ${r}`;
        const n = layout.length + 1; // each product may be rounded before it is added
        assertAlmostEquals(
          product,
          sum((x, y) => x * y),
          sumError(n, sum((x, y) => Math.abs(x * y))),
          label,
        );
        assertAlmostEquals(total, sum((x) => x), sumError(n, sum(Math.abs)), label);
        const exact = Math.sqrt(sum((_, y) => y * y));
        assertAlmostEquals(length, exact, (sumError(n, 1) / 2 + 8 * unitRoundoff) * exact, label);
        assertEquals(count, 9); // 7, and one for each of two runs
      });
    }
  }
});

gpuTest("vectorSums() of a replica have the bits that it has alone", async (bench) => {
  for (const layout of layouts) {
    const together = await measure(bench, vectorsOf(bench, layout, [4, 5, 6]));
    for (const [r, number] of [4, 5, 6].entries()) {
      assertEquals(await measure(bench, vectorsOf(bench, layout, [number])), [together[r]]);
      // Nor does it matter where in a buffer it lies.
      assertEquals(await measure(bench, vectorsOf(bench, layout, [number], 2)), [together[r]]);
    }
  }
});

gpuTest("vectorSums() do not hide what is not finite, and harm no neighbour", async (bench) => {
  const [, , layout] = layouts;
  const clean = await measure(bench, vectorsOf(bench, layout, [1, 2, 3]));
  for (const odd of [NaN, Infinity, -Infinity]) {
    const vectors = vectorsOf(bench, layout, [1, 2, 3]);
    const values = drawn(layout, 4);
    values[2][0] = odd; // the last number of the vector
    vectors.x.write(1, values);
    const [first, [product, , length, total], last] = await measure(bench, vectors);
    assertEquals([first, last], [clean[0], clean[2]]);
    assertEquals([product, total].some(Number.isFinite), false);
    assertEquals(length, clean[1][2]); // of y alone
  }
});

gpuTest("vectorSums() refuses what it cannot sum", async (bench) => {
  const [layout, other] = layouts;
  const { x, y } = vectorsOf(bench, layout, [1]);
  const { x: longer } = vectorsOf(bench, other, [1]);
  const buffer = bench.buffer(new Float32Array(4));
  const whole = { ...job, measured: { buffer, names }, partials: buffer };
  const refused = (given: Partial<VectorSums>, message: string) =>
    assertThrows(
      () => vectorSums(new Plan(bench.gpu), { ...whole, vectors: { x, y }, ...given }),
      InputError,
      message,
    );
  refused({ vectors: {} }, "sums has no vector to sum over");
  refused({ vectors: { x, y: longer } }, "vectors of different tensors");
  for (
    const [given, message] of [
      [{ body: "count = missing;" }, "sums: line 1, column 9 of its body"],
      [{ sums: { ...job.sums, product: "x * missing" } }, "of its sums"],
    ] as const
  ) await assertRejects(() => measure(bench, { x, y }, given), InputError, message);
});
