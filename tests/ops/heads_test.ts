import { assertEquals, assertThrows } from "@std/assert";
import { allocateTensor, matricesOf, matrixColumns, pad } from "../../core/gpu/tensor.ts";
import { joinHeads, splitHeads } from "../../core/ops/heads.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";

/** R, T, B, parts, heads, and units of each. */
const shapes = [[1, 1, 1, 1, 1, 1], [3, 3, 3, 3, 2, 3], [1, 17, 9, 3, 3, 4], [2, 9, 1, 1, 2, 17]];

function tensors(bench: Bench, [replicas, steps, batch, parts, count, units]: number[]) {
  const sizes = { count, steps: parts, rows: steps, columns: units };
  const take = (columns: number, steps = 1) => {
    const made = allocateTensor(bench.gpu, "test", { replicas, steps, rows: batch, columns });
    bench.take({ free: () => bench.gpu.free(made.buffer) });
    return made;
  };
  const rows = take(parts * count * units, steps);
  return {
    rows,
    joined: take(rows.columns, steps),
    heads: matricesOf(take(matrixColumns(sizes)), sizes),
  };
}

gpuTest("splitHeads() cuts rows of steps into matrices, joinHeads() undoes it", async (bench) => {
  for (const shape of shapes) {
    const [replicas, steps, batch, parts, count, units] = shape;
    const { rows, joined, heads } = tensors(bench, shape);
    const x = Float32Array.from(
      { length: replicas * steps * batch * rows.columns },
      (_, i) => i + 1,
    );
    // What lies in the padding of rows is nobody's.
    bench.gpu.write(rows.buffer, pad(rows, x).map((value) => value === 0 ? -7 : value));
    bench.run((plan) => {
      splitHeads(plan, rows, heads);
      joinHeads(plan, heads, joined);
    });
    assertEquals(await bench.paddedValues(joined), x);
    const split = await bench.paddedValues(heads);
    const cases = heads.replicas / replicas / count;
    x.forEach((value, i) => {
      const [column, row] = [i % rows.columns, Math.floor(i / rows.columns)];
      const [r, t, b] = [
        Math.floor(row / batch / steps),
        Math.floor(row / batch) % steps,
        row % batch,
      ];
      const [part, head] = [Math.floor(column / units / count), Math.floor(column / units) % count];
      const matrix = ((r * cases + b) * count + head) * parts + part;
      assertEquals(split[(matrix * steps + t) * units + column % units], value);
    });
    assertEquals(split.filter((value) => value !== 0).length, x.length);
  }
});

gpuTest("splitHeads() refuses heads of another size", (bench) => {
  const { rows } = tensors(bench, [1, 3, 2, 3, 2, 4]),
    { heads } = tensors(bench, [1, 3, 2, 1, 2, 4]);
  assertThrows(
    () => bench.run((plan) => splitHeads(plan, rows, heads)),
    RangeError,
    "[1, 3, 2, 24] does not split into heads [16, 3, 4]",
  );
});
