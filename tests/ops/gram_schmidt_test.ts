import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { gramSchmidt } from "../../core/ops/gram_schmidt.ts";
import { gramSchmidt as reference } from "../../core/reference/rules/gram_schmidt.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

interface Given {
  rows: number;
  columns: number;
  values(r: number): ArrayLike<number>;
}

/** Matrices of some networks, and how many dispatches made their columns orthonormal. */
async function orthonormal(
  bench: Bench,
  matrices: readonly Given[],
  { replicas = 1, instead }: { replicas?: number; instead?: ArrayLike<number>[] } = {},
): Promise<{ found: Float32Array[][]; dispatches: number }> {
  const layout = new VectorLayout(
    matrices.map(({ rows, columns }, t) => ({ name: `${t}`, rows, columns })),
  );
  const vector = () => bench.take(new Vector(bench.gpu, "test", layout, replicas));
  const [x, out] = [vector(), vector()];
  for (let r = 0; r < replicas; r++) x.write(r, matrices.map(({ values }) => values(r)));
  const other = instead && bench.buffer(layout.pack(instead));
  const plan = bench.run((plan) => gramSchmidt(plan, { x, out, ...other && { instead: other } }));
  const found = await Promise.all(Array.from({ length: replicas }, async (_, r) => {
    const tensors = await out.read(r);
    assertEquals(await out.readPacked(r), layout.pack(tensors), "zeros in the padding");
    return tensors;
  }));
  return { found, dispatches: plan.length };
}

/** The largest entry of |A'A - 1|, of columns that are not zero. */
function defect(values: Float32Array, columns: number): number {
  const rows = values.length / columns;
  let most = 0;
  for (let j = 0; j < columns; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += values[i * columns + j] * values[i * columns + k];
      most = Math.max(most, Math.abs(sum - (j === k ? 1 : 0)));
    }
  }
  return most;
}

gpuTest("gramSchmidt() is that in float64, of every matrix and network", async (bench) => {
  const matrices = [[5, 3], [70, 9], [200, 1], [4, 4], [130, 17]].map(([rows, columns], t) => ({
    ...{ rows, columns },
    values: (r: number) => draw(rows * columns, t + 10 * r),
  }));
  const { found, dispatches } = await orthonormal(bench, matrices, { replicas: 3 });
  assertEquals(dispatches, 1);
  found.forEach((tensors, r) =>
    tensors.forEach((values, t) => {
      const { rows, columns } = matrices[t];
      const start = { rows, columns, values: Float64Array.from(matrices[t].values(r)) };
      const expected = reference(start).values;
      const error = Math.max(...values.map((x, i) => Math.abs(x - expected[i])));
      // Roundings are magnified by what is left of a column; the square matrix has the least left.
      assertLessOrEqual(error, 1e-5, `${rows} x ${columns}`);
      assertLessOrEqual(defect(values, columns), 1e-6);
    })
  );
});

gpuTest("gramSchmidt() keeps nearly parallel columns orthogonal", async (bench) => {
  const e = 1e-4;
  const values = () => [1, 1, 1, e, 0, 0, 0, e, 0, 0, 0, e];
  const { found: [[found]] } = await orthonormal(bench, [{ rows: 4, columns: 3, values }]);
  assertLessOrEqual(defect(found, 3), 1e-6);
});

gpuTest("gramSchmidt() makes a column in the span of those before it zero", async (bench) => {
  const rows = 70;
  const [a, b] = [draw(rows, 1), draw(rows, 2)];
  const values = () =>
    Array.from({ length: 4 * rows }, (_, k) => {
      const i = Math.floor(k / 4);
      return [a[i], 3 * a[i], b[i], a[i] - 2 * b[i]][k % 4];
    });
  const { found: [[found]] } = await orthonormal(bench, [{ rows, columns: 4, values }]);
  const columns = [0, 1, 2, 3].map((j) => found.filter((_, k) => k % 4 === j));
  assertEquals([1, 3].map((j) => columns[j].every((x) => x === 0)), [true, true]);
  const pair = Float32Array.from(
    { length: 2 * rows },
    (_, k) => columns[k % 2 === 0 ? 0 : 2][Math.floor(k / 2)],
  );
  assertLessOrEqual(defect(pair, 2), 1e-6);
});

gpuTest("gramSchmidt() is the same to the bit at every magnitude", async (bench) => {
  const drawn = draw(70 * 3, 1);
  const of = async (scale: number) => {
    const values = () => drawn.map((x) => scale * x);
    return (await orthonormal(bench, [{ rows: 70, columns: 3, values }])).found;
  };
  const expected = await of(1);
  for (const scale of [2 ** -100, 2 ** 126]) assertEquals(await of(scale), expected);
});

gpuTest("gramSchmidt() takes others instead of zeros, for each matrix", async (bench) => {
  const shapes = [[9, 2], [5, 3]];
  const drawn = shapes.map(([rows, columns], t) => draw(rows * columns, t));
  const instead = shapes.map(([rows, columns], t) => draw(rows * columns, 5 + t));
  const of = (zero: number) =>
    shapes.map(([rows, columns], t) => ({
      ...{ rows, columns },
      values: () => t === zero ? new Float32Array(rows * columns) : drawn[t],
    }));
  const { found: [none] } = await orthonormal(bench, of(-1), { instead });
  const { found: [others] } = await orthonormal(
    bench,
    shapes.map(([rows, columns], t) => ({ rows, columns, values: () => instead[t] })),
  );
  assertEquals((await orthonormal(bench, of(0), { instead })).found, [[others[0], none[1]]]);
  assertEquals((await orthonormal(bench, of(1), { instead })).found, [[none[0], others[1]]]);
});

gpuTest("gramSchmidt() takes more dispatches for more columns", async (bench) => {
  const [rows, columns] = [300, 70];
  const matrices = [{ rows, columns, values: () => draw(rows * columns, 1) }];
  const { found: [[found]], dispatches } = await orthonormal(bench, matrices);
  assertEquals(dispatches > 1, true);
  assertLessOrEqual(defect(found, columns), 2e-6);
});
