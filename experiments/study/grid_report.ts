import { exportNetwork, type Gpu, importNetwork, type Model } from "../../mod.ts";
import { lossChart } from "../charts/loss_chart.ts";
import { makeFolder } from "../files/disk.ts";
import { exists, readWhole, writeWhole } from "../files/files.ts";
import { readTable, type TableRow } from "../files/tables.ts";
import { versions } from "../files/provenance.ts";
import type { Cell } from "./cell.ts";
import { hasState, readState, statePath } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import { figureOf, type KindFigure } from "./network_kind.ts";
import { finiteOnes, type Outcome, outcomeOf } from "./outcomes.ts";
import { printEnd, printOutcomes } from "./print.ts";
import { openRound } from "./round.ts";
import type { Run } from "./run_folder.ts";
import type { End, Reporter, Trained } from "./study.ts";
import { outcomesOf, type ViewOptions, Views } from "./views.ts";

/** Which networks are kept as files. */
export const keeps = ["all", "best", "none"] as const;

/** What is made of a grid of networks of one kind. */
export interface GridReport extends ViewOptions {
  readonly run: Run;
  readonly keep: typeof keeps[number];
  /** What loss.svg shows. */
  readonly chart: { readonly figure: string; readonly figureTitle: string; readonly unit: string };
  /** Draws pictures of the best network. */
  draw(picture: { run: Run; best: BestNetwork; gpu: Gpu }): Promise<void>;
}

/** The network of least error that stayed finite. */
export interface BestNetwork {
  readonly cell: Cell;
  readonly model: Model;
  readonly theta: Float32Array<ArrayBuffer>[];
}

/** The tables, figures and networks of a grid. */
export class GridReporter implements Reporter {
  readonly #report: GridReport;
  #views: Views | undefined;
  #best: BestNetwork | undefined;

  constructor(report: GridReport) {
    this.#report = report;
  }

  restart(cells: ReadonlyMap<string, Cell>): void {
    if (this.#views) this.#views.restart(cells);
    else this.#views = new Views(this.#report, this.#report.run, cells);
  }

  append(...[cells, rows]: Parameters<Reporter["append"]>): void {
    this.#views?.append(cells, rows);
  }

  keep({ planned, model, thetas, cells }: Trained): void {
    const { keep, kind: { figure } } = this.#report;
    for (const [r, { id }] of planned.entries()) {
      const cell = cells.get(id);
      if (!cell) continue;
      const outcome = outcomeOf(cell, "stopped"), theta = thetas[r];
      if (outcome.status === "diverged") continue;
      if (keep === "all") this.#write(`networks/${id}.safetensors`, { cell, model, theta });
      const least = this.#best ? errorOf(figure, this.#best.cell) : Infinity;
      if (errorOf(figure, cell) < least) this.#best = { cell, model, theta };
    }
  }

  async conclude(end: End): Promise<void> {
    const { run, kind, cells, settings, keep, chart, draw } = this.#report;
    this.restart(end.cells);
    const outcomes = outcomesOf(cells, end.cells, end.ending);
    this.#views?.conclude(end.cells, end.ending);
    const rows = readTable(this.#views?.curve ?? "");
    if (rows.length > 0) {
      const isDiverged = this.#rowsDiverged(outcomes);
      // Where all begin is far above where they differ.
      const later = rows.filter(({ update }) => update !== "0");
      const drawn = later.length > 0 ? later : rows;
      run.write("loss.svg", await lossChart(drawn, { ...chart, isDiverged }));
    }
    const [first] = finiteOnes(outcomes, (figures) => figureOf(kind.figure, figures));
    const best = first && end.machine && await this.#bestNetwork(first.cell, end.machine);
    if (best && end.machine) {
      if (keep !== "none") this.#write("network.safetensors", best);
      await draw({ run, best, gpu: end.machine.gpu });
    }
    printOutcomes(outcomes, { kind, settings });
    printEnd(run.folder, outcomes);
  }

  /** Of an earlier session it is read from its file, or taken from its state, where it has one. */
  async #bestNetwork(cell: Cell, machine: Machine): Promise<BestNetwork | undefined> {
    const { id, configuration } = cell;
    if (this.#best?.cell.id === id) return this.#best;
    const { run: { folder }, kind } = this.#report;
    const key = kind.modelKey(configuration), path = `${folder}/networks/${id}.safetensors`;
    const model = await machine.model(key, (gpu) => kind.model(gpu, configuration, 1));
    if (exists(path)) {
      return { cell, model, theta: importNetwork(model.layout, readWhole(path)).theta };
    }
    if (!hasState(folder, id)) return undefined;
    const state = await readState(statePath(folder, id), id);
    if (state.update !== cell.result.updates) return undefined;
    const standing = { state, rows: [], seconds: 0, beforeFinish: null };
    const trainer = await openRound({ kind, model, cells: [cell], standings: [standing] }, {
      machine,
    });
    try {
      return { cell, model, theta: await trainer.theta(0) };
    } finally {
      trainer.free();
    }
  }

  /** Which rows of curve.csv are of networks that diverged, those with finite rows alone among them. */
  #rowsDiverged(outcomes: readonly Outcome[]): (row: TableRow) => boolean {
    const { settings, furtherSettings } = this.#report;
    const columns = [...settings, ...furtherSettings];
    const diverged = new Set(
      outcomes.filter(({ status }) => status === "diverged").map(({ cell: { configuration } }) =>
        [...columns.map(({ cell }) => cell(configuration) ?? ""), configuration.seed].join("\n")
      ),
    );
    return (row) => diverged.has([...columns.map(({ name }) => row[name]), row.seed].join("\n"));
  }

  #write(name: string, { cell, model, theta }: BestNetwork): void {
    const { run } = this.#report;
    const bytes = exportNetwork(model.layout, theta, metadataOf(cell));
    run.attempt(name, () => {
      if (name.startsWith("networks/")) makeFolder(`${run.folder}/networks`);
      writeWhole(`${run.folder}/${name}`, bytes);
    });
  }
}

function errorOf(figure: KindFigure, cell: Cell): number {
  return figureOf(figure, outcomeOf(cell, "stopped").figures) ?? Infinity;
}

/** Which network a file holds, and how it is run. */
function metadataOf(
  { id, configuration, result: { updates, final } }: Cell,
): Record<string, string> {
  return {
    cell: id,
    configuration: JSON.stringify(configuration),
    updates: String(updates),
    figures: JSON.stringify(final),
    nagare: versions.nagare,
  };
}
