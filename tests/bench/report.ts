import { type Cell, csvLine } from "../../experiments/files/tables.ts";
import { alignTable } from "../../experiments/terminal/aligned_table.ts";

/** One row of figures by column; every row of a table has the same columns. */
export type Row = Readonly<Record<string, Cell>>;

/** Where tables go: the terminal, and a folder of CSV files. */
export class Report {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    Deno.mkdirSync(folder, { recursive: true });
  }

  /** A line between the tables. */
  say(line: string): void {
    console.log(line);
  }

  /** Prints a table under its title, and writes it with all digits to `name`.csv. */
  table(name: string, title: string, rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const columns = Object.keys(rows[0]);
    const texts = rows.map((row) => columns.map((column) => shortText(row[column])));
    console.log(`\n${title}\n${alignTable([columns.map(spaced), ...texts])}`);
    const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))];
    Deno.writeTextFileSync(`${this.#folder}/${name}.csv`, lines.map(csvLine).join(""));
  }

  /** Writes an SVG text to `name`.svg, and says where. */
  figure(name: string, svg: string): void {
    const path = `${this.#folder}/${name}.svg`;
    Deno.writeTextFileSync(path, svg);
    console.log(`\n${path}`);
  }
}

function spaced(column: string): string {
  return column.replaceAll("_", " ");
}

/** Three digits are what a measurement of time is good for. */
function shortText(value: Cell): string {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value ?? "");
  return value >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
