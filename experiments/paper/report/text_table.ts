import { alignTable, csvLine } from "../../shared/tables.ts";

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
  /** Left out on the terminal, which is narrow. */
  readonly detail?: boolean;
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
  return value === 0 ? "0" : value.toPrecision(SIGNIFICANT_DIGITS);
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

/** The table for a terminal, without its details and without columns that hold nothing. */
export function terminalText({ columns, rows }: TextTable): string {
  const shown = columns.map((_, i) => i)
    .filter((i) => !columns[i].detail && rows.some((row) => row[i] !== ""));
  return alignTable([
    shown.map((i) => columns[i].title),
    ...rows.map((row) => shown.map((i) => row[i] || "-")),
  ]);
}

function cellText(cell: string | number | undefined): string {
  return typeof cell === "string" ? cell : formatFigure(cell);
}
