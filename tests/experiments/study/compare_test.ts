import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readTable } from "../../../experiments/files/tables.ts";
import { tablesOf } from "../../../experiments/problems/kind_tables.ts";
import { compareRuns } from "../../../experiments/study/compare.ts";
import { InputError } from "../../../mod.ts";
import { scratch } from "../scratch.ts";
import { trainSmall } from "./small_grid.ts";

const common = { isMadeUp: false, tablesOf, interruption: new AbortController().signal };

Deno.test("compareRuns() puts the networks of runs together, with what they differ in", async () => {
  using one = scratch(), other = scratch(), out = scratch();
  await trainSmall({ folder: one.path, updates: 6 });
  await trainSmall({ folder: other.path, updates: 12, finish: 3, every: 4, curvatureEvery: 6 });
  const folders = [one.path, other.path, one.path];
  await compareRuns({ ...common, folders, out: out.path });
  const read = (name: string) => Deno.readTextFileSync(`${out.path}/${name}`);
  const summary = readTable(read("summary.csv"));
  // A folder that is named twice counts once.
  assertEquals(summary.length, 10);
  assertEquals([...new Set(summary.map(({ finish }) => finish))], ["0", "3"]);
  assertEquals([...new Set(summary.map(({ updates }) => updates))], ["6", "12"]);
  assertEquals("layers" in summary[0] || "curvature_every" in summary[0], false);
  const alone = readTable(Deno.readTextFileSync(`${one.path}/summary.csv`));
  for (const row of alone) {
    const same = summary.find(({ cell }) => cell === row.cell);
    assertEquals(same?.train_squared_error, row.train_squared_error);
  }
  assertEquals(readTable(read("settings.csv")).length, 10);
  for (const name of ["loss.svg", "curvature.svg"]) assert(read(name).startsWith("<svg"));
  assertStringIncludes(read("report.html"), "finish");
});

Deno.test("compareRuns() refuses a folder without networks, and leaves nothing", async () => {
  using one = scratch(), empty = scratch(), out = scratch();
  await trainSmall({ folder: one.path });
  for (const folder of [empty.path, `${empty.path}/gone`]) {
    await assertRejects(
      () => compareRuns({ ...common, folders: [one.path, folder], out: `${out.path}/all` }),
      InputError,
      `${folder} holds no networks`,
    );
  }
  assertEquals(out.names(), []);
});
