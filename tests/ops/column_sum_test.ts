import { assertEquals, assertThrows } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { columnSum } from "../../core/ops/column_sum.ts";
import { Vector, VectorLayout } from "../../core/gpu/vector.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

gpuTest("columnSum() adds the rows of each replica in their order", async (bench) => {
  const replicas = 3;
  const sizes = [1, 3, 17, 129].flatMap((rows) =>
    [1, 3, 17, 129].map((columns) => [rows, columns])
  );
  const cases = sizes.map(([rows, columns]) => {
    const values = draw(replicas * rows * columns, rows + 1000 * columns);
    // The second tensor, so that the sums go to an offset.
    const shapes = [3, 1].map((rows) => ({ name: "test", rows, columns }));
    const out = bench.take(
      new Vector(bench.gpu, "test", new VectorLayout(shapes), replicas),
    );
    return { rows, columns, values, out };
  });
  bench.run((plan) => {
    for (const { rows, columns, values, out } of cases) {
      columnSum(plan, bench.matrix(rows, columns, values, replicas), out.tensor(1));
    }
  });
  const contents = await Promise.all(cases.map(({ out }) => bench.floats(out.buffer)));
  cases.forEach(({ rows, columns, values, out: { layout } }, i) => {
    const wanted = new Float32Array(replicas * layout.length);
    values.forEach((value, at) => {
      const r = Math.floor(at / (rows * columns));
      wanted[r * layout.length + layout.tensors[1].offset + at % columns] += value;
    });
    assertEquals(contents[i].subarray(0, wanted.length), wanted, `${rows} x ${columns}`);
  });
});

gpuTest("columnSum() refuses shapes that do not fit", (bench) => {
  const plan = new Plan(bench.gpu);
  const a = bench.matrix(5, 3);
  for (const out of [bench.matrix(1, 4), bench.matrix(2, 3)]) {
    assertThrows(() => columnSum(plan, a, out), RangeError, "3 columns do not sum to");
  }
});
