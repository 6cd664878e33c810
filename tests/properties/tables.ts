import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { csvLine, readTable, shortestFloat32 } from "../../experiments/files/tables.ts";
import { specimen } from "./damage.ts";
import { property, survives } from "./property.ts";

/** Any text, and such as needs quotes. @std/csv puts none around an end of a line that is \r alone. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('"', ",", "\r\n", "\n", "\t", " ", "x") }),
);

const name = fc.stringMatching(/^[a-z]\w*$/);

/** Rows of any texts. A row with one cell that is empty would be a blank line. */
const tables = fc.uniqueArray(name, { minLength: 2, maxLength: 5 }).chain((columns) => {
  const row = fc.array(text, { minLength: columns.length, maxLength: columns.length });
  return fc.record({ columns: fc.constant(columns), rows: fc.array(row) });
});

function write({ columns, rows }: { columns: string[]; rows: string[][] }): string {
  return [columns, ...rows].map(csvLine).join("");
}

const utf8 = new TextEncoder(), decoder = new TextDecoder();

const double = fc.double();

/** What is true of the tables of experiments, whatever is in them. */
export const tableProperties = [
  survives({
    name: "readTable()",
    read: (bytes) => readTable(decoder.decode(bytes)),
    files: tables.map((table) => specimen(utf8.encode(write(table)), JSON.stringify(table))),
    // It has strings alone.
    memory: () => 0,
  }),
  property("readTable() reads every table that is written", tables, (table) => {
    // @std/csv reads every end of a line as \n, in quotes too.
    const rows = table.rows.map((row) =>
      Object.fromEntries(table.columns.map((name, i) => [name, row[i].replaceAll("\r\n", "\n")]))
    );
    assertEquals(readTable(write(table)), rows);
  }),
  property("csvLine() writes every number so that it reads back", fc.array(double), (numbers) => {
    const line = csvLine(["", ...numbers]);
    assertEquals(line.trimEnd().split(",").slice(1).map(Number), numbers);
  }),
  property("shortestFloat32() is the same float32 for every number", double, (value) => {
    assertEquals(Math.fround(shortestFloat32(value)), Math.fround(value));
  }),
];
