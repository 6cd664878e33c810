import { InputError } from "../errors.ts";
import { printable } from "./wording.ts";

/** Settings of {@linkcode readCSVMatrix}. */
export interface CSVMatrixOptions {
  /** The first line names the columns. Default: it does if it holds no number. */
  header?: boolean;
}

/** What {@linkcode readCSVMatrix} reads. */
export interface CSVMatrix {
  /** Lines of numbers. */
  readonly rows: number;
  /** Numbers in each. */
  readonly columns: number;
  /** The numbers, row by row. */
  readonly data: Float32Array<ArrayBuffer>;
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const newline = 0x0a;

/** Longer than a line of a million numbers: such a file has no lines. */
const longestLine = 2 ** 25;

/**
 * Reads a table of numbers in text: a line is a row, with commas, tabs, semicolons or spaces in
 * between, whichever of these the first line has. Every field must be a finite decimal number
 * within float32, and every row as long as the first.
 *
 * @throws {InputError} If that is not so; the error names the row and the column, counted from 1.
 *
 * @example
 * ```ts
 * const text = new TextEncoder().encode("x,y\n1,2\n3,4.5e-1\n");
 * readCSVMatrix(text); // { rows: 2, columns: 2, data: [1, 2, 3, 0.45] }
 * ```
 */
export function readCSVMatrix(
  bytes: Uint8Array,
  { header }: CSVMatrixOptions = {},
): CSVMatrix {
  let split = (line: string) => [line];
  let data = new Float32Array(), columns = 0, rows = 0, lineNumber = 0;
  for (const { line, linesLeft } of readLines(bytes)) {
    if (++lineNumber === 1) {
      split = splitter(line);
      if (header ?? !split(line).some(isNumeric)) continue;
    }
    const fields = split(line), place = `row ${rows + 1} (line ${lineNumber})`;
    if (rows === 0) {
      columns = fields.length;
      data = new Float32Array(Math.min(columns * linesLeft, mostNumbers(bytes)));
    }
    checkWidth(fields.length, columns, place);
    for (let i = 0; i < columns; i++) {
      const value = number.test(fields[i]) ? Math.fround(Number(fields[i])) : NaN;
      if (!Number.isFinite(value)) throw notFinite(fields[i], `${place}, column ${i + 1}`);
      data[rows * columns + i] = value;
    }
    rows++;
  }
  if (rows === 0) throw new InputError("the table has no row of numbers; give one that does");
  return { rows, columns, data };
}

/** Also what is no number that may be read, but no name either. */
function isNumeric(field: string): boolean {
  return number.test(field) || /^[+-]?(?:nan|inf|infinity)$/i.test(field);
}

/** A number takes a digit and what separates it from the next. */
function mostNumbers(bytes: Uint8Array): number {
  return Math.ceil((bytes.length + 1) / 2);
}

/** The lines, without blank ones at the end, and how many there are from each on. */
function* readLines(bytes: Uint8Array): Generator<{ line: string; linesLeft: number }> {
  const lineEnds = [newline, 0x0d];
  const end = bytes.findLastIndex((byte) => !lineEnds.includes(byte)) + 1;
  const decoder = new TextDecoder();
  let linesLeft = 1;
  for (let at = bytes.indexOf(newline); at >= 0 && at < end; at = bytes.indexOf(newline, at + 1)) {
    linesLeft++;
  }
  for (let start = 0; start < end; linesLeft--) {
    const found = bytes.indexOf(newline, start), stop = found < 0 ? end : Math.min(found, end);
    if (stop - start > longestLine) {
      throw new InputError(
        `the table has a line of ${stop - start} bytes, above ${longestLine}; is it text?`,
      );
    }
    const line = decoder.decode(bytes.subarray(start, stop));
    yield { line: line.endsWith("\r") ? line.slice(0, -1) : line, linesLeft };
    start = stop + 1;
  }
}

/** How a line is cut into fields, by the separator that the first line has. */
function splitter(firstLine: string): (line: string) => string[] {
  const separator = ["\t", ";", ","].find((character) => firstLine.includes(character));
  if (separator === undefined) return (line) => line.trim().split(/ +/);
  return (line) => line.split(separator).map((field) => field.trim());
}

function checkWidth(found: number, columns: number, place: string): void {
  if (found === columns) return;
  throw new InputError(
    `${place} of the table is ${found} long, the first ${columns}; make all rows equally long`,
  );
}

function notFinite(field: string, place: string): InputError {
  return new InputError(
    `${place} of the table is "${printable(field)}", not a finite float32 number; ` +
      `correct or remove it`,
  );
}
