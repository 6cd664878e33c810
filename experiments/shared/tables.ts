import { type Cell as CsvCell, parse, stringify } from "@std/csv";
import { printable } from "../../core/data/wording.ts";
import { InputError } from "../../core/errors.ts";

/** A value of a table: undefined and null are left empty. */
export type Cell = string | number | boolean | null | undefined;

/** A row as it is read back: every cell is text. */
export type TableRow = Readonly<Record<string, string>>;

/** A CSV file that grows by rows: each is in the file when {@linkcode Table.append} returns. */
export class Table<Column extends string> implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #columns: readonly Column[];

  /** Creates the file with its heading. Throws Deno.errors.AlreadyExists where there is one. */
  constructor(path: string, columns: readonly Column[]) {
    this.#columns = columns;
    this.#file = Deno.openSync(path, { append: true, createNew: true });
    this.#write(csvLine(columns));
  }

  /** Adds rows in one write, so that rows that belong together are there together. */
  append(...rows: readonly Readonly<Record<Column, Cell>>[]): void {
    this.#write(rows.map((row) => csvLine(this.#columns.map((column) => row[column]))).join(""));
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  #write(text: string): void {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
  }
}

/**
 * One line of CSV, ended by \n. Numbers are the shortest text that reads back as the same float64;
 * those that are not finite are NaN, Infinity and -Infinity.
 */
export function csvLine(cells: readonly Cell[]): string {
  // @std/csv ends its lines with \r\n, as RFC 4180 has it; diff, awk and cut expect \n.
  return stringify([cells.map(cellText)]).replace(/\r\n$/, "\n");
}

/**
 * The rows of a CSV text whose first line names the columns. Throws InputError where it is none, or
 * where a row is not as long as the first.
 */
export function readTable(text: string): TableRow[] {
  if (text.trim() === "") return [];
  try {
    return parse(text, { skipFirstRow: true });
  } catch (error) {
    const reason = printable(error instanceof Error ? error.message : String(error), 100);
    throw new InputError(`this is no CSV table (${reason}); correct it or write it again`);
  }
}

/**
 * The number with the fewest decimal digits that rounds to the same float32, so that a table says
 * 0.1 for the float32 that is 0.10000000149011612.
 */
export function shortestFloat32(value: number): number {
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single;
  // Nine significant digits tell any two float32 apart.
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return short;
  }
  return Number(single.toPrecision(9));
}

function cellText(cell: Cell): CsvCell {
  return Object.is(cell, -0) ? "-0" : typeof cell === "number" ? String(cell) : cell;
}

/** Rows in columns for a terminal: text to the left, numbers to the right. */
export function alignTable(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => String(row[column]).length))
  );
  const isNumber = (column: number) =>
    rows.slice(1).every((row) => /^[\d.eE+-]+( %)?$|^NaN$/.test(String(row[column])));
  const numeric = widths.map((_, column) => isNumber(column));
  return rows.map((row) =>
    row.map((cell, column) =>
      numeric[column] ? String(cell).padStart(widths[column]) : String(cell).padEnd(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}
