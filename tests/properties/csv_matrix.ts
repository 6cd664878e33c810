import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/csv";
import fc from "fast-check";
import { readCSVMatrix } from "../../core/formats/csv_matrix.ts";
import { anyRows, expected, forms, write } from "./csv_forms.ts";
import { specimen } from "./damage.ts";
import { property, readOrRefused, survives } from "./property.ts";

const utf8 = new TextEncoder();

/** Text of the characters of tables. */
const scribbles = fc.string({
  unit: fc.constantFrom(..."0123.,;\t\n\r #-", "1.5", "\n", ",", "0,1\n", "e1", "D0", "x"),
  maxLength: 30,
});

/** Every way to read such a text as a table without names. */
function readings(text: string): (number[][] | undefined)[] {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => !/^\s*(?:$|#)/.test(line));
  return [/\t/, /;/, /,/, /[ \t]+/].flatMap((separator) => {
    const isSpace = separator.source.includes("+");
    const rows = lines.map((line) =>
      (isSpace ? line.trim() : line).split(separator).map((field) => field.trim())
    );
    const cut = rows.map((row) => row.length > 1 && row.at(-1) === "" ? row.slice(0, -1) : row);
    return [rows, cut].map((rows) => {
      const numbers = rows.map((row) =>
        row.map((field) => {
          const plain = (separator.source === "," ? field : field.replace(",", ".")).replace(
            "D",
            "e",
          );
          return /^-?[\d.]+(?:e-?\d+)?$/.test(plain) ? Math.fround(Number(plain)) : NaN;
        })
      );
      const isTable = numbers.every((row) => row.length === numbers[0].length);
      return isTable && numbers.flat().every(Number.isFinite) ? numbers : undefined;
    });
  });
}

/** What is true of readCSVMatrix(), whatever it is given. */
export const csvMatrixProperties = [
  survives({
    name: "readCSVMatrix()",
    read: (bytes) => readCSVMatrix(bytes),
    files: forms.map(write).map(({ bytes, text }) => specimen(bytes, JSON.stringify(text))),
    // A float32 takes a digit and what separates it from the next; UTF-8 may be longer than UTF-16.
    memory: (size) => 3 * (size + 4),
  }),
  ...[undefined, true, false].map((header) =>
    property(
      `readCSVMatrix() reads every form of a table, ${
        header === undefined ? "left to itself" : `header ${header}`
      }`,
      forms,
      (form) => {
        if (header !== undefined && header !== (form.header !== "none")) return "refused";
        const { bytes, text } = write(form);
        const { taken, place: _, names, ...matrix } = readCSVMatrix(bytes, { header });
        const { names: areNamed, ...wanted } = expected(form, header);
        assertEquals({ ...matrix, areNamed: taken.header }, { ...wanted, areNamed }, text);
        assertEquals(names?.length, areNamed ? matrix.columns : undefined, text);
      },
    )
  ),
  property(
    "readCSVMatrix() reads quoted tables as @std/csv does",
    fc.record({
      rows: anyRows,
      separator: fc.constantFrom(",", ";", "\t"),
      quotes: fc.infiniteStream(fc.boolean()),
      lineEnd: fc.constantFrom("\n", "\r\n"),
    }),
    ({ rows, separator, quotes, lineEnd }) => {
      const quote = (text: string) => quotes.next().value ? `"${text}"` : text;
      const text = rows.map((row) => row.map(({ text }) => quote(text)).join(separator) + lineEnd)
        .join("");
      const cells = parse(text, { separator });
      const { data } = readCSVMatrix(utf8.encode(text), { header: false });
      assertEquals(data, Float32Array.from(cells.flat(), Number));
    },
  ),
  property(
    "readCSVMatrix() misreads no text: some separator gives the same",
    scribbles,
    (text) =>
      readOrRefused(() => {
        const { rows, columns, data } = readCSVMatrix(utf8.encode(text), { header: false });
        const found = readings(text).some((numbers) =>
          numbers?.length === rows && numbers[0].length === columns &&
          numbers.flat().every((value, i) => Object.is(value, data[i]))
        );
        assert(found, `${JSON.stringify(text)} was read as ${rows} x ${columns}: ${data}`);
      }),
  ),
];
