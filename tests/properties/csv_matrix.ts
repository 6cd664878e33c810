import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readCSVMatrix } from "../../core/formats/csv_matrix.ts";
import { specimen } from "./damage.ts";
import { property, survives } from "./property.ts";

const utf8 = new TextEncoder();

/** A number of float32, and one of the ways to write it. */
const entry = fc.tuple(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    (value: number) => String(Object.is(value, -0) ? "-0" : value),
    (value: number) => value.toExponential(),
    (value: number) => value.toPrecision(9).toUpperCase(),
    (value: number) => value < 0 ? String(value) : `+${value}`,
  ),
).map(([value, write]) => {
  const text = write(value);
  return { text, value: Math.fround(Number(text)) };
});

/** Tables as programs write them, and what should be read. */
const tables = fc.record({
  rows: fc.integer({ min: 1, max: 5 }).chain((columns) =>
    fc.array(fc.array(entry, { minLength: columns, maxLength: columns }), { minLength: 1 })
  ),
  header: fc.boolean(),
  separator: fc.constantFrom(",", "\t", ";", " ", " , "),
  lineEnd: fc.constantFrom("\n", "\r\n"),
  blankLines: fc.nat(2),
}).map(({ rows, header, separator, lineEnd, blankLines }) => {
  const names = header ? [rows[0].map((_, i) => `x${i}`)] : [];
  const lines = [...names, ...rows.map((row) => row.map(({ text }) => text))];
  const text = lines.map((line) => line.join(separator) + lineEnd).join("");
  const data = Float32Array.from(rows.flat(), ({ value }) => value);
  return {
    matrix: { rows: rows.length, columns: rows[0].length, data },
    text: text + lineEnd.repeat(blankLines),
  };
});

/** What is true of readCSVMatrix(), whatever it is given. */
export const csvMatrixProperties = [
  survives({
    name: "readCSVMatrix()",
    read: (bytes) => readCSVMatrix(bytes),
    files: tables.map(({ text }) => specimen(utf8.encode(text), JSON.stringify(text))),
    // A float32 takes a digit and what separates it from the next.
    memory: (size) => 2 * (size + 2),
  }),
  property("readCSVMatrix() reads every table that is written", tables, ({ matrix, text }) => {
    assertEquals(readCSVMatrix(utf8.encode(text)), matrix);
  }),
];
