// The tables of a folder are views of its cells: what was touched, cut or deleted is made again.

import type { Split } from "../../mod.ts";
import { type Cell as TableCell, csvLine, type Table, type TableRow } from "../files/tables.ts";
import { readIfReadable } from "../files/files.ts";
import { say } from "../terminal/terminal.ts";
import type { DrawingOrder } from "../charts/drawing_order.ts";
import type { Cell, CellRow, Configuration } from "./cell.ts";
import { curvatureChart, curvatureColumns, isOfSpectrum } from "./curvature.ts";
import type { PlannedCell } from "./ledger.ts";
import { type Column, figureOf, type KindTables } from "./network_kind.ts";
import { toldColumns } from "./optimizers.ts";
import { type Outcome, outcomeOf } from "./outcomes.ts";
import type { Run } from "./run.ts";
import { estimate } from "../report/estimate.ts";
import { settingError, type SettingOutcome, settingsOf } from "./setting_outcomes.ts";

/** What the tables are made of. */
export interface ViewOptions {
  readonly kind: KindTables;
  /** In the order of the tables. */
  readonly cells: readonly PlannedCell[];
  /** What networks may differ in, but for the seed: the columns that come first, and further ones. */
  readonly settings: readonly Column<Configuration>[];
  readonly furtherSettings: readonly Column<Configuration>[];
  /** The error that is to be reached, where there is one. */
  readonly target: number | undefined;
}

/** A report of one network. */
interface Report {
  readonly configuration: Configuration;
  readonly row: CellRow;
}

/** The tables of a run while it is trained: reports are in curve.csv as they come. */
export class Views {
  readonly #options: ViewOptions;
  readonly #run: Run;
  readonly #curve: Table<string>;

  constructor(options: ViewOptions, run: Run, found: ReadonlyMap<string, Cell>) {
    this.#options = options;
    this.#run = run;
    const text = curveText(options, found);
    const isWhole = run.place === run.folder;
    // Other machines go on with their shares meanwhile.
    if (found.size > 0 && isWhole) noteTouched(`${run.place}/curve.csv`, text);
    this.#curve = run.table("curve.csv", curveColumns(options).map(({ name }) => name), text);
  }

  /** Has curve.csv hold the reports of these cells alone. */
  restart(cells: ReadonlyMap<string, Cell>): void {
    this.#curve.rewrite(curveText(this.#options, cells));
  }

  /** Adds the rows of a report to curve.csv, and gives them as text. */
  append(cells: readonly PlannedCell[], rows: readonly CellRow[]): TableRow[] {
    const columns = curveColumns(this.#options);
    const added = cells.map(({ configuration }, r) =>
      rowOf(columns, { configuration, row: rows[r] })
    );
    this.#curve.append(...added);
    return added.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, String(cell ?? "")]))
    );
  }

  /** curve.csv as text. */
  get curve(): string {
    return this.#curve.text;
  }

  /** Writes the tables of how networks came out. */
  conclude(cells: ReadonlyMap<string, Cell>, ending: "interrupted" | "stopped"): void {
    this.restart(cells);
    const { "curve.csv": curve, ...others } = viewsOf(this.#options, cells, ending);
    for (const [name, text] of Object.entries(others)) this.#run.write(name, text);
    if (this.#run.place !== this.#run.folder) this.#run.write("curve.csv", curve);
  }
}

/** The text of each table, by its file. */
export type ViewTexts = Readonly<
  Record<"curve.csv" | "summary.csv" | "settings.csv" | "times.csv", string>
>;

/** The tables as texts. */
export function viewsOf(
  options: ViewOptions,
  cells: ReadonlyMap<string, Cell>,
  ending: "interrupted" | "stopped",
): ViewTexts {
  const outcomes = outcomesOf(options.cells, cells, ending);
  const reports = outcomes.flatMap(reportsOf);
  return {
    "curve.csv": curveText(options, cells),
    "summary.csv": csvOf(summaryColumns(options), outcomes),
    "settings.csv": csvOf(settingsColumns(options), settingsOf(options, outcomes)),
    "times.csv": csvOf(timesColumns(options), reports),
  };
}

/** Whether a folder's tables are as its cells say. */
export function areAsCellsSay(
  folder: string,
  options: ViewOptions,
  cells: ReadonlyMap<string, Cell>,
): boolean {
  return Object.entries(viewsOf(options, cells, "stopped"))
    .every(([name, text]) => textOf(`${folder}/${name}`) === text);
}

/** The reports of cells, by update, then by network. */
function curveText(
  options: ViewOptions,
  found: ReadonlyMap<string, Cell>,
  isShown: (row: CellRow) => boolean = () => true,
  columns = curveColumns(options),
): string {
  const reports = options.cells.flatMap(({ id }) => {
    const cell = found.get(id);
    return cell ? reportsOf({ cell }).filter(({ row }) => isShown(row)) : [];
  });
  return csvOf(columns, reports.toSorted((a, b) => a.row.update - b.row.update));
}

/** The picture of the curvature, where networks' spectra are measured. */
export function curvaturePictures({ cells }: Pick<ViewOptions, "cells">): string[] {
  return cells.some(({ configuration }) => isOfSpectrum(configuration)) ? ["curvature.svg"] : [];
}

/** The chart of the curvature, where there is a picture of it. */
export function curvatureOrder(
  options: ViewOptions,
  cells: ReadonlyMap<string, Cell>,
): DrawingOrder | undefined {
  if (curvaturePictures(options).length === 0) return undefined;
  const columns = [...options.settings, ...options.furtherSettings, seedColumn];
  return {
    table: curveText(options, cells, ({ curvature }) => curvature !== undefined),
    chart: { ...curvatureChart, settings: columns.map(({ name }) => name) },
  };
}

/** What the error is drawn against besides updates, where these are of unlike size, by picture. */
const works = {
  "work.svg": { column: "gradient_equivalents", title: "gradients of 200 cases" },
  "seconds.svg": {
    column: "seconds",
    title: "seconds of training, with the networks side by side",
  },
} as const;

/** The pictures of what networks took, by name, where one of them drives its own updates. */
export function workPictures({ cells }: Pick<ViewOptions, "cells">): string[] {
  const columns = toldColumns(cells.map(({ configuration }) => configuration));
  return columns.some(({ name }) => name === works["work.svg"].column) ? Object.keys(works) : [];
}

/** {@linkcode workPictures}, to be drawn. */
export function workOrders(
  options: ViewOptions,
  cells: ReadonlyMap<string, Cell>,
  order: DrawingOrder,
): [picture: string, DrawingOrder][] {
  const drawn = workPictures(options);
  if (drawn.length === 0) return [];
  const seconds: Column<Report> = { name: "seconds", cell: ({ row }) => row.seconds };
  const table = curveText(options, cells, ({ update }) => update > 0, [
    ...curveColumns(options),
    seconds,
  ]);
  return drawn.map((picture) => [
    picture,
    { ...order, table, chart: { ...order.chart, against: works[picture as keyof typeof works] } },
  ]);
}

/** The outcomes of planned cells, as far as they were begun. */
export function outcomesOf(
  planned: readonly PlannedCell[],
  cells: ReadonlyMap<string, Cell>,
  ending: "interrupted" | "stopped",
): Outcome[] {
  return planned.flatMap(({ id }) => {
    const cell = cells.get(id);
    return cell ? [outcomeOf(cell, ending)] : [];
  });
}

function reportsOf({ cell: { configuration, result } }: { readonly cell: Cell }): Report[] {
  return result.curve.map((row) => ({ configuration, row }));
}

function curveColumns(options: ViewOptions): Column<Report>[] {
  const { kind, settings, furtherSettings } = options;
  const ofRow = (columns: readonly Column<CellRow>[]) =>
    columns.map(({ name, cell }) => ({ name, cell: ({ row }: Report) => cell(row) }));
  return [
    ...ofConfiguration<Report>([...settings, seedColumn]),
    ...ofRow([
      { name: "update", cell: ({ update }) => update },
      { name: "momentum", cell: ({ momentum }) => momentum },
      ...kind.columns.curve,
      ...kind.columns.furtherCurve,
    ]),
    ...ofConfiguration<Report>(furtherSettings),
    ...toldColumns(options.cells.map(({ configuration }) => configuration))
      .map(({ name, cell }) => ({
        name,
        cell: ({ row, configuration }: Report) => cell(row, configuration),
      })),
    ...ofRow(curvatureColumns(options.cells.map(({ configuration }) => configuration))),
  ];
}

function summaryColumns({ kind, settings, furtherSettings }: ViewOptions): Column<Outcome>[] {
  const { figure } = kind;
  const ofCell = <T>(tell: (cell: Cell) => T) => ({ cell }: Outcome) => tell(cell);
  return [
    ...ofConfiguration<Outcome["cell"]>([...settings, seedColumn])
      .map(({ name, cell }) => ({ name, cell: ofCell(cell) })),
    { name: "updates", cell: ofCell(({ result }) => result.updates) },
    ...kind.columns.summary,
    { name: "status", cell: ({ status }) => status },
    { name: "diverged_at", cell: ofCell(({ result }) => result.divergedAt) },
    { name: "last_finite_update", cell: ({ lastFinite }) => lastFinite?.update },
    {
      name: `last_finite_${figure.column}`,
      cell: ({ lastFinite }) => lastFinite && figureOf(figure, lastFinite),
    },
    {
      name: "updates_per_second",
      cell: ofCell(({ result: { updates }, training: { seconds } }) =>
        Number((updates / seconds).toPrecision(4))
      ),
    },
    { name: "cell", cell: ofCell(({ id }) => id) },
    ...ofConfiguration<Cell>(furtherSettings)
      .map(({ name, cell }) => ({ name, cell: ofCell(cell) })),
  ];
}

/** How long networks had been trained at each report. */
function timesColumns({ settings, furtherSettings }: ViewOptions): Column<Report>[] {
  return [
    ...ofConfiguration<Report>([...settings, seedColumn, ...furtherSettings]),
    { name: "update", cell: ({ row }) => row.update },
    { name: "seconds", cell: ({ row }) => row.seconds },
  ];
}

function settingsColumns(options: ViewOptions): Column<SettingOutcome>[] {
  const { kind: { figure }, settings, furtherSettings, target } = options;
  const error = (of: SettingOutcome, split: Split) => settingError(of, split, figure);
  const splits = (["train", "test"] as const).flatMap((split) => [
    { name: `${split}_${figure.column}`, cell: (of: SettingOutcome) => error(of, split)?.mean },
    { name: `${split}_sd`, cell: (of: SettingOutcome) => error(of, split)?.deviation },
    { name: `${split}_ci95`, cell: (of: SettingOutcome) => error(of, split)?.halfWidth },
  ]);
  return [
    ...ofConfiguration<SettingOutcome>([...settings, ...furtherSettings]),
    { name: "networks", cell: ({ outcomes }) => outcomes.length },
    {
      name: "diverged",
      cell: ({ outcomes }) => outcomes.filter(({ status }) => status === "diverged").length,
    },
    ...splits,
    ...target === undefined ? [] : reachColumns(target, options),
  ];
}

/** How long networks took to the target, in the mean over those that reached it. */
function reachColumns(target: number, { kind: { figure } }: ViewOptions): Column<SettingOutcome>[] {
  const reached = ({ outcomes }: SettingOutcome) =>
    outcomes.flatMap(({ cell }) =>
      cell.result.curve.find((row) => (figureOf(figure, row) ?? NaN) <= target) ?? []
    );
  const mean = (rows: readonly CellRow[], of: (row: CellRow) => number) =>
    estimate(rows.map(of))?.mean;
  return [
    { name: "reached_target", cell: (of) => reached(of).length },
    { name: "updates_to_target", cell: (of) => mean(reached(of), ({ update }) => update) },
    { name: "seconds_to_target", cell: (of) => mean(reached(of), ({ seconds }) => seconds) },
  ];
}

/** What tells networks of one setting apart. */
export const seedColumn: Column<Configuration> = { name: "seed", cell: ({ seed }) => seed };

function ofConfiguration<Entry extends { readonly configuration: Configuration }>(
  columns: readonly Column<Configuration>[],
): Column<Entry>[] {
  return columns.map(({ name, cell }) => ({
    name,
    cell: ({ configuration }) => cell(configuration),
  }));
}

function rowOf<Entry>(columns: readonly Column<Entry>[], entry: Entry): Record<string, TableCell> {
  return Object.fromEntries(columns.map(({ name, cell }) => [name, cell(entry)]));
}

function csvOf<Entry>(columns: readonly Column<Entry>[], entries: readonly Entry[]): string {
  const rows = entries.map((entry) => columns.map(({ cell }) => cell(entry)));
  return [columns.map(({ name }) => name), ...rows].map(csvLine).join("");
}

/** Says where a table is not as it was written: rows of the run are missing in it. */
function noteTouched(path: string, text: string): void {
  const there = new Set(textOf(path)?.split("\n"));
  if (text.split("\n").every((line) => there.has(line))) return;
  say(`note: ${path} is not as the run wrote it: it is made again`);
}

/** What a table holds; undefined where it cannot be read. */
export function textOf(path: string): string | undefined {
  const bytes = readIfReadable(path);
  return bytes && new TextDecoder().decode(bytes);
}
