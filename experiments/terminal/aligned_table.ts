import { stdoutColumns } from "./terminal.ts";

/** How {@linkcode alignTable} makes a table fit. */
export interface TableLayout {
  /** Columns of the terminal. Default: those of stdout, 80 where it is none. */
  readonly width?: number;
  /** Where the whole table lies: "summary.csv". Without it no column is left out. */
  readonly whole?: string;
  /** Headings of the columns that stay longest, the most important first; then the others. */
  readonly important?: readonly string[];
}

/**
 * A table for a terminal, its first row the headings: text to the left, numbers to the right. Where
 * it is wider than the terminal, columns that say the same in every row stand in a line above it,
 * headings are broken in two, text of the last column in as many as it takes, and at last columns are
 * left out. A row alone is laid as a list.
 */
export function alignTable(
  rows: readonly (readonly (string | number)[])[],
  { width = stdoutColumns(), whole, important = [] }: TableLayout = {},
): string {
  const table = gridOf(rows.map((row) => row.map(String)));
  if (widthOf(table) <= width) return draw(table);
  if (table.rows.length === 1) return draw(listOf(table));
  const { same, others } = splitColumns(table);
  const above = wrap(same.join(", "), width, ", ");
  const forms = [others, breakHeadings(others), wrapNotes(breakHeadings(others), width)];
  const fitting = forms.find((form) => widthOf(form) <= width);
  if (fitting !== undefined || whole === undefined) {
    return [...above, draw(fitting ?? forms[1])].join("\n");
  }
  const { table: narrow, left } = leaveOut(forms[1], width, important);
  const rest = `(${left} more ${left === 1 ? "column" : "columns"}: see ${whole})`;
  return [...above, draw(narrow), rest].join("\n");
}

/** A table as it is drawn. */
interface Grid {
  /** Of one row, or of two where they are broken. */
  readonly headings: readonly (readonly string[])[];
  readonly rows: readonly (readonly string[])[];
  /** Whether a column holds numbers alone. */
  readonly numeric: readonly boolean[];
}

const columnGap = "  ";

function gridOf([headings, ...rows]: readonly (readonly string[])[]): Grid {
  const isNumber = (cell: string) => /^[\d.eE+-]+( %)?$|^NaN$|^-?Infinity$/.test(cell);
  const numeric = headings.map((_, i) => rows.length > 0 && rows.every((row) => isNumber(row[i])));
  return { headings: [headings], rows, numeric };
}

function columnWidths({ headings, rows, numeric }: Grid): number[] {
  return numeric.map((_, i) => Math.max(...[...headings, ...rows].map((row) => row[i].length)));
}

function widthOf(table: Grid): number {
  const widths = columnWidths(table);
  return widths.reduce((sum, width) => sum + width, columnGap.length * (widths.length - 1));
}

function draw(table: Grid): string {
  const widths = columnWidths(table);
  const place = (cell: string, i: number) =>
    table.numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
  return [...table.headings.filter((row) => row.some((cell) => cell !== "")), ...table.rows]
    .map((row) => row.map(place).join(columnGap).trimEnd()).join("\n");
}

function pickColumns({ headings, rows, numeric }: Grid, columns: readonly number[]): Grid {
  const pick = <T>(row: readonly T[]) => columns.map((i) => row[i]);
  return { headings: headings.map(pick), rows: rows.map(pick), numeric: pick(numeric) };
}

function listOf({ headings: [headings], rows: [row] }: Grid): Grid {
  return {
    headings: [],
    rows: headings.map((heading, i) => [heading, row[i]]),
    numeric: [false, false],
  };
}

/** What every row says in the same words, and the table of the rest; rows all alike stay. */
function splitColumns(table: Grid): { same: string[]; others: Grid } {
  const { headings: [headings], rows: [first, ...rest] } = table;
  const varies = headings.map((_, i) => rest.some((row) => row[i] !== first[i]));
  if (!varies.includes(true)) return { same: [], others: table };
  return {
    same: headings.map((heading, i) => `${heading} ${first[i]}`).filter((_, i) => !varies[i]),
    others: pickColumns(table, [...headings.keys()].filter((i) => varies[i])),
  };
}

/** The table with headings of two rows, where a heading is wider than its column. */
function breakHeadings({ headings: [headings], rows, numeric }: Grid): Grid {
  const halves = headings.map((heading, i) =>
    rows.some((row) => row[i].length >= heading.length) ? ["", heading] : halve(heading)
  );
  return { headings: [0, 1].map((half) => halves.map((parts) => parts[half])), rows, numeric };
}

/** Two parts of a heading, the longer one as short as can be. */
function halve(heading: string): string[] {
  const words = heading.split(" ");
  const longer = (parts: readonly string[]) => Math.max(...parts.map(({ length }) => length));
  return words.map((_, i) => [words.slice(0, i).join(" "), words.slice(i).join(" ")])
    .reduce((best, parts) => longer(parts) < longer(best) ? parts : best);
}

/** The table with the text of its last column in the room that the others leave. */
function wrapNotes(table: Grid, width: number): Grid {
  const last = table.numeric.length - 1;
  const others = pickColumns(table, [...table.numeric.keys()].slice(0, -1));
  const room = width - widthOf(others) - columnGap.length;
  if (table.numeric[last] || last === 0) return table;
  const rows = table.rows.flatMap((row) =>
    wrap(row[last], room, " ").map((line, i) =>
      row.map((cell, column) => column === last ? line : i === 0 ? cell : "")
    )
  );
  return { ...table, rows };
}

/** A text in lines of at most a width where no part of it is longer. */
function wrap(text: string, width: number, separator: ", " | " "): string[] {
  if (text === "") return separator === " " ? [""] : [];
  const lines: string[] = [];
  const parts = text.split(separator);
  parts.forEach((part, i) => {
    const ended = i + 1 < parts.length ? part + separator.trimEnd() : part;
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + ended.length > width) lines.push(ended);
    else lines[lines.length - 1] = `${line} ${ended}`;
  });
  return lines;
}

/** The most important columns that fit, at least one, and how many are left out. */
function leaveOut(
  table: Grid,
  width: number,
  important: readonly string[],
): { table: Grid; left: number } {
  const titles = table.numeric.map((_, i) => table.headings.map((row) => row[i]).join(" ").trim());
  const named = important.map((title) => titles.indexOf(title)).filter((i) => i >= 0);
  const order = [...named, ...[...titles.keys()].filter((i) => !named.includes(i))];
  for (let kept = order.length - 1;; kept--) {
    const narrow = pickColumns(table, order.slice(0, kept).toSorted((a, b) => a - b));
    if (kept === 1 || widthOf(narrow) <= width) return { table: narrow, left: order.length - kept };
  }
}
