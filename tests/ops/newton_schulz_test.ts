import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { newtonSchulz, squaresOf } from "../../core/ops/newton_schulz.ts";
import { newtonSchulz as reference } from "../../core/reference/rules/newton_schulz.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { singularValues } from "../reference/singular_values.ts";

/**
 * A step takes a singular value x to x (3.4445 - 4.7750 x^2 + 2.0315 x^4), whose slope is nowhere
 * above that at 0: of five steps a rounding is multiplied by at most 3.4445^5 = 485. The largest
 * difference seen in an entry is 1.6e-6, 27 roundings of 1.
 */
const tolerance = 3.4445 ** 5 * unitRoundoff;

const shapes = [[9, 5], [5, 9], [18, 10], [10, 20], [36, 20], [1, 7], [7, 1]];

/** Matrices of those shapes, of some networks, orthogonalized side by side. */
async function orthogonalized(
  bench: Bench,
  matrices: { rows: number; columns: number; values: (r: number) => ArrayLike<number> }[],
  { replicas = 1, steps = 5 } = {},
): Promise<Float64Array[][]> {
  const layout = new VectorLayout(
    matrices.map(({ rows, columns }, t) => ({ name: `${t}`, rows, columns })),
  );
  const vector = (of = layout) => bench.take(new Vector(bench.gpu, "test", of, replicas));
  const [x, scratch] = [vector(), vector()];
  for (let r = 0; r < replicas; r++) x.write(r, matrices.map(({ values }) => values(r)));
  let out = { vector: x, factor: 1 };
  bench.run((plan) => {
    const squares = [vector(squaresOf(layout)), vector(squaresOf(layout))] as const;
    out = newtonSchulz(plan, { x, scratch, squares, steps });
  });
  return await Promise.all(Array.from({ length: replicas }, async (_, r) => {
    const tensors = await out.vector.read(r);
    const contents = await out.vector.readPacked(r);
    assertEquals(contents, layout.pack(tensors), "zeros in the padding");
    return tensors.map((values) => Float64Array.from(values, (x) => x * out.factor));
  }));
}

gpuTest("newtonSchulz() is that in float64, whatever the number of steps", async (bench) => {
  const matrices = shapes.map(([rows, columns], t) => ({
    ...{ rows, columns },
    values: (r: number) => draw(rows * columns, t + 10 * r),
  }));
  for (const steps of [1, 2, 5]) {
    const found = await orthogonalized(bench, matrices, { replicas: 3, steps });
    found.forEach((tensors, r) =>
      tensors.forEach((values, t) => {
        const { rows, columns } = matrices[t];
        const start = { rows, columns, values: Float64Array.from(matrices[t].values(r)) };
        const expected = reference(start, steps).values;
        const error = Math.max(...values.map((x, i) => Math.abs(x - expected[i])));
        assertLessOrEqual(error, tolerance, `${rows} x ${columns}, ${steps} steps`);
      })
    );
  }
});

gpuTest("newtonSchulz() takes oblong matrices' singular values to 0.68 ... 1.14", async (bench) => {
  const matrices = [[36, 20], [20, 36], [18, 10], [10, 50]].map(([rows, columns], t) => ({
    ...{ rows, columns },
    values: (r: number) => draw(rows * columns, t + 10 * r),
  }));
  for (const tensors of await orthogonalized(bench, matrices, { replicas: 5 })) {
    tensors.forEach((values, t) => {
      const found = singularValues({ ...matrices[t], values });
      assert(found[0] < 1.14 && found[found.length - 1] > 0.68, `${t}: ${found}`);
    });
  }
});

gpuTest("newtonSchulz() is the same at every magnitude, and of zero zero", async (bench) => {
  const [rows, columns] = [6, 4];
  const values = draw(rows * columns, 1);
  const of = async (scale: number) =>
    (await orthogonalized(bench, [{ rows, columns, values: () => values.map((x) => scale * x) }]))[
      0
    ][0];
  const expected = await of(1);
  for (const scale of [2 ** 100, 2 ** 8]) {
    const error = Math.max(...(await of(scale)).map((x, i) => Math.abs(x - expected[i])));
    // 1e-7 beside the norm shows at 1.
    assertLessOrEqual(error, 1e-6 + tolerance);
  }
  assertEquals(await of(0), new Float64Array(rows * columns));
});
