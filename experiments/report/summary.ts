import type { Cell } from "../study/cell.ts";
import type { Configuration } from "../study/cell.ts";
import { failingRates } from "../tables/failing_rates.ts";
import type { FoundTable, TableRecord } from "../tables/table_record.ts";
import {
  networkOf,
  type PlannedEntry,
  type PlannedTable,
  type TableHeading,
} from "../tables/grid.ts";
import type { PlannedCell } from "../study/ledger.ts";
import { type Cells, type Edge, searchRates, tellingCell } from "../tables/rate_search.ts";
import { confirmed, networksOf } from "../tables/stages.ts";
import { errorBeforeFinish, finalError } from "./cell_errors.ts";
import type { Split } from "../../mod.ts";
import { type Estimate, estimate } from "./estimate.ts";

/** A table as far as its networks are there. */
export interface TableSummary extends TableHeading {
  readonly record: TableRecord;
  readonly rows: readonly string[];
  readonly entries: readonly EntrySummary[];
  /** Networks that the table asks for so far, and those that are there. */
  readonly planned: number;
  readonly cells: readonly Cell[];
  /** Where NAG and CM are compared as to failing. */
  readonly failing: readonly FailingSummary[];
}

/** Networks at a learning rate at which NAG or CM failed, of the seeds that did not choose rates. */
export interface FailingSummary {
  readonly row: string;
  readonly mu: number;
  readonly learningRate: number;
  readonly nag: readonly Cell[];
  readonly cm: readonly Cell[];
}

/** An entry: what its networks say at each learning rate. */
export interface EntrySummary {
  readonly row: string;
  readonly column: string;
  /** What it is called beside entries of other rows; default: as its column. */
  readonly fullName?: string;
  /** Of its networks, which agree in all but learning rate and seed. */
  readonly configuration: Configuration;
  /** The momentum that the schedule reaches, where that is below the column's cap. */
  readonly notReached: number | undefined;
  /** An earlier column with the same networks: this one is no evidence of its own. */
  readonly sameAs: string | undefined;
  /** The learning rates tried, lowest first, each with the seed that chooses. */
  readonly rates: readonly RateSummary[];
  /**
   * The rate of least training error, with the confirmation seeds; with the one that chose it, where
   * there is none of these yet. Undefined where no rate is finite.
   */
  readonly best: RateSummary | undefined;
  /** Where the best rate is the lowest or the highest of those tried. */
  readonly edge: Edge | undefined;
  /** The networks of the best rate with the confirmation seeds. */
  readonly confirmation: readonly Cell[];
  /** Whether no more rates are asked for. */
  readonly isSearched: boolean;
  readonly planned: number;
  readonly found: number;
}

/** The networks of one learning rate: a seed each. */
export interface RateSummary {
  readonly learningRate: number;
  readonly cells: readonly Cell[];
  /** Those whose training error is not finite. */
  readonly diverged: number;
  readonly final: SplitEstimates;
  /** Where the low-momentum finish began; undefined where there is none. */
  readonly beforeFinish: SplitEstimates | undefined;
}

/** Over the seeds; undefined where no network is there. */
export type SplitEstimates = Readonly<Record<Split, Estimate | undefined>>;

/** Puts the cells of a folder into its tables. */
export function summarize({ record, table }: FoundTable, cells: Cells): TableSummary {
  const networks = networksOf([table], cells);
  return {
    ...headingOf(table),
    record,
    rows: table.rows,
    entries: table.entries.map((entry) => summarizeEntry(entry, table, cells)),
    planned: networks.length,
    cells: found(networks, cells),
    failing: failingRates(table, cells).map(({ row, mu, learningRate, nag, cm }) => ({
      ...{ row, mu, learningRate },
      nag: found(confirmed(nag, learningRate), cells),
      cm: found(confirmed(cm, learningRate), cells),
    })),
  };
}

function headingOf({ columns: _, rows: __, entries: ___, ...heading }: PlannedTable): TableHeading {
  return heading;
}

/** The entries without those that repeat the networks of another. */
export function evidence({ entries }: TableSummary): EntrySummary[] {
  return entries.filter(({ sameAs }) => sameAs === undefined);
}

/** Whether an entry's learning rate is searched: Hessian-free has none. */
export function hasRate(
  { configuration: { learningRate } }: Pick<EntrySummary, "configuration">,
): boolean {
  return learningRate > 0;
}

/** The final training error at the best rate, of the seed that chose it; Infinity where there is none. */
export function choosingError({ best, rates }: EntrySummary): number {
  const chosen = rates.find(({ learningRate }) => learningRate === best?.learningRate);
  return chosen?.final.train?.mean ?? Infinity;
}

function summarizeEntry(
  entry: PlannedEntry,
  table: PlannedTable,
  cells: Cells,
): EntrySummary {
  const { row, column, configuration, seeds } = entry, [first] = seeds;
  const search = searchRates(entry, cells);
  const rates = search.rates.map((rate) =>
    summarizeRate(rate, found([networkOf(entry, rate, first)], cells, entry.reach))
  );
  const planned = confirmed(entry, search.isDone ? search.best : undefined);
  const confirmation = found(planned, cells, entry.reach);
  const chosen = rates.find(({ learningRate }) => learningRate === search.best);
  // One at a fixed rate is another question than the search of the same networks' best, and so is a
  // search with other seeds.
  const same = table.entries.find((other) =>
    other.row === row && other.isFixed === entry.isFixed && other.seeds.join() === seeds.join() &&
    networkOf(other, 1, 1).id === networkOf(entry, 1, 1).id
  );
  return {
    row,
    column,
    configuration,
    notReached: table.columns.find(({ name }) => name === column)?.notReached,
    sameAs: same === entry ? undefined : same?.column,
    rates,
    best: chosen && confirmation.length > 0
      ? summarizeRate(chosen.learningRate, confirmation)
      : chosen,
    edge: search.edge,
    confirmation,
    isSearched: search.isDone,
    planned: rates.length + planned.length,
    found: rates.reduce((sum, { cells }) => sum + cells.length, 0) + confirmation.length,
  };
}

function summarizeRate(learningRate: number, cells: readonly Cell[]): RateSummary {
  const over = (error: (cell: Cell, split: Split) => number): SplitEstimates => ({
    train: estimate(cells.map((cell) => error(cell, "train"))),
    test: estimate(cells.map((cell) => error(cell, "test"))),
  });
  return {
    learningRate,
    cells,
    diverged: cells.filter((cell) => !Number.isFinite(finalError(cell, "train"))).length,
    final: over(finalError),
    beforeFinish: cells.some(({ result }) => result.beforeFinish !== null)
      ? over(errorBeforeFinish)
      : undefined,
  };
}

function found(
  networks: readonly PlannedCell[],
  cells: Cells,
  bound?: number | undefined,
): Cell[] {
  return networks.flatMap((network) => tellingCell(network, cells, bound) ?? []);
}
