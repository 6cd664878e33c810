import { checkClaims, type Claim } from "../../../experiments/report/claims.ts";
import { drawFigures, type DrawnFigure } from "../../../experiments/report/figures/draw.ts";
import { autoencoderTables, paperTables } from "../../../experiments/tables/paper_tables.ts";
import type { TableStudy } from "../../../experiments/tables/table_study.ts";
// A folder of results for tests: tables are laid as they are, and networks made up.
import { table5 } from "../../../experiments/studies/table5.ts";
import {
  type Cell,
  type CellResult,
  type CellRow,
  type Configuration,
  encodeCell,
  type Splits,
} from "../../../experiments/study/cell.ts";
import { cellPath } from "../../../experiments/study/ledger.ts";
import { layTable } from "../../../experiments/tables/records.ts";
import type { FoundTable, PaperConfiguration } from "../../../experiments/tables/table_record.ts";
import type { PlannedTable } from "../../../experiments/tables/grid.ts";
import { nextNetworks } from "../../../experiments/tables/stages.ts";
import { summarize, type TableSummary } from "../../../experiments/report/summary.ts";
import { shortestFloat32 } from "../../../experiments/files/tables.ts";

/** How a network came out; undefined: it has not been trained yet. */
export type Outcome = { train: number; test: number; before?: number } | "diverged" | undefined;

/** How all networks of a folder came out. */
export type Outcomes = (configuration: Configuration) => Outcome;

/** The adapter that the networks are said to be trained on. */
export const adapter = "Voodoo <script>alert(1)</script> & Co";

type Configurations = Readonly<
  Record<"table1" | "table2" | "table3" | "table5", PaperConfiguration>
>;

/** The small preset of each table on Curves, without Hessian-free, of T = 10 for table 5. */
export const smallTables: Configurations = {
  table1: curvesTable("table1"),
  table2: curvesTable("table2"),
  table3: curvesTable("table3"),
  table5: { problems: ["add", "mul", "mem-5", "mem-20"], budget: table5.budgets.small },
};

function curvesTable(name: "table1" | "table2" | "table3"): PaperConfiguration {
  const { layers, hfUpdates: _, hfDaggerUpdates: __, hfDaggerSteps: ___, ...budget } =
    autoencoderTables[name].budgets.small;
  return { problem: "curves", layers: [...layers!], data: "stand-in, seed 1", budget };
}

/** Tables and those of their networks that have come out, as they are read from a folder. */
export function results(
  configurations: Partial<Configurations & { hf: PaperConfiguration }>,
  outcomes: Outcomes,
): { tables: FoundTable[]; cells: Map<string, Cell> } {
  const tables = Object.entries(configurations).map(([name, configuration]): FoundTable => ({
    record: {
      preset: "small",
      configuration,
      arguments: [name, "--updates", "9"],
      nagare: "0.1.0",
    },
    table: planOf(name as string, configuration),
  }));
  return { tables, cells: trainAll(tables.map(({ table }) => table), outcomes) };
}

/** Stage after stage, as far as networks come out. */
export function trainAll(tables: readonly PlannedTable[], outcomes: Outcomes): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (;;) {
    const trained = nextNetworks(tables, cells).flatMap(({ id, configuration }) => {
      const outcome = outcomes(configuration);
      return outcome ? [cellOf(id, configuration, outcome)] : [];
    });
    if (trained.length === 0) return cells;
    for (const cell of trained) cells.set(cell.id, cell);
  }
}

/** Their summaries. */
export function summaries(
  configurations: Partial<Configurations>,
  outcomes: Outcomes,
): TableSummary[] {
  const { tables, cells } = results(configurations, outcomes);
  return tables.map((found) => summarize(found, cells));
}

/** Lays tables into a folder, with the networks that have come out. */
export function writeResults(
  folder: string,
  configurations: Partial<Configurations>,
  outcomes: Outcomes,
): PlannedTable[] {
  const { tables, cells } = results(configurations, outcomes);
  for (const { table, record } of tables) {
    layTable(folder, table.name, record).record((name, text) =>
      Deno.writeTextFileSync(`${folder}/${name}`, text)
    );
  }
  for (const cell of cells.values()) writeCell(folder, cell);
  return tables.map(({ table }) => table);
}

/** Writes a cell where those of a folder are. */
export function writeCell(folder: string, cell: Cell): void {
  Deno.mkdirSync(`${folder}/cells`, { recursive: true });
  Deno.writeTextFileSync(cellPath(folder, cell.id), encodeCell(cell));
}

function planOf(name: string, configuration: PaperConfiguration): PlannedTable {
  if ("problems" in configuration) return table5.lay(configuration.problems, configuration.budget);
  return autoencoderTables[name as "table1"].lay(configuration);
}

/** A finished network. */
export function cellOf(
  id: string,
  configuration: Configuration,
  outcome: NonNullable<Outcome>,
): Cell {
  return {
    id,
    configuration,
    result: resultOf(configuration, outcome),
    training: {
      adapter,
      nagare: "0.1.0",
      deno: "2.9.6",
      saved: "2026-11-22T20:15:00.000Z",
      replicas: 18,
      seconds: 900,
    },
  };
}

function resultOf(
  configuration: Configuration,
  outcome: NonNullable<Outcome>,
): CellResult {
  const { updates } = configuration;
  if (outcome === "diverged") {
    const nothing = figuresOf(configuration, NaN, NaN);
    return {
      ...{ updates, status: "diverged", divergedAt: 17, final: nothing, beforeFinish: nothing },
      curve: [],
    };
  }
  const { train, test, before } = outcome;
  return {
    ...{ updates, status: "ok", divergedAt: null, final: figuresOf(configuration, train, test) },
    beforeFinish: before === undefined
      ? null
      : figuresOf(configuration, before, before * test / train),
    curve: curveOf(configuration, outcome),
  };
}

/** As the GPU gives them and a cell writes them: the error that the report shows, and the loss. */
function figuresOf({ network }: Configuration, train: number, test: number): Splits {
  const name = network === "recurrent" ? "zeroOneLoss" : "squaredError";
  const figures = (error: number) => ({
    loss: shortestFloat32(10 * error),
    [name]: shortestFloat32(error),
  });
  return { train: figures(train), test: figures(test) };
}

/** From before the first update down to the final error. */
function curveOf(
  configuration: Configuration,
  { train, test }: { train: number; test: number },
): CellRow[] {
  const { updates, reportEvery, mu } = configuration;
  return Array.from({ length: Math.ceil(updates / reportEvery) + 1 }, (_, i) => {
    const update = Math.min(updates, i * reportEvery);
    const above = update === 0 ? 1000 : (updates / update) ** 0.9;
    return {
      update,
      momentum: update === 0 ? null : mu,
      loss: update === 0 ? null : shortestFloat32(10 * train),
      gradientNorm: null,
      ...figuresOf(configuration, train * above, test * above),
      seconds: update,
    };
  });
}

/** Networks that come out as the paper says, spread a little by the seed. */
export const asInThePaper: Outcomes = (configuration) => {
  const { optimizer, mu, learningRate, seed, network } = configuration;
  const spread = 1 + 0.02 * seed;
  if (network === "recurrent") {
    const chance = { add: 0.8, mul: 0.8, "mem-5": 2.4, "mem-20": 7.9 }[configuration.problem]!;
    const train = chance * spread * (1 - mu) ** 0.3 * (learningRate > 0.005 ? 1 : 1.1) *
      (optimizer === "cm" ? 1.05 : 1);
    return { train, test: train };
  }
  const { init, initScale, activation } = configuration;
  if (init === "sparse" && initScale < 1) return { train: 16, test: 16.1, before: 16 };
  if (optimizer === "cm" && mu > 0.99 && learningRate > 0.02) return "diverged";
  if (optimizer === "cm" && mu > 0.99 && learningRate > 0.01) {
    return { train: 16, test: 16.1, before: 16 };
  }
  const train = spread * (optimizer === "sgd" ? 9 : 25 * (1 - mu) ** 0.6) *
    (learningRate === 0.02 ? 1 : 1.3) * (optimizer === "cm" ? 1.1 : 1) *
    (init === "sparse" && activation === "sigmoid" ? 1 + Math.log2(initScale) / 4 : 1.5);
  return { train, test: 1.1 * train, before: mu > 0.9 ? 1.2 * train : train };
};

/** The claims of a summary's table. */
export function claimsOfTable(summary: TableSummary): Claim[] {
  return checkClaims(summary, studyOf(summary).claims);
}

/** The figures of a summary's table. */
export function figuresOfTable(summary: TableSummary): Promise<DrawnFigure[]> {
  return drawFigures(summary, studyOf(summary).figures);
}

function studyOf({ name }: TableSummary): TableStudy {
  return paperTables.find(({ heading }) => heading.name === name)!;
}
