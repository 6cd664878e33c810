import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkFolder } from "../../../experiments/tables/session.ts";
import { layTable, readTables } from "../../../experiments/tables/records.ts";
import { InputError } from "../../../mod.ts";
import { asInThePaper, smallTables, writeResults } from "../report/results.ts";
import { scratch } from "../scratch.ts";

const { table1 } = smallTables;

Deno.test("readTables() lays tables anew from their records, in the paper's order", () => {
  using folder = scratch();
  const { table3, table1 } = smallTables;
  const laid = writeResults(folder.path, { table3, table1 }, () => undefined);
  assertEquals(readTables(folder.path).map(({ table }) => table), laid.toReversed());
});

Deno.test("readTables() names a record that is not as it was written", () => {
  using folder = scratch();
  writeResults(folder.path, { table1 }, () => undefined);
  const path = `${folder.path}/table1.json`;
  const text = Deno.readTextFileSync(path);
  const damages = [
    text.slice(0, -3),
    "{}",
    text.replace('"updates": 3000', '"updates": "3000"'),
    text.replace('"updates": 3000', '"updates": -1'),
    text.replace('"problem": "curves"', '"problem": "digits"'),
  ];
  for (const damaged of damages) {
    Deno.writeTextFileSync(path, damaged);
    const { message } = assertThrows(() => readTables(folder.path), InputError);
    assertStringIncludes(message, `${path} is not as it was written`);
    assertEquals(message.includes("\n"), false);
  }
});

Deno.test("layTable() refuses a folder of another configuration, and names the difference", () => {
  using folder = scratch();
  writeResults(folder.path, { table1 }, () => undefined);
  const other = structuredClone(table1);
  other.budget.updates = 2000;
  assertThrows(
    () => layTable(folder.path, "table1", { preset: "small", configuration: other }),
    InputError,
    `${folder.path}/table1.json was laid with updates 3000, not 2000: repeat the command as it was`,
  );
});

Deno.test("checkFolder() refuses what an older version left in one line, and nothing of a new one", () => {
  using folder = scratch();
  writeResults(folder.path, { table1 }, asInThePaper);
  const names = folder.names();
  const { message } = assertThrows(() => checkFolder(folder.path), InputError);
  assertStringIncludes(message, `${folder.path} holds tables of an older version of Nagare: go on`);
  assertEquals([message.includes("\n"), folder.names()], [false, names]);
  for (const mark of ["shards", "run.json"]) {
    Deno.mkdirSync(`${folder.path}/${mark}`);
    checkFolder(folder.path);
    Deno.removeSync(`${folder.path}/${mark}`);
  }
});
