import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { loadSeries, type SeriesOptions } from "../../../experiments/problems/series.ts";
import { npy } from "../../formats/crafted_npz.ts";
import { draw } from "../../gpu/fixture.ts";
import { scratch } from "../scratch.ts";

function load(data: string, options: Partial<SeriesOptions> = {}) {
  const usual = { header: undefined, testShare: 0.25, length: 3, batchSize: 1 };
  return loadSeries({ ...usual, ...options, data }, undefined);
}

const text = (words: string) => new TextEncoder().encode(words);

Deno.test("loadSeries() standardizes each column by the rows to train on alone", async () => {
  using folder = scratch();
  // 1, 2, 3 twice: mean 2, variance 2/3; the last two rows are to test on.
  const path = folder.write("x.csv", text("v\n1\n2\n3\n1\n2\n3\n100\n2\n-2\n"));
  const { source, remark, example, settings } = await load(path, { testShare: 0.34 });
  const deviation = Math.sqrt(2 / 3);
  assertEquals(source.columns, [{ name: "v", mean: 2, deviation }]);
  assertEquals([source.trainRows, source.testRows], [6, 3]);
  assertEquals(Array.from(example.inputs), [98 / deviation, 0].map(Math.fround));
  assertEquals(Array.from(example.targets), [0, -4 / deviation].map(Math.fround));
  assertMatch(example.title, /rows 8 to 9,/);
  assertMatch(remark!, /6 rows are to train on, the last 3 to test on; .*: v 2 ± 0\.8165$/);
  assertEquals((settings as unknown as { deviations: unknown }).deviations, { v: deviation });
});

Deno.test("loadSeries() tells the error of persistence over the windows to test on", async () => {
  using folder = scratch();
  for (const [rows, width, length] of [[40, 2, 3], [24, 1, 6], [20, 3, 2]]) {
    const path = folder.write("x.npy", npy("<f4", `${rows}, ${width}`, draw(rows * width, 5)));
    const { tables: { baseline }, source } = await load(path, { length });
    const columns = source.columns as { mean: number; deviation: number }[];
    const first = Number(source.trainRows), values = draw(rows * width, 5);
    const at = (row: number, column: number) => {
      const { mean, deviation } = columns[column];
      return Math.fround((values[row * width + column] - mean) / deviation);
    };
    let sum = 0, terms = 0;
    for (let start = first; start + length <= rows; start++) {
      for (let row = start; row < start + length - 1; row++) {
        for (let column = 0; column < width; column++, terms++) {
          sum += (at(row + 1, column) - at(row, column)) ** 2;
        }
      }
    }
    assertAlmostEquals(baseline!.of({} as never)!, sum / terms, terms * 2 ** -52 * sum / terms);
  }
});

Deno.test("loadSeries() takes names that tell columns apart, a list, and bytes as numbers", async () => {
  using folder = scratch();
  const names = async (file: string, content: Uint8Array) =>
    (await load(folder.write(file, content))).example.outputNames;
  const table = (heading: string) =>
    text(`${heading}\n${Array.from({ length: 20 }, (_, i) => `${i % 5},${i % 7}`).join("\n")}\n`);
  assertEquals(await names("a.csv", table("x,y")), ["x", "y"]);
  assertEquals(await names("b.csv", table("x,x")), ["column_1", "column_2"]);
  assertEquals(await names("c.csv", table("x,")), ["column_1", "column_2"]);
  const list = Uint8Array.from({ length: 20 }, (_, i) => i % 3 * 100);
  assertEquals(await names("d.npy", npy("|u1", "20,", list)), ["column_1"]);
  const { source } = await load(`${folder.path}/d.npy`);
  const [{ mean }] = source.columns as { mean: number }[];
  assert(mean > 1, "levels of images would be below 1");
});
