import type { TableRow } from "../files/tables.ts";

/** What a mark of a loss chart stands for. */
export type Role = "seed" | "median" | "only report" | "diverged" | "limit";

/** A mark of a loss chart: one report of one series. */
export interface CurvePoint {
  /** The key of its setting. */
  setting: string;
  /** What is drawn as one line. */
  series: string;
  role: Role;
  /** Where it stands on the axis: its update, or what it took until then. */
  place: number;
  value: number;
}

/** Networks of a table that differ in their seeds alone. */
export interface CurveSetting {
  readonly key: string;
  /** Its cells, by column. */
  readonly cells: TableRow;
  /** The median of its seeds at the last report; Infinity where that is not finite. */
  readonly last: number;
}

/** The curves of a table, ready to be drawn. */
export interface Curves {
  points: CurvePoint[];
  /** In the order of a legend. */
  settings: CurveSetting[];
  /** The columns that tell settings apart. */
  columns: readonly string[];
  seeds: number;
  /** Replicas whose figure did not stay finite. */
  diverged: number;
  /** Reports of a figure that is not above 0, for which a logarithmic axis has no place. */
  unplaced: { zeros: number; negative: number };
  reports: number;
  /** Settings whose line is that of another, to the last digit. */
  hidden: number;
}

/** What is read of a table. */
export interface CurveColumns {
  /** The column that is drawn. */
  figure: string;
  /** The column of a limit of it, the same for all seeds of a setting. Default: there is none. */
  limit?: string | undefined;
  /** The column of what it is drawn against. Default: update. */
  against?: string | undefined;
  /** The columns that tell settings apart, as they are to be named. */
  settings?: readonly string[];
  /** Whether a row is of a replica that diverged, though it may be finite in all rows. */
  isDiverged?: (row: TableRow) => boolean;
}

const usualSettings = ["optimizer", "mu", "schedule", "learning_rate", "init", "init_scale"];

/** More reports than these make a larger file, not a finer line. */
const longestLine = 400;

/**
 * The curves of a table of reports: one line per setting and seed and, where there are several
 * seeds, their median. A replica that diverged counts as infinite from there on.
 */
export function readCurves(
  rows: readonly TableRow[],
  { figure, limit, against = "update", settings = usualSettings, isDiverged = () => false }:
    CurveColumns,
): Curves {
  const columns = settings.filter((column) => column !== "seed");
  const keyOf = (row: TableRow) => JSON.stringify(columns.map((column) => row[column] ?? ""));
  const replicas = Map.groupBy(rows, (row) => JSON.stringify([keyOf(row), row.seed]));
  const lines = [...replicas.values()].map((reports) =>
    readLine(reports, { figure, against, setting: keyOf(reports[0]), isDiverged })
  );
  const seeds = new Set(rows.map((row) => row.seed)).size;
  const medians = medianLines(lines);
  const points = seeds > 1 ? lines.flatMap((line) => linePoints(line, "seed")) : [];
  const middle = seeds > 1 ? medians : lines;
  const last = new Map(middle.map(({ setting, values }) => [setting, values[values.length - 1]]));
  const values = rows.map((row) => finiteOrInfinity(row[figure]));
  const settingRows = Map.groupBy(rows, keyOf);
  const limits = limit === undefined
    ? []
    : [...settingRows].flatMap(([setting, rows]) =>
      limitPoints(rows.filter(({ seed }) => seed === rows[0].seed), { setting, limit })
    );
  return {
    points: [...points, ...limits, ...middle.flatMap((line) => linePoints(line, "median"))],
    settings: listSettings(settingRows, columns, last),
    columns,
    seeds,
    diverged: lines.filter((line) => line.diverged).length,
    unplaced: {
      zeros: values.filter((value) => value === 0).length,
      negative: values.filter((value) => value < 0).length,
    },
    reports: rows.length,
    hidden: countEqual(middle),
  };
}

/** Lines that have the very points of an earlier one. */
function countEqual(lines: readonly Line[]): number {
  const points = lines.filter(({ values }) => values.some((value) => value > 0 && value < Infinity))
    .map(({ updates, values }) => [updates, values].join(";"));
  return points.length - new Set(points).size;
}

/** One replica's reports, thinned out. */
interface Line {
  setting: string;
  seed: string;
  updates: number[];
  /** Where each update stands on the axis. */
  places: number[];
  /** The figure at each update; Infinity where it is not finite. */
  values: number[];
  diverged: boolean;
}

function readLine(
  reports: readonly TableRow[],
  { figure, against, setting, isDiverged }: {
    figure: string;
    against: string;
    setting: string;
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
    setting,
    seed: reports[0].seed,
    updates: kept.map((i) => Number(reports[i].update)),
    places: kept.map((i) => Number(reports[i][against])),
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
  const { setting } = line;
  const series = JSON.stringify([setting, role === "seed" ? line.seed : ""]);
  const point = (role: Role, i: number) => (
    { setting, series, role, place: line.places[i], value: line.values[i] }
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

/** The marks of a setting's limit, where one is known. */
function limitPoints(
  reports: readonly TableRow[],
  { setting, limit }: { setting: string; limit: string },
): CurvePoint[] {
  const series = JSON.stringify([setting, "limit"]);
  return reports.filter((row) => Number(row[limit]) > 0).map((row) => (
    { setting, series, role: "limit", place: Number(row.update), value: Number(row[limit]) }
  ));
}

/** The median line of the seeds of each setting. */
function medianLines(lines: readonly Line[]): Line[] {
  return [...Map.groupBy(lines, ({ setting }) => setting).values()].map((seeds) => {
    const at = Map.groupBy(
      seeds.flatMap(({ updates, places, values }) =>
        updates.map((update, i) => ({ update, place: places[i], value: values[i] }))
      ),
      ({ update }) => update,
    );
    const updates = [...at.keys()].sort((a, b) => a - b);
    const middle = (of: "place" | "value") =>
      updates.map((update) => median(at.get(update)!.map((point) => point[of])));
    return {
      ...seeds[0],
      ...{ updates, places: middle("place"), values: middle("value"), diverged: false },
    };
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Settings by optimizer (SGD, CM, NAG, others as they come), then by mu, then column by column. */
function listSettings(
  rows: ReadonlyMap<string, readonly TableRow[]>,
  columns: readonly string[],
  last: ReadonlyMap<string, number>,
): CurveSetting[] {
  const settings = [...rows].map(([key, [cells]]) => (
    { key, cells, last: last.get(key) ?? Infinity }
  ));
  const optimizers = new Set(["sgd", "cm", "nag", ...settings.map(({ cells }) => cells.optimizer)]);
  const order = [...optimizers];
  const byColumn = (a: CurveSetting, b: CurveSetting) =>
    ["mu", ...columns].map((column) => compareCells(a.cells[column], b.cells[column], column))
      .find((sign) => sign !== 0) ?? 0;
  return settings.sort((a, b) =>
    order.indexOf(a.cells.optimizer) - order.indexOf(b.cells.optimizer) || byColumn(a, b)
  );
}

/** Numbers by size, learning rates from the largest on; texts as they come. */
function compareCells(a: string, b: string, column: string): number {
  const sign = Math.sign(Number(a) - Number(b)) || 0;
  return column === "learning_rate" ? -sign : sign;
}
