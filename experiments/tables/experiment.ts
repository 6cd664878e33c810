// Experiments beyond the paper: each is a table whose entries are command lines of a program.

import { cellId, type Configuration } from "../study/cell.ts";
import { optimizerMaker } from "../study/grid.ts";
import type { GridSession } from "../study/grid_program.ts";
import type { NetworkKind } from "../study/network_kind.ts";
import type { OptimizerChoice } from "../study/shipped_optimizers.ts";
import type { Beginning, PlannedEntry, PlannedTable, TableHeading } from "./grid.ts";
import { type Asked, type ProgramName, programs } from "./programs.ts";
import type { TableStudy } from "./table_study.ts";

/** Flags of a program by their names, and their values; several are a list. */
export type Flags = Readonly<Record<string, string | number | readonly (string | number)[]>>;

/** The budgets of experiments: two cores, or a GPU. */
export const experimentPresets = ["small", "full"] as const;

/** One of {@linkcode experimentPresets}. */
export type ExperimentPreset = typeof experimentPresets[number];

/** The networks of an experiment: a row's flags, a column's, and those that all share. */
export interface Layout {
  readonly common: Flags;
  readonly rows: Readonly<Record<string, Flags>>;
  readonly columns: Readonly<Record<string, Flags>>;
  /** Flags of some entries alone. */
  of?(row: string, column: string): Flags;
  /**
   * A row's flags of networks that come first, beside those that all share: what the row trains begins
   * where they end, with `states`, `kept` or `anew`, as `--from` has them.
   */
  before?(row: string): Flags;
}

/**
 * An experiment as data. Each entry of its table is a command line of a program: `--learning-rate`
 * lists the rates that are searched with the first of `--seed` (one alone is taken as it is), or
 * `--draws` draws whole settings; the other seeds confirm the best.
 */
export interface Experiment extends TableStudy {
  readonly heading: TableHeading & { readonly question: string };
  readonly program: ProgramName;
  readonly layouts: Readonly<Record<ExperimentPreset, Layout>>;
  /** The flags of a column for another optimizer, a user's own: who compares optimizers takes any. */
  readonly join?: (optimizer: string) => Flags;
}

/** A table of an experiment, and the kinds of networks of its entries. */
export interface LaidExperiment {
  readonly table: PlannedTable;
  /** Also of what comes before entries of the table. */
  readonly kinds: ReadonlyMap<PlannedEntry, NetworkKind>;
  /** Lines about the data. */
  readonly remarks: readonly string[];
}

/** Lays an experiment. Throws InputError where its flags, or its data, are not as its program asks. */
export async function layExperiment(
  { heading, program, layouts, join }: Experiment,
  { preset, given, optimizers = [], data, interruption }: {
    preset: ExperimentPreset;
    /** In place of those that all networks share. */
    given: Flags;
    /** A column more for each. */
    optimizers?: readonly string[];
    /** Flags that say where the data of a problem are, by its name. */
    data: (problem: string) => Flags;
    interruption: AbortSignal;
  },
): Promise<LaidExperiment> {
  const { common, rows, of, before } = layouts[preset];
  const joining = join ? optimizers.map((name) => [columnOf(name), join(name)] as const) : [];
  const columns = { ...layouts[preset].columns, ...Object.fromEntries(joining) };
  const own = { ...common, ...given };
  const known: OptimizerChoice[] = [], session = sessionOf(known, interruption);
  const entries: PlannedEntry[] = [], kinds = new Map<PlannedEntry, NetworkKind>();
  const remarks = new Set<string>();
  const ask = async (flags: Flags, place: Pick<PlannedEntry, "row" | "column">) => {
    const line = commandLine({ ...flags, ...data(String(flags.problem)) });
    const asked = await programs[program](line, { ...session, known });
    const entry = { ...place, ...entryOf(asked) };
    if (asked.laid.remark) remarks.add(asked.laid.remark);
    return { entry, kind: asked.laid.kind };
  };
  for (const [row, ofRow] of Object.entries(rows)) {
    const first = before && await ask({ ...own, ...ofRow, ...before(row) }, { row, column: "" });
    if (first) kinds.set(first.entry, first.kind);
    for (const [column, ofColumn] of Object.entries(columns)) {
      const { states = "kept", ...flags } = { ...own, ...ofRow, ...ofColumn, ...of?.(row, column) };
      const { entry, kind } = await ask(flags, { row, column });
      const { reach } = heading, begins = first && beginningOf(first.entry, states);
      const placed = { ...entry, ...reach !== undefined && { reach }, ...begins && { begins } };
      entries.push(placed);
      kinds.set(placed, kind);
    }
  }
  return {
    table: {
      ...heading,
      shared: [`${program}.ts`, ...commandLine(own)].join(" "),
      columns: Object.entries(columns).map(([name, flags]) => (
        { name, notReached: undefined, flags: commandLine(flags).join(" ") }
      )),
      rows: Object.keys(rows),
      entries,
    },
    kinds,
    remarks: [...remarks],
  };
}

/** An optimizer's name; of a file its own, without its folder and ending. */
function columnOf(optimizer: string): string {
  return optimizer.replace(/^.*[/\\]/, "").replace(/\.[cm]?[jt]sx?$/, "");
}

/** An entry of a command line: what it searches with its first seed. */
function entryOf(
  { planned, options: { seed, draws, tuneMomentum } }: Asked,
): Omit<PlannedEntry, "row" | "column"> {
  const [first, ...others] = planned.map(({ configuration }) => configuration)
    .filter((configuration) => configuration.seed === seed[0]);
  // A rule gives each rate a momentum of its own, as a draw does.
  const isDrawn = draws !== undefined || tuneMomentum === "flat";
  const learningRates = [first, ...others].map(({ learningRate }) => learningRate);
  if (!isDrawn && others.some((other) => !differOnlyInRate(first, other))) {
    throw new RangeError("an entry's networks differ in more than their learning rates");
  }
  return {
    ...{ configuration: first, learningRates, seeds: seed },
    widen: !isDrawn && others.length > 0,
    ...others.length === 0 && { isFixed: true },
    ...isDrawn && { drawn: [first, ...others] },
  };
}

/** Where networks begin that go on from others. */
function beginningOf({ configuration, isFixed }: PlannedEntry, states: Flags[string]): Beginning {
  if (!isFixed || (states !== "kept" && states !== "anew")) {
    throw new RangeError("what comes first is one network a seed, whose states are kept or anew");
  }
  return { configuration, states };
}

function differOnlyInRate(one: Configuration, other: Configuration): boolean {
  const { learningRate } = one;
  return cellId(one) === cellId({ ...other, learningRate });
}

/** Flags as a command line has them. */
export function commandLine(flags: Flags): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Data are loaded once for all entries that learn from them. */
function sessionOf(
  known: readonly OptimizerChoice[],
  interruption: AbortSignal,
): Omit<GridSession, "earlier"> {
  const made = new Map<string, Promise<unknown>>();
  return {
    interruption,
    optimizerOf: optimizerMaker(known),
    once<T>(key: object, make: () => Promise<T>) {
      const name = JSON.stringify(key);
      const value = made.get(name) ?? make();
      made.set(name, value);
      return value as Promise<T>;
    },
  };
}
