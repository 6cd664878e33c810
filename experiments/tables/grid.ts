import { cellId, type Configuration } from "../study/cell.ts";
import type { PlannedCell } from "../study/ledger.ts";
import { reachedMomentum } from "../study/momentum.ts";
import type { AutoencoderBudget, RecurrentBudget } from "./budget.ts";
import {
  autoencoderConfiguration,
  type PaperOptimizer,
  type PaperProblem,
} from "./configurations.ts";
import { type HFSchedule, readHFSchedule } from "../study/hf_schedules.ts";
import { shippedOptimizers } from "../study/shipped_optimizers.ts";

/** The paper's numbers, with the digits that it prints, by row and column. */
export type Published = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What a table is called, and what the paper has of it. */
export interface TableHeading {
  /** Of its files: table1. */
  readonly name: string;
  /** Table 1: momentum. */
  readonly title: string;
  /** What an experiment asks, in a sentence. */
  readonly question?: string;
  /** What its figures are, with their unit. */
  readonly figure: { readonly name: string; readonly unit: string };
  /** Its figure counts updates: until an error is below this, or all. */
  readonly reach?: number;
  /** Whether figures may be 0, and stand on a linear axis. */
  readonly isLinear?: boolean;
  /** Headed as our columns are; left out where the paper has nothing of it. */
  readonly published?: Published;
  /** Whether its entries are told before and after the low-momentum finish. */
  readonly isOfFinish?: boolean;
  /** Whether NAG and CM are compared at learning rates at which one of them fails. */
  readonly comparesFailing?: boolean;
  /** The paper's budget, where it has one. */
  readonly paper?: Omit<AutoencoderBudget, "layers"> | RecurrentBudget;
}

/** What the tables of recurrent networks tell. */
export const zeroOneLoss = {
  name: "zero-one loss",
  unit: "fraction of wrong cases; of mem, wrong symbols a sequence",
} as const;

/** What the tables of classifiers tell. */
export const errorRate = { name: "error rate", unit: "share of wrong cases" } as const;

/** What the autoencoders' tables tell. */
export const squaredError = {
  name: "squared error",
  unit: "sum over pixels, mean over cases",
} as const;

/** A table before it is trained: what its entries are, and where the search of their rates begins. */
export interface PlannedTable extends TableHeading {
  /** The command line that the networks of an experiment share. */
  readonly shared?: string;
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
  /** What its networks have of their own on that line. */
  readonly flags?: string;
}

/** Where a row meets a column: networks that differ in learning rate and seed. */
export interface PlannedEntry {
  /** The problem. */
  readonly row: string;
  readonly column: string;
  /** What its networks share, with the learning rate and the seed of the first. */
  readonly configuration: Configuration;
  /** Those that are tried first; 0 where there is none to search. */
  readonly learningRates: readonly number[];
  /** The first one chooses the learning rate; the others confirm what it chose. */
  readonly seeds: readonly number[];
  /** Whether more rates are tried where the best is at the edge of those tried. */
  readonly widen: boolean;
  /** Whether its one rate is part of the question, and none to search. */
  readonly isFixed?: boolean;
  /** Networks of a rate each, where more goes with it: they were drawn, or follow a rule. */
  readonly drawn?: readonly Configuration[];
  /** That of its table. */
  readonly reach?: number;
  /** Where its networks begin, if that is not at initial weights. */
  readonly begins?: Beginning;
}

/** Other networks that come first, one with each seed, and what goes on of their optimizers' states. */
export interface Beginning {
  readonly configuration: Configuration;
  readonly states: "kept" | "anew";
}

/** The network of an entry at a learning rate, with a seed. */
export function networkOf(
  entry: PlannedEntry,
  learningRate: number,
  seed: number,
): PlannedCell {
  const drawn = entry.drawn?.find((drawn) => drawn.learningRate === learningRate);
  const configuration = { ...drawn ?? entry.configuration, learningRate, seed };
  const origin = originOf(entry, seed);
  if (!origin) return { id: cellId(configuration), configuration };
  const [update] = origin.keep!, { states } = entry.begins!;
  const from = { cell: origin.id, update, ...states === "anew" && { states } };
  const begun = { ...configuration, from };
  return { id: cellId(begun), configuration: begun, from };
}

/** The network at whose last state one of an entry begins, where it does. */
export function originOf({ begins }: PlannedEntry, seed: number): PlannedCell | undefined {
  if (!begins) return undefined;
  const configuration = { ...begins.configuration, seed };
  return { id: cellId(configuration), configuration, keep: [configuration.updates] };
}

/** What a table of autoencoders is laid from. */
export interface AutoencoderGrid {
  problem: PaperProblem;
  layers: readonly number[];
  data: string;
  budget: Omit<AutoencoderBudget, "layers">;
}

/** What the networks of a column have of their own. */
type Setting = Partial<Pick<Configuration, "mu" | "init" | "initScale" | "updates">> & {
  readonly optimizer?: PaperOptimizer;
  readonly activation?: "tanh";
  readonly own?: Readonly<Record<string, number>>;
  readonly hfSchedule?: HFSchedule;
};

/** A column and the settings that make it. */
export interface SettingColumn extends PlannedColumn {
  readonly setting: Setting;
}

/** The column without momentum. */
export const sgdColumn: SettingColumn = {
  name: "0 (SGD)",
  notReached: undefined,
  setting: { optimizer: "sgd", mu: 0 },
};

/** A column for each cap; those that the schedule does not reach share the lowest one's networks. */
export function momentumColumns(grid: AutoencoderGrid, optimizer: "cm" | "nag"): SettingColumn[] {
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

/**
 * A column of networks that Hessian-free trains: what is not given of its settings is the optimizer's.
 * It takes its cases itself, and has no learning rate.
 */
export function hessianFreeColumn(
  name: string,
  { optimizer, updates, given = {}, schedule }: {
    optimizer: "hf" | "hf-dagger";
    updates: number;
    given?: Readonly<Record<string, number>>;
    /** What changes while it goes on. */
    schedule?: string;
  },
): SettingColumn {
  const hfSchedule = schedule === undefined ? undefined : readHFSchedule(schedule);
  const own = shippedOptimizers[optimizer].settings
    .filter(({ name }) => !Object.hasOwn(hfSchedule?.courses ?? {}, name))
    .map(({ name, default: value }) => [name, given[name] ?? value!]);
  return {
    ...{ name, notReached: undefined },
    setting: {
      ...{ optimizer, updates, mu: 0, own: Object.fromEntries(own) },
      ...hfSchedule && { hfSchedule },
    },
  };
}

/** A table of autoencoders from its columns: a row, that of their problem. */
export function layAutoencoders(
  heading: TableHeading,
  columns: readonly SettingColumn[],
  grid: AutoencoderGrid,
): PlannedTable {
  return {
    ...heading,
    columns: columns.map(({ name, notReached }) => ({ name, notReached })),
    rows: [grid.problem],
    entries: columns.map(({ name, setting }) => ({
      row: grid.problem,
      column: name,
      ...searchOf(setting.own ? { ...grid.budget, learningRates: [0], widen: false } : grid.budget),
      configuration: configurationOf(grid, setting),
    })),
  };
}

/** How an entry's learning rate is searched and confirmed. */
type Search = Pick<AutoencoderBudget, "learningRates" | "seeds" | "widen">;

/** {@linkcode Search} of a budget. */
export function searchOf({ learningRates, seeds, widen = true }: Search) {
  return { learningRates, seeds, widen };
}

/** The rate and the seed that come first. */
export function firstOf({ learningRates: [learningRate], seeds: [seed] }: Search) {
  return { learningRate, seed };
}

function configurationOf(grid: AutoencoderGrid, setting: Setting): Configuration {
  const { schedulePeriod } = grid.budget;
  const { updates = grid.budget.updates } = setting, finish = setting.own ? 0 : grid.budget.finish;
  return autoencoderConfiguration(grid, {
    ...{ optimizer: "nag", mu: 0, schedulePeriod, finish },
    ...firstOf(grid.budget),
    ...setting.own && { learningRate: 0 },
    ...trainingOf({ ...grid.budget, updates }),
    ...setting,
  });
}

/** Reports on a curve, and their cases: a few per cent of the time that training takes. */
const REPORTS = 40, REPORT_CASES = 600;

/** How long networks of a budget are trained, and what is reported. */
export function trainingOf({ updates, batchSize }: { updates: number; batchSize: number }) {
  const reportEvery = Math.ceil(updates / REPORTS);
  return { updates, batchSize, reportEvery, reportCases: REPORT_CASES };
}

/** Reads a table of the paper's numbers: a row a line, columns between bars. */
export function publishedOf(text: string): Published {
  const [[, ...columns], ...rows] = text.trim().split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(
    rows.map(([row, ...cells]) => [
      row,
      new Map(columns.map((column, i) => [column, cells[i]] as const).filter(([, cell]) => cell)),
    ]),
  );
}
