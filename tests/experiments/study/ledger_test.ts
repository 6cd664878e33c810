import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { type Cell, decodeCell, encodeCell } from "../../../experiments/study/cell.ts";
import { cellPath, readCells, readState, statePath } from "../../../experiments/study/ledger.ts";
import { networksOf } from "../../../experiments/tables/stages.ts";
import { asInThePaper, cellOf, smallTables, writeResults } from "../report/results.ts";
import { scratch } from "../scratch.ts";
import { trainSmall } from "./small_grid.ts";

const { table1 } = smallTables;

/** A folder with one finished network. */
function withOneCell(): { path: string; cell: Cell; folder: ReturnType<typeof scratch> } {
  const folder = scratch();
  const tables = writeResults(folder.path, { table1 }, (configuration) => {
    const { optimizer, learningRate, seed } = configuration;
    const isFirst = optimizer === "sgd" && learningRate === 0.01 && seed === 1;
    return isFirst ? asInThePaper(configuration) : undefined;
  });
  // The lowest rate of the first entry comes first.
  const [{ id }] = networksOf(tables, new Map());
  return { folder, path: cellPath(folder.path, id), cell: readCells(folder.path).get(id)! };
}

/** What reading a damaged cell says; it names the file and the way out. */
function refusal(folder: string, path: string): string {
  const { message } = assertThrows(() => readCells(folder), InputError);
  assertStringIncludes(message, `${path} is not a cell as it was written: `);
  assertStringIncludes(message, "; delete it, and it is trained again");
  return message;
}

Deno.test("readCells() reads what was written", () => {
  const { folder, cell } = withOneCell();
  using _ = folder;
  const written = cellOf(cell.id, cell.configuration, asInThePaper(cell.configuration)!);
  assertEquals([...readCells(folder.path).values()], [written]);
});

Deno.test("readCells() finds no cells in a folder without any, nor those still being written", () => {
  using folder = scratch();
  assertEquals(readCells(folder.path).size, 0);
  Deno.mkdirSync(`${folder.path}/cells`);
  folder.write("cells/0123456789abcdef.json.77.partial", new Uint8Array(3));
  assertEquals(readCells(folder.path).size, 0);
});

Deno.test("decodeCell() refuses a cell with any one bit flipped", () => {
  const { folder, cell } = withOneCell();
  using _ = folder;
  // A short curve has every kind of byte that a long one has.
  const short = { ...cell, result: { ...cell.result, curve: cell.result.curve.slice(0, 2) } };
  const bytes = new TextEncoder().encode(encodeCell(short));
  assertEquals(decodeCell(bytes), short);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    assertThrows(() => decodeCell(bytes), InputError, "", `bit ${bit}`);
    bytes[bit >> 3] ^= 1 << (bit & 7);
  }
});

Deno.test("readCells() names a cell that was cut off, at any length", () => {
  const { folder, path } = withOneCell();
  using _ = folder;
  const bytes = Deno.readFileSync(path);
  // The newline at the end says nothing.
  for (const length of [0, 1, bytes.length >> 1, bytes.length - 2]) {
    Deno.writeFileSync(path, bytes.subarray(0, length));
    assertStringIncludes(refusal(folder.path, path), "it is not JSON");
  }
});

Deno.test("readCells() names a cell whose number was edited by hand", () => {
  const { folder, path, cell } = withOneCell();
  using _ = folder;
  const text = Deno.readTextFileSync(path);
  const { squaredError } = cell.result.final!.train;
  const edited = text.replaceAll(`"squaredError": ${squaredError}`, '"squaredError": 0.001');
  Deno.writeTextFileSync(path, edited);
  assertStringIncludes(refusal(folder.path, path), "its content does not fit its check sum");
});

Deno.test("readCells() names a cell under another network's name", () => {
  const { folder, path, cell } = withOneCell();
  using _ = folder;
  const other = cellPath(folder.path, "0123456789abcdef");
  Deno.renameSync(path, other);
  assertStringIncludes(refusal(folder.path, other), `it holds the cell ${cell.id}`);
});

Deno.test("readCells() names a cell whose configuration is not that of its ID", () => {
  const { folder, path, cell } = withOneCell();
  using _ = folder;
  const forged = { ...cell, configuration: { ...cell.configuration, learningRate: 7 } };
  Deno.writeTextFileSync(path, encodeCell(forged));
  assertStringIncludes(refusal(folder.path, path), "its configuration does not fit its ID");
});

Deno.test("readCells() names a file of JSON that is no cell, and its first flaw", () => {
  const { folder, path } = withOneCell();
  using _ = folder;
  for (const [json, flaw] of [["[]", "id: "], ["{}", "id: "], ['"cell"', "it"], ["null", "it"]]) {
    Deno.writeTextFileSync(path, json);
    assertStringIncludes(refusal(folder.path, path), `written: ${flaw}`);
  }
});

Deno.test("decodeCell() reads figures that are not finite as they were", () => {
  const { folder, cell } = withOneCell();
  using _ = folder;
  const figures = { loss: Infinity, squaredError: NaN, other: -Infinity };
  const final = { train: figures, test: figures };
  const diverged = { ...cell, result: { ...cell.result, final } };
  assertEquals(decodeCell(new TextEncoder().encode(encodeCell(diverged))), diverged);
});

Deno.test("readState() names a state that is damaged, or another network's, and leaves it", async () => {
  using folder = scratch();
  await trainSmall({ folder: folder.path, updates: 3 });
  const [one, other] = [...readCells(folder.path).keys()];
  const path = statePath(folder.path, one), bytes = Deno.readFileSync(path);
  const damaged = bytes.slice();
  damaged[damaged.length - 5] ^= 1;
  const cases = [
    damaged,
    bytes.subarray(0, bytes.length - 1),
    Deno.readFileSync(statePath(folder.path, other)),
  ];
  for (const found of cases) {
    Deno.writeFileSync(path, found);
    const { message } = await assertRejects(() => readState(path, one), InputError);
    assertStringIncludes(message, path);
    assertStringIncludes(message, "put it back as it was, or remove it, to have the network");
    await assertRejects(
      () => trainSmall({ folder: folder.path, updates: 6, resume: true }),
      InputError,
      path,
    );
    assertEquals(Deno.readFileSync(path), found);
  }
});
