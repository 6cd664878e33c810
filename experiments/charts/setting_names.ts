import type { TableRow } from "../files/tables.ts";

/** Settings with their names, and what the names hold. */
export interface SettingNames {
  /** A name for each setting, no two the same where their cells differ. */
  names: string[];
  /** The columns that the names hold: "optimizer, mu". */
  title: string;
}

/** The columns that name a line in any case, as far as they mean something to its optimizer. */
const alwaysNamed = ["optimizer", "mu"];

const titles: Readonly<Record<string, string>> = {
  learning_rate: "learning rate (per update)",
  init: "initialization",
  init_scale: "scale",
  lead: "lead k",
};

/** Before a number of a column; other columns have their title. */
const words: Readonly<Record<string, string>> = {
  mu: "",
  learning_rate: "rate",
  init_scale: "scale",
  lead: "k",
};

/**
 * Names settings by their optimizer, its mu, and what else differs between them: "NAG 0.99",
 * "adamw, rate 0.01, beta1 0.9".
 *
 * @param columns those that may be in a name, in its order
 */
export function nameSettings(
  settings: readonly TableRow[],
  columns: readonly string[],
): SettingNames {
  const different = countDifferent(settings, columns);
  const differing = columns.filter((column) => countDifferent(settings, [column]) > 1);
  const told = columns.filter((column) => differs(settings, column));
  // An optimizer's own number that differs between optimizers alone is told by their names.
  const byOptimizer = Map.groupBy(settings, ({ optimizer }) => optimizer);
  const within = told.filter((column) =>
    column in words || settings.some((cells) => !Number.isFinite(Number(cells[column] ?? 0))) ||
    [...byOptimizer.values()].some((group) => differs(group, column))
  );
  for (const among of [within, told, differing]) {
    const named = columns.filter((column) =>
      alwaysNamed.includes(column) || among.includes(column)
    );
    const names = settings.map((cells) => shortName(cells, named));
    const held = named.filter((column) => settings.some((cells) => means(cells, column)));
    if (new Set(names).size === different) return { names, title: titleOf(held) };
  }
  return { names: settings.map((cells) => longName(cells, differing)), title: titleOf(differing) };
}

function titleOf(columns: readonly string[]): string {
  return columns.map(columnTitle).join(", ");
}

function shortName(cells: TableRow, columns: readonly string[]): string {
  const [always, others] = [true, false].map((isAlways) =>
    columns.filter((column) => means(cells, column) && alwaysNamed.includes(column) === isAlways)
      .map((column) => shortWord(cells, column))
  );
  return [always.join(" "), ...others].filter((word) => word !== "").join(", ");
}

function longName(cells: TableRow, columns: readonly string[]): string {
  return columns.map((column) => `${columnWord(column)} ${cells[column] || "-"}`).join(", ");
}

/** What a column is called in a title. */
export function columnTitle(column: string): string {
  return titles[column] ?? column.replaceAll("_", " ");
}

/** The value of a column in the title of a panel: "learning rate 0.01", "NAG". */
export function panelWord(cells: TableRow, column: string): string {
  if (column === "optimizer") return optimizerName(cells.optimizer);
  return `${columnWord(column)} ${cells[column] || "-"}`;
}

/** The paper's are abbreviations; others are called as they call themselves. */
function optimizerName(optimizer: string): string {
  return ["sgd", "cm", "nag"].includes(optimizer) ? optimizer.toUpperCase() : optimizer;
}

function columnWord(column: string): string {
  return columnTitle(column).replace(" (per update)", "");
}

/** A number needs a word beside it; most texts speak for themselves. */
function shortWord(cells: TableRow, column: string): string {
  const cell = cells[column];
  if (column === "optimizer") return optimizerName(cell);
  const speaks = !Number.isFinite(Number(cell)) && !/^(true|false|yes|no)$/.test(cell);
  const word = speaks ? "" : words[column] ?? columnWord(column);
  return word === "" ? cell : `${word} ${cell}`;
}

/** Whether a setting has a value there: plain gradient descent has no momentum. */
function means(cells: TableRow, column: string): boolean {
  if (column === "mu" && (cells.optimizer === "sgd" || isWithoutMomentum(cells))) return false;
  if (column === "learning_rate" && cells[column] === "0") return false;
  return (cells[column] ?? "") !== "" && cells[column] !== "none";
}

/** A momentum of 0 that no schedule drives is none of the optimizer's settings. */
function isWithoutMomentum({ mu, schedule }: TableRow): boolean {
  return mu === "0" && schedule === "none";
}

/** A column that says nothing of some settings tells them from nothing. */
function differs(settings: readonly TableRow[], column: string): boolean {
  const values = settings.filter((cells) => means(cells, column)).map((cells) => cells[column]);
  return new Set(values).size > 1;
}

function countDifferent(settings: readonly TableRow[], columns: readonly string[]): number {
  const key = (cells: TableRow) => JSON.stringify(columns.map((column) => cells[column]));
  return new Set(settings.map(key)).size;
}
