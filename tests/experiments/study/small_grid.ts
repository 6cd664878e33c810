// A run of small networks in a folder, for tests of what trains them.

import { autoencoderKind } from "../../../experiments/problems/autoencoder_kind.ts";
import type { Cell, Configuration } from "../../../experiments/study/cell.ts";
import { ofCurvature } from "../../../experiments/study/curvature.ts";
import type { FigureGroupName } from "../../../experiments/study/curvature_figures.ts";
import { Due } from "../../../experiments/study/due.ts";
import { Ending } from "../../../experiments/study/ending.ts";
import {
  furtherColumns,
  gridCells,
  nameOf,
  optimizerMaker,
  settingColumns,
} from "../../../experiments/study/grid.ts";
import { GridReporter } from "../../../experiments/study/grid_report.ts";
import { Ledger, statePath } from "../../../experiments/study/ledger.ts";
import { Machine } from "../../../experiments/study/machine.ts";
import { type Outcome, outcomeOf } from "../../../experiments/study/outcomes.ts";
import { loadOptimizers } from "../../../experiments/study/optimizer_file.ts";
import { expandOptimizers } from "../../../experiments/study/optimizers.ts";
import { Run } from "../../../experiments/study/run.ts";
import { stopRule } from "../../../experiments/study/stop_rule.ts";
import { trainCells } from "../../../experiments/study/train.ts";
import type { Cadence } from "../../../experiments/terminal/durations.ts";
import { linesOnStdout } from "../processes.ts";
import { withoutTime } from "./small_runs.ts";
import {
  autoencoder,
  Dataset,
  decodeCheckpoint,
  type Family,
  type Gpu,
  InputError,
  openGPU,
  type TrainerState,
} from "../../../mod.ts";

const batchSize = 7;

/** What networks of a test differ in. */
export interface Grid {
  readonly optimizer: readonly string[];
  readonly mu?: readonly number[];
  readonly learningRate?: readonly number[];
  readonly seed: readonly number[];
  /** What changes while Hessian-free goes on. */
  readonly hfSchedule?: readonly string[];
  /** What else their optimizers declare. */
  readonly own?: Readonly<Record<string, readonly number[]>>;
}

/** Five networks of three optimizers. */
export const grid: Grid = {
  optimizer: ["cm", "nag", "sgd"],
  mu: [0.9, 0.5],
  learningRate: [0.1],
  seed: [1],
};

/** What a test changes of a run; see {@linkcode trainSmall}. */
export interface SmallRun {
  folder: string;
  grid?: Grid;
  updates?: number;
  every?: number;
  finish?: number;
  curvatureEvery?: number;
  curvatureFigures?: readonly FigureGroupName[];
  /** Bytes that the networks may take. */
  memory?: number;
  checkpointEvery?: Cadence;
  stopWhenDiverged?: boolean;
  target?: number;
  flat?: number;
  /** Whether the run of the folder goes on. */
  resume?: boolean;
  /** Called with every GPU that is opened, before anything is on it. */
  onGpu?: (gpu: Gpu) => void;
  /** Called for the first network before each update, with the updates done. */
  onUpdate?: (update: number, to: { ending: Ending; gpu: Gpu }) => void;
  /** Called with the networks that a round leaves, by cell, before their files are written. */
  onEnd?: (ids: readonly string[]) => void;
}

/** What came of it: its files as texts, and its networks. */
export interface SmallOutcome {
  outcomes: readonly Outcome[];
  cells: readonly Cell[];
  /** Where each network came to; none where states are not kept. */
  states: readonly TrainerState[];
  curve: string;
  /** summary.csv without the time. */
  summary: string;
  /** Why it ended early. */
  stopped: string | undefined;
  unsaved: string[];
}

/** Trains networks 17-5-17 on 20 cases, batches of 7. */
export async function trainSmall(options: SmallRun): Promise<SmallOutcome> {
  const { folder, updates = 6, every = 3, finish = 0, memory = Infinity } = options;
  const { checkpointEvery = { updates: 1000 }, stopWhenDiverged = false, onUpdate } = options;
  const { target, flat } = options, axes = options.grid ?? grid;
  const ending = new Ending(new AbortController().signal);
  const choices = await loadOptimizers(axes.optimizer);
  const defaults = { mu: [0.9], learningRate: [0.1] };
  const make = optimizerMaker(choices);
  const cells = gridCells({
    optimizers: expandOptimizers({ ...axes, ...axes.own, schedule: ["paper"] }, choices, defaults),
    init: ["sparse"],
    initScale: [1],
    seed: axes.seed,
  }, (point): Configuration => ({
    ...{ network: "autoencoder", problem: "test", layers: [17, 5], outputUnit: "sigmoid" },
    ...{ loss: "cross-entropy", activation: "sigmoid", fanIn: 15, schedulePeriod: 2 },
    ...point,
    ...{ updates, finish, batchSize, reportEvery: every, reportCases: 15 },
    ...ofCurvature({ curvatureFigures: ["spectrum"], ...options }),
  }));
  using machine = await Machine.open({
    adapter: async () => (await navigator.gpu.requestAdapter())!,
    operands: "buffers",
  });
  const kind = autoencoderKind({
    dataOn(gpu) {
      options.onGpu?.(gpu);
      const cases = new Uint8Array(20 * 17).map((_, i) => i * 37);
      return Promise.resolve({ train: new Dataset(gpu, cases, { width: 17 }) });
    },
    optimizerOf(configuration) {
      const optimizer = make(configuration), { family } = optimizer;
      const watched: Family = {
        ...family,
        compute(now, next, running, update) {
          onUpdate?.(update, { ending, gpu: machine.gpu });
          return family.compute(now, next, running, update);
        },
      };
      return configuration === cells[0].configuration
        ? { ...optimizer, family: watched }
        : optimizer;
    },
  });
  using run = new Run("test", folder, {}, options.resume ? { earlier: {} } : {});
  try {
    const ledger = new Ledger(folder, run);
    const reporter = new GridReporter({
      ...{ run, kind, cells, target, keep: "none", title: "test", command: "", livePort: false },
      settings: settingColumns,
      furtherSettings: furtherColumns(cells),
      chart: { figure: "train_squared_error", figureTitle: "error", unit: "1" },
      draw: () => Promise.resolve(),
    });
    await trainCells(cells, {
      ...{ machine, run, ledger, ending, memory, nameOf },
      kindOf: () => kind,
      due: new Due(checkpointEvery, ending.signal),
      rule: stopRule({ whenDiverged: stopWhenDiverged, target, flat }),
      replicas: undefined,
      isEstimated: false,
      onRestart: () => reporter.restart(ledger.cells),
      onReport(planned, rows) {
        run.begin();
        reporter.append(planned, rows);
      },
      onProgress: () => {},
      onEnd(planned, trained) {
        options.onEnd?.(planned.map(({ id }) => id));
        reporter.keep({ planned, ...trained, cells: ledger.cells });
      },
      onOpen: () => {},
    });
    if (ending.reason !== undefined) run.stop(ending.reason);
    await linesOnStdout(() =>
      reporter.conclude({ cells: ledger.cells, ending: "stopped", machine })
    );
    const read = (name: string) =>
      run.unsaved.includes(name) ? "" : Deno.readTextFileSync(`${folder}/${name}`);
    const trained = cells.flatMap(({ id }) => ledger.cells.get(id) ?? []);
    const saved = trained.filter(({ id }) => isThere(statePath(folder, id)));
    return {
      outcomes: trained.map((cell) => outcomeOf(cell, "stopped")),
      cells: trained,
      states: await Promise.all(saved.map(({ id }) => readState(statePath(folder, id)))),
      curve: read("curve.csv"),
      summary: withoutTime(read("summary.csv")),
      stopped: run.stopped,
      unsaved: run.unsaved,
    };
  } catch (error) {
    // As recordRun() does with what is refused before it has begun.
    if (error instanceof InputError && !options.resume && !run.hasBegun) run.discard();
    throw error;
  }
}

/** Whatever calls of the run's folder are made to fail. */
async function readState(path: string): Promise<TrainerState> {
  return (await decodeCheckpoint(Deno.readFileSync(path))).state;
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Bytes of the vector of one such network: weights, biases, weights, biases in blocks of eight. */
export const vectorBytes = 4 * (24 * 8 + 8 * 8 + 8 * 24 + 8 * 24);

/** What one such network takes: three vectors, and what its layers hold of a minibatch. */
export async function networkBytes(): Promise<number> {
  using gpu = await openGPU({ operands: "buffers" });
  const train = new Dataset(gpu, new Uint8Array(17), { width: 17 });
  return 3 * vectorBytes + autoencoder({ layers: [17, 5], train }).footprint(batchSize).total;
}
