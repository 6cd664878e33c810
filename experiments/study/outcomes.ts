import type { Profile, ReplicaReport } from "../../mod.ts";
import type { Tally } from "./checkpoints.ts";
import { exists } from "../files/files.ts";
import { type Setting, settingCells, settingColumns } from "./settings.ts";
import { alignTable, type Cell, shortestFloat32, type TableRow } from "../files/tables.ts";
import { print } from "../terminal/terminal.ts";

/** A column of a table: its name, and its cell of an entry. */
export interface Column<Entry> {
  readonly name: string;
  cell(entry: Entry): Cell;
}

/** The model's figure that is reported, and the name of its columns: squared_error. */
export interface Figure {
  readonly name: string;
  readonly column: string;
}

/** What a report says of one network: a row of curve.csv. */
export interface CurvePoint {
  readonly setting: Setting;
  readonly update: number;
  readonly report: ReplicaReport;
}

/** How one network came out: a row of summary.csv. */
export interface Outcome {
  setting: Setting;
  /** Updates it was trained for. */
  updates: number;
  status: "ok" | "diverged" | "interrupted" | "stopped";
  divergedAt: number | undefined;
  /**
   * The figures at theta over the cases of the split that is reported; over all of them where it was
   * trained to the last update.
   */
  figures: Readonly<Record<string, number>>;
  /** The one among them that tables show: the squared error, or the zero-one loss. */
  error: number;
  /** The same over the test cases; undefined where there are none, or where it is that already. */
  testError: number | undefined;
  /** The lowest figure of a report; undefined where none was finite. */
  best: number | undefined;
  /** The last report of which everything was finite. */
  lastFinite: Tally["lastFinite"];
  updatesPerSecond: number;
  /** The parameters theta. */
  theta: Float32Array<ArrayBuffer>[];
}

/** The columns of a run's tables; see {@linkcode curveColumns}. */
export interface TableContent {
  problem: string;
  figure: Figure;
  /** Of curve.csv after the momentum. Default: the loss, and the figure. */
  curveColumns?: readonly Column<ReplicaReport>[];
  /** Of summary.csv after the updates. Default: the figure, of training and test cases. */
  summaryColumns?: readonly Column<Outcome>[];
}

/** The columns of curve.csv. */
export function curveColumns(content: TableContent): Column<CurvePoint>[] {
  const { problem, figure: { name, column } } = content;
  const own = content.curveColumns ?? [
    { name: "train_loss", cell: ({ trainLoss }) => float(trainLoss) },
    { name: `train_${column}`, cell: ({ figures }) => float(figures[name]) },
  ];
  return [
    ...columnsOfSetting<CurvePoint>(problem),
    { name: "update", cell: ({ update }) => update },
    { name: "momentum", cell: ({ report }) => report.scalars.momentum ?? 0 },
    ...own.map(({ name, cell }) => ({ name, cell: ({ report }: CurvePoint) => cell(report) })),
  ];
}

/** The columns of summary.csv. */
export function summaryColumns(content: TableContent): Column<Outcome>[] {
  const { problem, figure: { name, column } } = content;
  const own = content.summaryColumns ?? [
    { name: `train_${column}`, cell: ({ error }) => float(error) },
    { name: `test_${column}`, cell: ({ testError }) => float(testError) },
    { name: `best_train_${column}`, cell: ({ best }) => float(best) },
  ];
  return [
    ...columnsOfSetting<Outcome>(problem),
    { name: "updates", cell: ({ updates }) => updates },
    ...own,
    { name: "status", cell: ({ status }) => status },
    { name: "diverged_at", cell: ({ divergedAt }) => divergedAt },
    { name: "last_finite_update", cell: ({ lastFinite }) => lastFinite?.update },
    { name: `last_finite_${column}`, cell: ({ lastFinite }) => float(lastFinite?.figures[name]) },
    {
      name: "updates_per_second",
      cell: ({ updatesPerSecond }) => Number(updatesPerSecond.toPrecision(4)),
    },
  ];
}

function columnsOfSetting<Entry extends { setting: Setting }>(problem: string): Column<Entry>[] {
  return settingColumns.map((name) => ({
    name,
    cell: ({ setting }) => settingCells(problem, setting)[name],
  }));
}

function float(value: number | undefined): number | undefined {
  return value === undefined ? value : shortestFloat32(value);
}

/** The cells of an entry, by column. */
export function rowOf<Entry>(
  columns: readonly Column<Entry>[],
  entry: Entry,
): Record<string, Cell> {
  return Object.fromEntries(columns.map(({ name, cell }) => [name, cell(entry)]));
}

/** Which rows of curve.csv are of networks that diverged, those with finite rows alone among them. */
export function rowsDiverged(
  outcomes: readonly Outcome[],
  problem: string,
): (row: TableRow) => boolean {
  const key = (cells: Readonly<Record<string, unknown>>) =>
    settingColumns.map((name) => String(cells[name])).join("\n");
  const diverged = new Set(
    outcomes.filter(({ status }) => status === "diverged")
      .map(({ setting }) => key(settingCells(problem, setting))),
  );
  return (row) => diverged.has(key(row));
}

/** The networks that stayed finite, the one of the least figure first. */
export function finiteOnes(
  outcomes: readonly Outcome[],
  figure: (outcome: Outcome) => number,
): Outcome[] {
  return outcomes.filter(({ status }) => status !== "diverged")
    .toSorted((a, b) => figure(a) - figure(b));
}

/** The order of figures in a table: those that are not finite last. */
export function compareFigures(a: number, b: number): number {
  const rank = (value: number) => Number.isFinite(value) ? value : Number.MAX_VALUE;
  return rank(a) - rank(b);
}

/** Prints a row for each network on stdout, the best first. */
export function printOutcomes(outcomes: readonly Outcome[], figure: string): void {
  const heading = ["optimizer", "mu", "rate", "init", "scale", "seed", `train ${figure}`];
  const rows = outcomes.toSorted((a, b) => compareFigures(a.error, b.error)).map((
    { setting, error, testError, status, divergedAt },
  ) => [
    setting.optimizer,
    setting.mu,
    setting.learningRate,
    setting.init,
    setting.initScale,
    setting.seed,
    error.toFixed(4),
    testError?.toFixed(4) ?? "-",
    divergedAt === undefined ? status : `${status} at ${divergedAt}`,
  ]);
  print(alignTable([[...heading, `test ${figure}`, "status"], ...rows]));
}

/** Says on stdout where the results lie, what is missing there, and how a run that ended early goes on. */
export function printEnd(folder: string, outcomes: readonly Outcome[]): void {
  print(`\nresults in ${folder}`);
  if (outcomes.every(({ status }) => status === "diverged")) {
    print("no network stayed finite: none is saved or shown");
  }
  const isUnfinished = outcomes.some(({ status }) => status !== "ok" && status !== "diverged");
  if (isUnfinished && exists(`${folder}/checkpoint-1.safetensors`)) {
    print(`it goes on with --resume ${folder}`);
  }
}

/** Prints GPU time by kernel on stdout, the slowest first. */
export function printProfile({ totals }: Profile): void {
  const all = totals.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  print(
    "\n" + alignTable([
      ["kernel", "calls", "GPU ms", "share"],
      ...totals.map(({ kernel, calls, milliseconds }) => [
        kernel,
        calls,
        milliseconds.toFixed(1),
        `${(100 * milliseconds / all).toFixed(1)} %`,
      ]),
    ]),
  );
}
