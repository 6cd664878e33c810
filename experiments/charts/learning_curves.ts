import type { TableRow } from "../files/tables.ts";

/** What a mark of a loss chart stands for. */
export type Role = "seed" | "median" | "only report" | "diverged";

/** A mark of a loss chart: one report of one series. */
export interface CurvePoint {
  /** Optimizer, mu, and the other settings that differ: "NAG 0.99". */
  method: string;
  /** The learning rate, as the table has it. */
  rate: string;
  /** What is drawn as one line. */
  series: string;
  role: Role;
  update: number;
  value: number;
}

/** The curves of a table, ready to be drawn. */
export interface Curves {
  points: CurvePoint[];
  /** Methods in the order of the legend, each with its optimizer. */
  methods: { name: string; optimizer: string }[];
  /** Learning rates, the largest first. */
  rates: string[];
  seeds: number;
  /** Replicas whose figure did not stay finite. */
  diverged: number;
  /** Reports of a figure of 0, for which a logarithmic axis has no place. */
  zeros: number;
  reports: number;
}

/** Settings that name a method where they differ between the rows, with their word in the name. */
const methodSettings = [
  ["schedule", ""],
  ["init", ""],
  ["init_scale", "scale "],
] as const;

/** More reports than these make a larger file, not a finer line. */
const longestLine = 400;

/**
 * The curves of a table of reports: one line per setting and seed and, where there are several
 * seeds, their median. A replica that diverged counts as infinite from there on.
 *
 * @param figure the column that is drawn
 * @param isDiverged whether a row is of a replica that diverged, though it may be finite in all rows
 */
export function readCurves(
  rows: readonly TableRow[],
  figure: string,
  isDiverged: (row: TableRow) => boolean = () => false,
): Curves {
  const methodOf = methodNamer(rows);
  const seeds = new Set(rows.map((row) => row.seed)).size;
  const replicas = Map.groupBy(
    rows,
    (row) => [methodOf(row), row.learning_rate, row.seed].join("\n"),
  );
  const lines = [...replicas.values()].map((reports) =>
    readLine(reports, { figure, methodOf, isDiverged })
  );
  const points = lines.flatMap((line) => linePoints(line, seeds > 1 ? "seed" : "median"));
  return {
    points: seeds > 1 ? [...points, ...medians(lines)] : points,
    methods: listMethods(rows, methodOf),
    rates: [...new Set(rows.map((row) => row.learning_rate))].sort((a, b) => Number(b) - Number(a)),
    seeds,
    diverged: lines.filter((line) => line.diverged).length,
    zeros: rows.filter((row) => finiteOrInfinity(row[figure]) === 0).length,
    reports: rows.length,
  };
}

/** One replica's reports, thinned out. */
interface Line {
  method: string;
  rate: string;
  seed: string;
  updates: number[];
  /** The figure at each update; Infinity where it is not finite. */
  values: number[];
  diverged: boolean;
}

function readLine(
  reports: readonly TableRow[],
  { figure, methodOf, isDiverged }: {
    figure: string;
    methodOf: (row: TableRow) => string;
    isDiverged: (row: TableRow) => boolean;
  },
): Line {
  const values = reports.map((row) => finiteOrInfinity(row[figure]));
  const stride = Math.ceil(reports.length / longestLine);
  // The last report stays, and the last finite one.
  const end = values.findLastIndex(Number.isFinite);
  const kept = reports.map((_, i) => i).filter((i) =>
    i % stride === 0 || i === reports.length - 1 || i === end
  );
  return {
    method: methodOf(reports[0]),
    rate: reports[0].learning_rate,
    seed: reports[0].seed,
    updates: kept.map((i) => Number(reports[i].update)),
    values: kept.map((i) => values[i]),
    diverged: values.includes(Infinity) || isDiverged(reports[0]),
  };
}

/** An empty cell is a figure that was not taken, which is not finite either. */
function finiteOrInfinity(cell: string): number {
  const value = cell === "" ? NaN : Number(cell);
  return Number.isFinite(value) ? value : Infinity;
}

/** A line's marks. A logarithmic axis has no place for 0. */
function linePoints(line: Line, role: Role): CurvePoint[] {
  const { method, rate } = line;
  const series = `${method}\n${rate}\n${role === "seed" ? line.seed : ""}`;
  const point = (role: Role, i: number) => (
    { method, rate, series, role, update: line.updates[i], value: line.values[i] }
  );
  const drawn = line.values.map((_, i) => i).filter((i) =>
    line.values[i] > 0 && line.values[i] < Infinity
  );
  const last = drawn.at(-1);
  if (last === undefined) return [];
  const points = drawn.map((i) => point(role, i));
  if (line.diverged) points.push(point("diverged", last));
  else if (drawn.length === 1) points.push(point("only report", last));
  return points;
}

/** The median line of the seeds of each setting. */
function medians(lines: readonly Line[]): CurvePoint[] {
  const settings = Map.groupBy(lines, ({ method, rate }) => `${method}\n${rate}`);
  return [...settings.values()].flatMap((seeds) => {
    const values = new Map<number, number[]>();
    for (const line of seeds) {
      line.updates.forEach((update, i) =>
        values.set(update, [...values.get(update) ?? [], line.values[i]])
      );
    }
    const updates = [...values.keys()].sort((a, b) => a - b);
    const middle = updates.map((update) => median(values.get(update) ?? []));
    return linePoints({ ...seeds[0], updates, values: middle, diverged: false }, "median");
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Methods by optimizer (SGD, CM, NAG), then by mu. */
function listMethods(
  rows: readonly TableRow[],
  methodOf: (row: TableRow) => string,
): Curves["methods"] {
  const order = ["sgd", "cm", "nag"];
  const first = new Map<string, TableRow>();
  for (const row of rows) if (!first.has(methodOf(row))) first.set(methodOf(row), row);
  return [...first]
    .sort(([, a], [, b]) =>
      order.indexOf(a.optimizer) - order.indexOf(b.optimizer) || Number(a.mu) - Number(b.mu) ||
      Number(a.init_scale) - Number(b.init_scale)
    )
    .map(([name, { optimizer }]) => ({ name, optimizer }));
}

function methodNamer(rows: readonly TableRow[]): (row: TableRow) => string {
  // Plain gradient descent has the schedule "none", which tells it from nothing.
  const differs = (column: string) =>
    new Set(rows.map((row) => row[column]).filter((cell) => cell !== "none")).size > 1;
  const settings = methodSettings.filter(([column]) => differs(column));
  return (row) => {
    const mu = row.optimizer === "sgd" ? "" : row.mu;
    const others = settings.filter(([column]) => row[column] !== "none")
      .map(([column, word]) => word + row[column]);
    return [row.optimizer.toUpperCase(), mu, ...others].filter((word) => word !== "").join(" ");
  };
}
