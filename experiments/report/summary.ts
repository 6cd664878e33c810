import type { Cell, Errors } from "../study/cells.ts";
import type { CellConfiguration } from "../studies/configuration.ts";
import type { FoundTable, TableRecord } from "../study/folder.ts";
import {
  networksOf,
  type PlannedEntry,
  type PlannedTable,
  type TableName,
} from "../studies/grid.ts";
import { type Estimate, estimate } from "./estimate.ts";

/** A table as far as its networks are there. */
export interface TableSummary {
  readonly name: TableName;
  readonly record: TableRecord;
  readonly rows: readonly string[];
  readonly entries: readonly EntrySummary[];
  /** Networks that the table asks for, and those that are there. */
  readonly planned: number;
  readonly cells: readonly Cell[];
}

/** An entry: what its networks say at each learning rate. */
export interface EntrySummary {
  readonly row: string;
  readonly column: string;
  /** Of its networks, which agree in all but learning rate and seed. */
  readonly configuration: CellConfiguration;
  /** The momentum that the schedule reaches, where that is below the column's cap. */
  readonly notReached: number | undefined;
  /** An earlier column with the same networks: this one is no evidence of its own. */
  readonly sameAs: string | undefined;
  readonly rates: readonly RateSummary[];
  /** The rate of least mean training error; undefined where none is finite. */
  readonly best: RateSummary | undefined;
  readonly planned: number;
  readonly found: number;
}

/** The networks of one learning rate: a seed each. */
export interface RateSummary {
  readonly learningRate: number;
  readonly planned: number;
  readonly cells: readonly Cell[];
  /** Those whose training error is not finite. */
  readonly diverged: number;
  readonly final: Splits;
  /** Where the low-momentum finish began; undefined where there is none. */
  readonly beforeFinish: Splits | undefined;
}

/** Over the seeds; undefined where no network is there. */
export type Splits = Readonly<Record<keyof Errors, Estimate | undefined>>;

/** Puts the cells of a folder into its tables. */
export function summarize(
  { record, table }: FoundTable,
  cells: ReadonlyMap<string, Cell>,
): TableSummary {
  const networks = networksOf([table]);
  return {
    name: table.name,
    record,
    rows: table.rows,
    entries: table.entries.map((entry) => summarizeEntry(entry, table, cells)),
    planned: networks.length,
    cells: networks.flatMap(({ id }) => cells.get(id) ?? []),
  };
}

/** The entries without those that repeat the networks of another. */
export function evidence({ entries }: TableSummary): EntrySummary[] {
  return entries.filter(({ sameAs }) => sameAs === undefined);
}

/** The final error of a network; Infinity where it diverged. */
export function finalError({ result }: Cell, split: keyof Errors): number {
  return result.status === "ok" ? result.final[split] ?? Infinity : Infinity;
}

/** The error of a network where its low-momentum finish began. */
export function errorBeforeFinish({ result }: Cell, split: keyof Errors): number {
  return result.beforeFinish?.[split] ?? Infinity;
}

function summarizeEntry(
  entry: PlannedEntry,
  table: PlannedTable,
  cells: ReadonlyMap<string, Cell>,
): EntrySummary {
  const { row, column, networks } = entry;
  const rates = [...Map.groupBy(networks, ({ configuration }) => configuration.learningRate)]
    .map(([learningRate, seeds]) =>
      summarizeRate(learningRate, seeds.length, seeds.flatMap(({ id }) => cells.get(id) ?? []))
    );
  const first = table.entries.find((other) =>
    other.row === row && other.networks[0].id === networks[0].id
  );
  return {
    row,
    column,
    configuration: networks[0].configuration,
    notReached: table.columns.find(({ name }) => name === column)?.notReached,
    sameAs: first === entry ? undefined : first?.column,
    rates,
    best: bestOf(rates),
    planned: networks.length,
    found: rates.reduce((sum, { cells }) => sum + cells.length, 0),
  };
}

function summarizeRate(
  learningRate: number,
  planned: number,
  cells: readonly Cell[],
): RateSummary {
  const over = (error: (cell: Cell, split: keyof Errors) => number): Splits => ({
    train: estimate(cells.map((cell) => error(cell, "train"))),
    test: estimate(cells.map((cell) => error(cell, "test"))),
  });
  return {
    learningRate,
    planned,
    cells,
    diverged: cells.filter((cell) => !Number.isFinite(finalError(cell, "train"))).length,
    final: over(finalError),
    beforeFinish: cells.some(({ result }) => result.beforeFinish !== null)
      ? over(errorBeforeFinish)
      : undefined,
  };
}

function bestOf(rates: readonly RateSummary[]): RateSummary | undefined {
  const meanOf = ({ final }: RateSummary) => final.train?.mean ?? Infinity;
  const least = Math.min(...rates.map(meanOf));
  return Number.isFinite(least) ? rates.find((rate) => meanOf(rate) === least) : undefined;
}
