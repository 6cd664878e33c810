import fc from "fast-check";
import { fileBytes } from "./numbers.ts";

const utf8 = new TextEncoder();

/** A number as it is written, and as it is to be read. */
interface Entry {
  readonly text: string;
  readonly value: number;
}

/** A table as some program writes it. */
interface Form {
  readonly rows: Entry[][];
  readonly header: "none" | "names" | "from 0" | "from 1";
  readonly index: "none" | "unnamed" | "one name fewer" | "counting";
  readonly separator: string;
  readonly quoted: boolean;
  readonly decimalCommas: boolean;
  readonly fortran: boolean;
  readonly trailing: boolean;
  readonly lineEnd: string;
  readonly blank: number;
  readonly comment: boolean;
  readonly encoding: "utf-8" | "mark" | "utf-16le" | "utf-16be";
}

/** A number of float32, and one of the ways to write it. */
const entry: fc.Arbitrary<Entry> = fc.tuple(
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

const rowsOf = (columns: number, most = 10) =>
  fc.array(fc.array(entry, { minLength: columns, maxLength: columns }), {
    minLength: 1,
    maxLength: most,
  });

/** Columns of small integers, as of bits and of counts: what a header might be taken for. */
const smallRows = fc.integer({ min: 1, max: 5 }).chain((columns) =>
  fc.array(
    fc.array(fc.integer({ min: 0, max: 5 }).map((n) => ({ text: String(n), value: n })), {
      minLength: columns,
      maxLength: columns,
    }),
    { minLength: 1, maxLength: 5 },
  )
);

/** Rows of any numbers, or of such as names may be. */
export const anyRows: fc.Arbitrary<Entry[][]> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }).chain((columns) => rowsOf(columns)) },
  { weight: 2, arbitrary: smallRows },
);

/** Tables as programs write them. */
export const forms: fc.Arbitrary<Form> = fc.record({
  rows: anyRows,
  header: fc.constantFrom("none", "names", "from 0", "from 1"),
  index: fc.constantFrom("none", "none", "unnamed", "one name fewer", "counting"),
  separator: fc.constantFrom(",", "\t", ";", " ", " , "),
  quoted: fc.boolean(),
  decimalCommas: fc.boolean(),
  fortran: fc.boolean(),
  trailing: fc.boolean(),
  lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
  blank: fc.nat(3),
  comment: fc.boolean(),
  encoding: fc.constantFrom("utf-8", "utf-8", "mark", "utf-16le", "utf-16be"),
});

/** The text of a form, and its bytes. */
export function write(form: Form): { text: string; bytes: Uint8Array<ArrayBuffer> } {
  const { rows, header, separator, quoted, lineEnd, blank, comment, encoding } = form;
  const columns = rows[0].length;
  const number = ({ text }: Entry) => {
    const mark = form.decimalCommas && commas ? text.replace(".", ",") : text;
    return form.fortran ? mark.replace(/e/i, "D") : mark;
  };
  const quote = (text: string) => quoted ? `"${text.replaceAll('"', '""')}"` : text;
  const names = Array.from({ length: columns }, (_, i) => {
    if (header !== "names") return String(header === "from 0" ? i : i + 1);
    return quoted ? `x "${i}", ;` : `x${i}`;
  });
  const hasNames = header !== "none", hasIndex = indexOf(form);
  // In a column alone, a comma separates for all that anybody can tell.
  const commas = separator.trim() !== "," && columns > 1;
  const above = hasIndex === "unnamed"
    ? ["", ...names]
    : hasIndex === "counting"
    ? ["id", ...names]
    : names;
  const lines = rows.map((row, i) => [
    ...hasIndex === undefined
      ? []
      : [hasIndex === "counting" ? `${i}` : quoted ? `r ${i}` : `r${i}`],
    ...row.map(number),
  ]);
  const end = form.trailing && separator !== " " ? separator : "";
  const texts = [...hasNames ? [above] : [], ...lines].map((line) => {
    // An empty field shows between spaces in quotes alone.
    return line.map((field) => field === "" && separator === " " ? '""' : quote(field)).join(
      separator,
    ) + end;
  });
  const blankLine = columns > 1 || hasIndex ? lineEnd.repeat(blank) : "";
  const text = (comment ? `# a comment of more words than there are columns${lineEnd}` : "") +
    texts.join(lineEnd + blankLine) + lineEnd.repeat(blank + 1);
  return { text, bytes: encoded(text, encoding) };
}

/** An index stands beside names alone. */
function indexOf({ header, index }: Form): Exclude<Form["index"], "none"> | undefined {
  if (header === "none" || index === "none") return undefined;
  // Names that count have no name before them, and none too few, that counts on.
  return header === "names" || index === "unnamed" ? index : undefined;
}

function encoded(text: string, encoding: string): Uint8Array<ArrayBuffer> {
  if (encoding === "utf-8") return utf8.encode(text);
  if (encoding === "mark") return utf8.encode(`\ufeff${text}`);
  const units = Uint16Array.from(`\ufeff${text}`, (_, i) => `\ufeff${text}`.charCodeAt(i));
  return fileBytes(units, encoding === "utf-16le");
}

/** Whether numbers are n, n + 1 and so on. */
function isRun(numbers: readonly number[], first = numbers[0]): boolean {
  return Number.isInteger(first) && numbers.every((n, i) => n === first + i);
}

/** What is to be read of a form by what the documentation says. */
export function expected(form: Form, header: boolean | undefined) {
  const values = form.rows.map((row) => row.map(({ value }) => value)), columns = values[0].length;
  const start = form.header === "from 1" ? 1 : 0;
  const counted = Array.from({ length: columns }, (_, i) => start + i);
  const index = indexOf(form);
  let rows = values, names = form.header !== "none";
  if (names && form.header !== "names" && header === undefined && index === undefined) {
    // Names that count the columns: fractions below tell them, or their number.
    const fractions = values.flat().some((value) => !Number.isInteger(value));
    names = columns > 1 && !values.some((row) => isRun(row)) && (fractions || columns >= 4);
    if (!names) rows = [counted, ...values];
  } else if (!names && header === undefined && columns > 1) {
    // Values that count the columns as names might.
    const [first, ...others] = values;
    const fractions = others.flat().some((value) => !Number.isInteger(value));
    names = (first[0] === 0 || first[0] === 1) && isRun(first) && others.length > 0 &&
      !others.some((row) => isRun(row)) && (fractions || columns >= 4);
    if (names) rows = others;
  }
  if (index === "counting" && (header || rows.length < 2)) {
    rows = rows.map((row, i) => [i, ...row]);
  } else if (
    form.header === "names" && index === undefined && header === undefined && columns > 1 &&
    rows.length > 1 && isRun(rows.map(([first]) => first), 0)
  ) {
    rows = rows.map((row) => row.slice(1));
  }
  return {
    rows: rows.length,
    columns: rows[0].length,
    data: Float32Array.from(rows.flat()),
    names,
  };
}
