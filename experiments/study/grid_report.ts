import { exportNetwork, type Gpu, importNetwork, InputError, type Model } from "../../mod.ts";
import { runPage } from "../report/run_page.tsx";
import { Drawing } from "../charts/drawing.ts";
import { type DrawingOrder, drawOrdered } from "../charts/drawing_order.ts";
import { type Live, openLive, type RunProgress } from "../live/live.ts";
import type { PagePort } from "../live/port_flag.ts";
import { isKnownMissing, readIfReadable } from "../files/files.ts";
import { readTable } from "../files/tables.ts";
import { versions } from "../files/provenance.ts";
import type { Cell } from "./cell.ts";
import { hasState, readState, statePath } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import { figureOf, type KindFigure, type NetworkKind } from "./network_kind.ts";
import { finiteOnes, type Outcome, outcomeOf } from "./outcomes.ts";
import { print } from "../terminal/terminal.ts";
import { printEnd, printOutcomes } from "./print.ts";
import { openRound } from "./round.ts";
import type { Run } from "./run.ts";
import type { End, Reporter, Trained } from "./study.ts";
import type { Tuning } from "./tuning.ts";
import {
  curvatureOrder,
  outcomesOf,
  seedColumn,
  type ViewOptions,
  Views,
  viewsOf,
  workOrders,
} from "./views.ts";

/** Which networks are kept as files. */
export const keeps = ["all", "best", "none"] as const;

/** What is made of a grid of networks of one kind. */
export interface GridReport extends ViewOptions {
  readonly kind: NetworkKind;
  readonly run: Run;
  /** What report.html is headed by, and the command that it tells. */
  readonly title: string;
  readonly command: string;
  /** Where a page is served that shows the run while it goes on; false for none. */
  readonly livePort: PagePort;
  readonly keep: typeof keeps[number];
  /** race.csv as text, where there is a race. */
  race?(cells: ReadonlyMap<string, Cell>): string;
  /** Where settings are drawn at random. */
  readonly tuning?: Tuning | undefined;
  /** What loss.svg shows. */
  readonly chart: { readonly figure: string; readonly figureTitle: string; readonly unit: string };
  /** Draws pictures of the best network, and shows them by their names. */
  draw(of: { best: KeptNetwork; gpu: Gpu; show: Show }): Promise<void>;
}

/** Writes a picture of `pictures`, where pages show it. */
export type Show = (name: string, content: string | Uint8Array) => void;

/** A network, and the parameters that it has. */
export interface KeptNetwork {
  readonly cell: Cell;
  readonly model: Model;
  readonly theta: Float32Array<ArrayBuffer>[];
}

/** The tables, figures and networks of a grid. */
export class GridReporter implements Reporter {
  readonly #report: GridReport;
  readonly #drawing = new Drawing({ onDrawn: (svg) => this.#show("loss.svg", svg) });
  readonly #live: Live | undefined;
  #views: Views | undefined;
  #best: KeptNetwork | undefined;

  constructor(report: GridReport) {
    this.#report = report;
    const { run: { folder }, title, chart: { figure }, livePort } = report;
    if (livePort !== false) this.#live = openLive({ folder, title, port: livePort, figure });
  }

  restart(cells: ReadonlyMap<string, Cell>): void {
    if (this.#views) return this.#views.restart(cells);
    this.#views = new Views(this.#report, this.#report.run, cells);
    this.#live?.rows(readTable(this.#views.curve));
  }

  append(...[cells, rows]: Parameters<Reporter["append"]>): void {
    const added = this.#views?.append(cells, rows) ?? [];
    this.#live?.rows(added);
    this.#drawing.request(() => this.#order([]));
  }

  progress(progress: RunProgress): void {
    this.#live?.progress(progress);
  }

  keep({ planned, model, thetas, cells }: Trained): void {
    const { keep, kind: { figure } } = this.#report;
    for (const [r, { id }] of planned.entries()) {
      const cell = cells.get(id);
      if (!cell) continue;
      const outcome = outcomeOf(cell, "stopped"), theta = thetas[r];
      if (outcome.status === "diverged") continue;
      if (keep === "all") this.#write(networkName(id), { cell, model, theta });
      const least = this.#best ? finalFigure(figure, this.#best.cell) : Infinity;
      if (finalFigure(figure, cell) < least) this.#best = { cell, model, theta };
    }
  }

  async conclude(end: End): Promise<void> {
    const { run, kind, cells, settings, furtherSettings, keep, draw, tuning } = this.#report;
    this.restart(end.cells);
    const outcomes = outcomesOf(cells, end.cells, end.ending);
    this.#views?.conclude(end.cells, end.ending);
    const order = this.#order(outcomes);
    this.#show("loss.svg", await this.#drawing.finish(order));
    for (const [picture, drawn] of workOrders(this.#report, end.cells, order)) {
      this.#show(picture, await drawOrdered(drawn));
    }
    const curvature = curvatureOrder(this.#report, end.cells);
    if (curvature) this.#show("curvature.svg", await drawOrdered(curvature));
    if (tuning) {
      run.write("tuning.csv", tuning.table(end.cells));
      const [{ configuration: { problem } }] = cells;
      this.#show("tuning.svg", await tuning.draw(end.cells, problem));
    }
    const [first] = finiteOnes(outcomes, (figures) => figureOf(kind.figure, figures));
    const best = first && end.machine && await this.#networkOf(first.cell, end.machine);
    if (end.machine) await this.#writeMissing(outcomes, end.machine);
    if (best && end.machine) {
      if (keep !== "none") this.#write("network.safetensors", best);
      const show: Show = (name, content) => this.#show(name, content);
      await draw({ best, gpu: end.machine.gpu, show });
    }
    this.#writePage(end);
    const told = tuning && new Set(tuning.best(end.cells).map(({ id }) => id));
    printOutcomes(outcomes.filter(({ cell: { id } }) => !told || told.has(id)), {
      ...{ kind, settings, furtherSettings },
    });
    const words = tuning?.words(end.cells);
    if (words !== undefined) print(`\n${words}`);
    printEnd(run.folder, outcomes);
    this.#live?.ended(run.stopped ?? "finished");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#drawing[Symbol.dispose]();
    await this.#live?.[Symbol.asyncDispose]();
  }

  #writePage({ cells: found, ending }: End): void {
    const { run, cells, settings, furtherSettings, title, command, race } = this.#report;
    const views = viewsOf(this.#report, found, ending);
    run.write(
      "report.html",
      runPage({
        ...{ folder: run.folder, title, command, cells },
        settings: views["settings.csv"],
        networks: views["summary.csv"],
        ...race && { race: race(found) },
        settingColumns: [...settings, ...furtherSettings].map(({ name }) => name),
      }),
    );
  }

  /** Those that were finished elsewhere: their cells alone may have been brought here. */
  async #writeMissing(outcomes: readonly Outcome[], machine: Machine): Promise<void> {
    const { run, keep } = this.#report;
    if (keep !== "all") return;
    for (const { cell, status } of outcomes) {
      const name = networkName(cell.id);
      const isFinished = status !== "diverged" && cell.result.status !== "unfinished";
      if (!isFinished || !isKnownMissing(`${run.folder}/${name}`)) continue;
      const network = await this.#networkOf(cell, machine);
      if (network) this.#write(name, network);
    }
  }

  /** Of an earlier session it is read from its file, or taken from its state, where it has one. */
  async #networkOf(cell: Cell, machine: Machine): Promise<KeptNetwork | undefined> {
    const { id, configuration } = cell;
    if (this.#best?.cell.id === id) return this.#best;
    const { run: { folder }, kind } = this.#report;
    const key = kind.modelKey(configuration), path = `${folder}/${networkName(id)}`;
    const model = await machine.model(key, (gpu) => kind.model(gpu, configuration, 1));
    const kept = thetaIn(path, model);
    if (kept) return { cell, model, theta: kept };
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

  /** What loss.svg shows; a network may have diverged though all its rows are finite. */
  #order(outcomes: readonly Outcome[]): DrawingOrder {
    const { settings, furtherSettings, chart } = this.#report;
    const columns = [...settings, ...furtherSettings, seedColumn];
    const diverged = outcomes.filter(({ status }) => status === "diverged");
    return {
      table: this.#views?.curve ?? "",
      // Where all begin is far above where they differ.
      from: 1,
      chart: { ...chart, settings: columns.map(({ name }) => name) },
      diverged: diverged.map(({ cell: { configuration } }) =>
        Object.fromEntries(
          columns.map(({ name, cell }) => [name, String(cell(configuration) ?? "")]),
        )
      ),
    };
  }

  #show(...[name, content]: Parameters<Show>): void {
    this.#report.run.write(name, content);
    this.#live?.renewed(name);
  }

  #write(name: string, { cell, model, theta }: KeptNetwork): void {
    this.#report.run.write(name, exportNetwork(model.layout, theta, metadataOf(cell)));
  }
}

function finalFigure(figure: KindFigure, cell: Cell): number {
  return figureOf(figure, outcomeOf(cell, "stopped").figures) ?? Infinity;
}

function networkName(id: string): string {
  return `networks/${id}.safetensors`;
}

/** The parameters in a network's file; undefined where it is not there, or not as it was written. */
function thetaIn(path: string, { layout }: Model): KeptNetwork["theta"] | undefined {
  const bytes = readIfReadable(path);
  try {
    return bytes && importNetwork(layout, bytes).theta;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
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
