import { cellId, type Configuration } from "../study/cell.ts";
import type { PlannedCell } from "../study/ledger.ts";
import { reachedMomentum } from "../study/momentum.ts";
import type { AutoencoderBudget, RecurrentBudget } from "./budget.ts";
import {
  autoencoderConfiguration,
  type PaperProblem,
  type PaperSequences,
  recurrentConfiguration,
} from "./configurations.ts";

/** The tables of the paper that are trained for. */
export const tableNames = ["table1", "table2", "table3", "table5"] as const;

/** One of {@linkcode tableNames}. */
export type TableName = typeof tableNames[number];

/** A table before it is trained: what its entries are, and where the search of their rates begins. */
export interface PlannedTable {
  readonly name: TableName;
  readonly columns: readonly PlannedColumn[];
  readonly rows: readonly string[];
  readonly entries: readonly PlannedEntry[];
}

/** A column: the setting that its entries share. */
export interface PlannedColumn {
  /** As the paper heads it: 0.99N; or the initialization: scale 0.25, Glorot. */
  readonly name: string;
  /**
   * The momentum that the schedule reaches, where that is below the column's cap: the column's
   * networks are then those of the lowest such cap, and no evidence of their own.
   */
  readonly notReached: number | undefined;
}

/** Where a row meets a column: networks that differ in learning rate and seed. */
export interface PlannedEntry {
  /** The problem. */
  readonly row: string;
  readonly column: string;
  /** What its networks share, with the learning rate and the seed of the first. */
  readonly configuration: Configuration;
  /** Those that are tried first. */
  readonly learningRates: readonly number[];
  /** The first one chooses the learning rate; the others confirm what it chose. */
  readonly seeds: readonly number[];
  /** Whether more rates are tried where the best is at the edge of those tried. */
  readonly widen: boolean;
}

/** The network of an entry at a learning rate, with a seed. */
export function networkOf(
  entry: PlannedEntry,
  learningRate: number,
  seed: number,
): PlannedCell {
  const configuration = { ...entry.configuration, learningRate, seed };
  return { id: cellId(configuration), configuration };
}

/** What a table of autoencoders is laid from. */
export interface AutoencoderGrid {
  problem: PaperProblem;
  layers: readonly number[];
  data: string;
  budget: Omit<AutoencoderBudget, "layers">;
}

/** What the networks of a column have of their own. */
type Setting = Partial<Pick<Configuration, "mu" | "init" | "initScale">> & {
  readonly optimizer?: "sgd" | "cm" | "nag";
  readonly activation?: "tanh";
};

/** A column and the settings that make it. */
interface Column extends PlannedColumn {
  readonly setting: Setting;
}

/** Table 1: SGD, NAG and CM at each cap of the momentum schedule. */
export function table1(grid: AutoencoderGrid): PlannedTable {
  const columns: Column[] = [
    { name: "0 (SGD)", notReached: undefined, setting: { optimizer: "sgd", mu: 0 } },
    ...momentumColumns(grid, "nag"),
    ...momentumColumns(grid, "cm"),
  ];
  return plan("table1", columns, grid);
}

/** Table 2: NAG at each cap, before and after the low-momentum finish. */
export function table2(grid: AutoencoderGrid): PlannedTable {
  return plan("table2", momentumColumns(grid, "nag"), grid);
}

/**
 * Table 3: NAG from sparse initialization at each scale, and beside it from Glorot's, from plain
 * Gaussian weights, from those of Hinton and Salakhutdinov (2006), and from sparse ones with tanh
 * units.
 */
export function table3(grid: AutoencoderGrid): PlannedTable {
  const [mu] = grid.budget.mu;
  const column = (name: string, setting: Column["setting"]): Column => ({
    name,
    notReached: undefined,
    setting: { optimizer: "nag", mu, ...setting },
  });
  return plan("table3", [
    ...grid.budget.scales.map((initScale) => column(`SI x ${initScale}`, { initScale })),
    column("Glorot", { init: "glorot" }),
    column("Gaussian", { init: "gaussian" }),
    column("0.1 N(0, 1)", { init: "hinton" }),
    column("SI, tanh", { activation: "tanh" }),
  ], grid);
}

/** Table 5: recurrent networks without momentum, and with NAG and CM at each momentum. */
export function table5(
  problems: readonly PaperSequences[],
  budget: RecurrentBudget,
): PlannedTable {
  const high = budget.mu.filter((mu) => mu > 0);
  const columns = [
    // The warm-up holds here too, so this is no SGD; without momentum CM and NAG are the same.
    ...budget.mu.includes(0) ? [{ name: "0", optimizer: "nag" as const, mu: 0 }] : [],
    ...high.map((mu) => ({ name: `${mu}N`, optimizer: "nag" as const, mu })),
    ...high.map((mu) => ({ name: `${mu}M`, optimizer: "cm" as const, mu })),
  ];
  return {
    name: "table5",
    columns: columns.map(({ name }) => ({ name, notReached: undefined })),
    rows: problems,
    entries: problems.flatMap((problem) =>
      columns.map(({ name, optimizer, mu }) => ({
        row: problem,
        column: name,
        ...searchOf(budget),
        configuration: recurrentConfiguration(
          { ...budget, problem, length: budget.lengths[problem] },
          { optimizer, mu, ...firstOf(budget), ...trainingOf(budget) },
        ),
      }))
    ),
  };
}

/** A column for each cap; those that the schedule does not reach share the lowest one's networks. */
function momentumColumns(grid: AutoencoderGrid, optimizer: "cm" | "nag"): Column[] {
  const caps = grid.budget.mu.toSorted((a, b) => a - b);
  const reached = (mu: number) => reachedMomentum(configurationOf(grid, { optimizer, mu }));
  const lowestUnreached = caps.find((mu) => reached(mu) < mu);
  return caps.map((cap) => {
    const mu = lowestUnreached === undefined ? cap : Math.min(cap, lowestUnreached);
    return {
      name: `${cap}${optimizer === "nag" ? "N" : "M"}`,
      notReached: reached(mu) < cap ? reached(mu) : undefined,
      setting: { optimizer, mu },
    };
  });
}

function plan(
  name: TableName,
  columns: readonly Column[],
  grid: AutoencoderGrid,
): PlannedTable {
  return {
    name,
    columns: columns.map(({ name, notReached }) => ({ name, notReached })),
    rows: [grid.problem],
    entries: columns.map(({ name, setting }) => ({
      row: grid.problem,
      column: name,
      ...searchOf(grid.budget),
      configuration: configurationOf(grid, setting),
    })),
  };
}

type Search = Pick<AutoencoderBudget, "learningRates" | "seeds" | "widen">;

function searchOf({ learningRates, seeds, widen = true }: Search) {
  return { learningRates, seeds, widen };
}

function firstOf({ learningRates: [learningRate], seeds: [seed] }: Search) {
  return { learningRate, seed };
}

function configurationOf(grid: AutoencoderGrid, setting: Setting): Configuration {
  const { schedulePeriod, finish } = grid.budget;
  return autoencoderConfiguration(grid, {
    ...{ optimizer: "nag", mu: 0, schedulePeriod, finish },
    ...firstOf(grid.budget),
    ...trainingOf(grid.budget),
    ...setting,
  });
}

/** Reports on a curve, and their cases: a few per cent of the time that training takes. */
const REPORTS = 40, REPORT_CASES = 600;

function trainingOf({ updates, batchSize }: { updates: number; batchSize: number }) {
  const reportEvery = Math.ceil(updates / REPORTS);
  return { updates, batchSize, reportEvery, reportCases: REPORT_CASES };
}
