import { assertEquals, assertThrows } from "@std/assert";
import { allocateTensor, pad, type Tensor } from "../../core/gpu/tensor.ts";
import { chainLength, lookUp, sumByEntry } from "../../core/ops/look_up.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

/** R, T, B, entries and columns. */
const shapes = [[1, 1, 1, 1, 1], [3, 5, 3, 7, 17], [1, 17, 9, 3, 129], [2, 3, 129, 40, 3]];

function stepsWith(bench: Bench, values: ArrayLike<number>, sizes: number[]): Tensor {
  const [replicas, steps, rows, columns] = sizes;
  const made = allocateTensor(bench.gpu, "test", { replicas, steps, rows, columns });
  bench.take({ free: () => bench.gpu.free(made.buffer) });
  bench.gpu.write(made.buffer, pad(made, values));
  return made;
}

gpuTest(
  "lookUp() and sumByEntry(): rows of a table, and sums in the order of rows",
  async (bench) => {
    for (const [replicas, steps, batch, entries, columns] of shapes) {
      const rows = steps * batch;
      const numbers = Array.from(
        draw(replicas * rows, 1),
        (value) => Math.floor((value + 1) / 2 * entries),
      );
      const table = draw(replicas * entries * columns, 2), x = draw(replicas * rows * columns, 3);
      const tokens = stepsWith(bench, numbers, [replicas, steps, batch, 1]);
      const E = bench.matrix(entries, columns, table, replicas);
      const made = stepsWith(bench, [], [replicas, steps, batch, columns]);
      const delta = stepsWith(bench, x, [replicas, steps, batch, columns]);
      bench.run((plan) => lookUp(plan, { tokens, table: E, x: delta, out: made }));
      const entryOf = (i: number) => {
        const row = Math.floor(i / columns);
        return (Math.floor(row / rows) * entries + numbers[row]) * columns + i % columns;
      };
      const wanted = x.map((value, i) => value + table[entryOf(i)]);
      assertEquals(await bench.paddedValues(made), wanted);
      const sums = bench.matrix(entries, columns, undefined, replicas);
      const chains = bench.matrix(1, chainLength(entries, delta), undefined, replicas);
      // What lies in the padding of a delta is nobody's.
      const spoilt = stepsWith(bench, [], [replicas, steps, batch, columns]);
      bench.gpu.write(spoilt.buffer, pad(spoilt, Array(x.length).fill(1)).map((v) => v ? 0 : 7));
      bench.run((plan) => sumByEntry(plan, { tokens, delta: spoilt, out: sums, chains }));
      assertEquals((await bench.values(sums)).every((value) => value === 0), true);
      bench.run((plan) => sumByEntry(plan, { tokens, delta, out: sums, chains }));
      // In float32, one after another: no other order has these bits.
      const exact = new Float32Array(replicas * entries * columns);
      x.forEach((value, i) => exact[entryOf(i)] += value);
      assertEquals(await bench.paddedValues(sums), exact);
      const ofSteps = bench.matrix(steps, columns, undefined, replicas);
      bench.run((plan) => sumByEntry(plan, { delta, out: ofSteps }));
      const bySteps = new Float32Array(replicas * steps * columns);
      x.forEach((value, i) =>
        bySteps[Math.floor(i / batch / columns) * columns + i % columns] += value
      );
      assertEquals(await bench.paddedValues(ofSteps), bySteps);
    }
  },
);

gpuTest("lookUp() and sumByEntry() refuse tables and chains of other sizes", (bench) => {
  const delta = stepsWith(bench, [], [1, 2, 3, 4]), tokens = stepsWith(bench, [], [1, 2, 3, 1]);
  const [table, narrow] = [bench.matrix(5, 4), bench.matrix(5, 3)];
  const refuse = (record: Parameters<Bench["run"]>[0], says: string) =>
    assertThrows(() => bench.run(record), RangeError, says);
  refuse((plan) => lookUp(plan, { tokens, table: narrow, out: delta }), "[1, 5, 3] is no table of");
  refuse((plan) => lookUp(plan, { table, out: delta }), "[1, 5, 4] is no table of [1, 2, 3, 4]");
  refuse((plan) => lookUp(plan, { tokens: delta, table, out: delta }), "does not go with");
  refuse((plan) => sumByEntry(plan, { tokens, delta, out: table }), "take 21 numbers a replica");
});
