import { csvLine } from "../files/tables.ts";
import { alignTable } from "../terminal/aligned_table.ts";

/**
 * A table as it is told. Its cells are text, and the terminal, the CSV file and the report all take
 * them from here: none can say another digit than the others.
 */
export interface TextTable {
  /** The CSV file is called so. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly TextColumn[];
  /** A cell for each column; empty where there is nothing to tell. */
  readonly rows: readonly (readonly string[])[];
}

/** How a column is headed. */
export interface TextColumn {
  /** In the CSV file: best_learning_rate. */
  readonly key: string;
  /** On the terminal and in the report: best learning rate. */
  readonly title: string;
  /** Where it is told, if not everywhere: the terminal is narrow. */
  readonly only?: "file" | "page and file";
  /** On the page; numbers are to the right of themselves. */
  readonly align?: "right";
}

/** A column and what it tells of an item. */
export interface Telling<T> extends TextColumn {
  /** A number is told by {@linkcode formatFigure}. */
  readonly tell: (item: T) => string | number | undefined;
}

const SIGNIFICANT_DIGITS = 4;

/** A figure as it is printed everywhere: four significant digits; nothing where it is not finite. */
export function formatFigure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "";
  const text = value.toPrecision(SIGNIFICANT_DIGITS);
  // 12,345 would be 1.235e+4.
  return value === 0 || text.includes("e+") ? String(Number(text)) : text;
}

/** Lays a table with a row an item. */
export function layTable<T>(
  { name, title }: Pick<TextTable, "name" | "title">,
  items: readonly T[],
  columns: readonly Telling<T>[],
): TextTable {
  return {
    name,
    title,
    columns,
    rows: items.map((item) => columns.map(({ tell }) => cellText(tell(item)))),
  };
}

/** The table as CSV. */
export function csvText({ columns, rows }: TextTable): string {
  return [columns.map(({ key }) => key), ...rows].map(csvLine).join("");
}

/** The table for a terminal, without columns that are not for it or hold nothing. */
export function terminalText({ columns, rows }: TextTable): string {
  const shown = columns.map((_, i) => i)
    .filter((i) => columns[i].only === undefined && holdsSomething(rows, i));
  return alignTable([
    shown.map((i) => columns[i].title),
    ...rows.map((row) => shown.map((i) => row[i] || "-")),
  ]);
}

/** The columns of the report: those that are not for the file alone, and hold something. */
export function pageColumns({ columns, rows }: TextTable): number[] {
  return columns.map((_, i) => i)
    .filter((i) => columns[i].only !== "file" && holdsSomething(rows, i));
}

/** Whether a column is to the right on the page: numbers are. */
export function isRight({ columns, rows }: TextTable, column: number): boolean {
  return columns[column].align === "right" ||
    rows.every((row) => row[column] === "" || Number.isFinite(Number(row[column])));
}

function holdsSomething(rows: TextTable["rows"], column: number): boolean {
  return rows.some((row) => row[column] !== "");
}

function cellText(cell: string | number | undefined): string {
  return typeof cell === "string" ? cell : formatFigure(cell);
}
