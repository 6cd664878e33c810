import { InputError } from "../../mod.ts";
import { drawOrdered } from "../charts/drawing_order.ts";
import { exists } from "../files/files.ts";
import { runPage } from "../report/run_page.tsx";
import { print } from "../terminal/terminal.ts";
import type { Cell, Configuration } from "./cell.ts";
import { furtherColumns, settingColumns } from "./grid.ts";
import { readCells } from "./ledger.ts";
import { raceIn } from "./race_cell.ts";
import type { Column, KindTables } from "./network_kind.ts";
import { printOutcomes } from "./print.ts";
import { recordRun } from "./run.ts";
import { curvatureOrder, outcomesOf, seedColumn, viewsOf } from "./views.ts";

/** Runs that are put together. */
export interface Comparison {
  /** Folders of runs. */
  readonly folders: readonly string[];
  /** Where the tables and figures of all go. */
  readonly out: string;
  readonly isMadeUp: boolean;
  tablesOf(configuration: Configuration): KindTables;
  readonly interruption: AbortSignal;
}

/**
 * Puts the networks of several runs into one set of tables and figures: whatever settings differ are
 * columns. Throws InputError for a folder without networks, and for networks of several kinds.
 */
export async function compareRuns(comparison: Comparison): Promise<void> {
  const { folders, out, isMadeUp, tablesOf, interruption } = comparison;
  const cells = cellsOf(folders);
  const [first] = cells.values();
  const kind = tablesOf(first.configuration);
  const planned = [...cells.values()].map(({ id, configuration }) => ({ id, configuration }));
  const settings = [...settingColumns, ...otherColumns(planned.map((cell) => cell.configuration))];
  const furtherSettings = furtherColumns(planned);
  const views = { kind, cells: planned, settings, furtherSettings, target: undefined };
  const outcomes = outcomesOf(planned, cells, "stopped");
  const texts = viewsOf(views, cells, "stopped");
  const columns = [...settings, ...furtherSettings].map(({ name }) => name);
  const { figure } = kind, column = `${figure.split}_${figure.column}`;
  const isDrawn = texts["curve.csv"].split("\n")[0].split(",").includes(column);
  const chart = {
    figure: isDrawn ? column : figure.column,
    figureTitle: figure.title,
    unit: figure.unit,
    settings: [...columns, seedColumn.name],
  };
  const command = `studies.ts compare ${folders.join(" ")}`;
  await recordRun(
    { program: "compare", folder: out, details: { folders }, interruption, isMadeUp },
    async (run) => {
      for (const [name, text] of Object.entries(texts)) run.write(name, text);
      run.write("loss.svg", await drawOrdered({ table: texts["curve.csv"], chart, from: 1 }));
      const curvature = curvatureOrder(views, cells);
      if (curvature) run.write("curvature.svg", await drawOrdered(curvature));
      const page = {
        ...{ folder: run.folder, title: `${folders.length} runs`, command, cells: planned },
        settings: texts["settings.csv"],
        networks: texts["summary.csv"],
        settingColumns: columns,
      };
      run.write("report.html", runPage(page));
      printOutcomes(outcomes, { kind, settings, furtherSettings });
      print(`\nresults in ${run.folder}; open ${run.folder}/report.html`);
    },
  );
}

/** The networks of all folders, each once. */
function cellsOf(folders: readonly string[]): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const folder of folders) {
    const found = exists(folder) ? readCells(folder) : new Map<string, Cell>();
    if (found.size === 0) {
      throw new InputError(`${folder} holds no networks: name the folders of runs`);
    }
    for (const [id, cell] of found) if (!raceIn(cell.configuration)) cells.set(id, cell);
  }
  const kinds = new Set([...cells.values()].map(({ configuration }) => configuration.network));
  if (kinds.size > 1) {
    throw new InputError(
      `the runs are of ${[...kinds].join(" and of ")} networks, whose errors are not alike: ` +
        "compare runs of one program",
    );
  }
  return cells;
}

/** Settings that have no column of their own, and differ: layers, batch size, finish. */
function otherColumns(configurations: readonly Configuration[]): Column<Configuration>[] {
  const named = [
    "network",
    "own",
    "data",
    "updates",
    "reportEvery",
    "reportCases",
    "momentumIn",
    "curvatureEvery",
    "curvatureFigures",
  ];
  const own = settingColumns.map(({ name }) => camelCase(name));
  const keys = [...new Set(configurations.flatMap(Object.keys))]
    .filter((key) => ![...named, ...own, "seed"].includes(key));
  const text = (configuration: Configuration, key: string) => {
    const value = configuration[key];
    if (Array.isArray(value)) return value.join("-");
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  };
  return keys.filter((key) => new Set(configurations.map((of) => text(of, key))).size > 1)
    .map((key) => ({
      name: key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      cell: (configuration) => text(configuration, key) as string | number | undefined,
    }));
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
