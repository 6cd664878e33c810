import {
  type Gpu,
  GPUMemoryError,
  type Model,
  type Profile,
  type Replica,
  type ReplicaReport,
  replicasThatFit,
  type Split,
  Trainer,
  type TrainerOptions,
} from "../../mod.ts";
import { showProgress } from "./progress.ts";
import type { Run } from "./run_folder.ts";
import { type Setting, settingCells, settingColumns } from "./settings.ts";
import { alignTable, type Cell, shortestFloat32 } from "./tables.ts";

/** A grid of networks to train, and what is kept of them. */
export interface Training {
  gpu: Gpu;
  run: Run;
  problem: string;
  model: Model;
  settings: readonly Setting[];
  replicaOf: (setting: Setting) => Replica;
  batchSize: number;
  updates: number;
  every: number;
  evalCases: number;
  /** The model's figure that is reported, and the name of its columns: squared_error. */
  figure: { name: string; column: string };
  /** The cases on which reports evaluate. Default: train. */
  evalSplit?: Split;
  /** Columns of curve.csv after the momentum. Default: the loss, and the figure. */
  curveColumns?: readonly Column<ReplicaReport>[];
  /** Columns of summary.csv after the updates. Default: the figure, of training and test cases. */
  summaryColumns?: readonly Column<Outcome>[];
  /** What else the trainer is told. */
  trainer?: Pick<TrainerOptions, "clipNorm" | "gradientNorm">;
  /** Bytes that the networks may take, where it is known. */
  memory: number;
  profile: Profile | undefined;
  interruption: AbortSignal;
}

/** A column of a table: its name, and its cell of an entry. */
export interface Column<Entry> {
  readonly name: string;
  cell(entry: Entry): Cell;
}

/** How one network came out. */
export interface Outcome {
  setting: Setting;
  /** Updates it was trained for. */
  updates: number;
  status: "ok" | "diverged" | "interrupted";
  divergedAt: number | undefined;
  /** The figures of the last report, over all cases of its split. */
  figures: Readonly<Record<string, number>>;
  /** The figure that is reported among them: at theta, over all training cases. */
  train: number;
  /** The same over the test cases; undefined where there are none. */
  test: number | undefined;
  /** The lowest figure of a report. */
  best: number;
  updatesPerSecond: number;
  /** The parameters theta. */
  theta: Float32Array<ArrayBuffer>[];
}

/**
 * Trains the grid, as many networks side by side as fit, round after round. Every report adds its
 * rows to curve.csv, every finished network one to summary.csv.
 */
export async function trainGrid(training: Training): Promise<Outcome[]> {
  const { run, settings, updates, figure, interruption } = training;
  const { curveColumns, summaryColumns } = { ...defaultColumns(figure), ...training };
  const curve = run.table("curve.csv", [
    ...settingColumns,
    "update",
    "momentum",
    ...curveColumns.map(({ name }) => name),
  ]);
  const summary = run.table("summary.csv", [
    ...settingColumns,
    "updates",
    ...summaryColumns.map(({ name }) => name),
    "status",
    "diverged_at",
    "updates_per_second",
  ]);
  const first = await openFirstRound(training);
  const { size } = first;
  const rounds = Math.ceil(settings.length / size);
  using progress = showProgress({ total: updates * rounds, unit: "updates" });
  if (rounds > 1) {
    progress.say(`${settings.length} networks, ${size} at a time: ${rounds} rounds`);
  }
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds && !interruption.aborted; round++) {
    const part = settings.slice(round * size, (round + 1) * size);
    const trainer = round === 0 ? first.trainer : await openTrainer(training, part);
    const finished = await trainRound(training, trainer, part, (update, reports) => {
      curve.append(...reports.map((report, r) => ({
        ...settingCells(training.problem, part[r]),
        update,
        momentum: report.momentum,
        ...cellsOf(curveColumns, report),
      } as Parameters<typeof curve.append>[0])));
      progress.report(round * updates + update, {
        loss: Math.min(...finite(reports.map(({ trainLoss }) => trainLoss))).toFixed(3),
        [figure.column]: Math.min(...finite(reports.map(({ figures }) => figures[figure.name])))
          .toFixed(4),
      });
    });
    summary.append(...finished.map((outcome) => ({
      ...settingCells(training.problem, outcome.setting),
      updates: outcome.updates,
      ...cellsOf(summaryColumns, outcome),
      status: outcome.status,
      diverged_at: outcome.divergedAt,
      updates_per_second: Number(outcome.updatesPerSecond.toPrecision(4)),
    } as Parameters<typeof summary.append>[0])));
    outcomes.push(...finished);
  }
  return outcomes;
}

/** What is told of networks whose figure is that of all training cases. */
function defaultColumns({ name, column }: Training["figure"]): {
  curveColumns: readonly Column<ReplicaReport>[];
  summaryColumns: readonly Column<Outcome>[];
} {
  const float = (value: number | undefined) => value === undefined ? value : shortestFloat32(value);
  return {
    curveColumns: [
      { name: "train_loss", cell: ({ trainLoss }) => float(trainLoss) },
      { name: `train_${column}`, cell: ({ figures }) => float(figures[name]) },
    ],
    summaryColumns: [
      { name: `train_${column}`, cell: ({ train }) => float(train) },
      { name: `test_${column}`, cell: ({ test }) => float(test) },
      { name: `best_train_${column}`, cell: ({ best }) => float(best) },
    ],
  };
}

function cellsOf<Entry>(columns: readonly Column<Entry>[], entry: Entry): Record<string, Cell> {
  return Object.fromEntries(columns.map(({ name, cell }) => [name, cell(entry)]));
}

function finite(values: readonly number[]): number[] {
  return values.filter(Number.isFinite);
}

/** Networks a round: as many as the adapter and the memory take. */
function roundSize({ gpu, model, settings, batchSize, memory }: Training): number {
  return Math.min(settings.length, replicasThatFit(gpu, model, { batchSize, budget: memory }));
}

/** Bytes that networks may take: half of what is free where they lie in the machine's memory. */
export function memoryFor(gpu: Gpu): number {
  if (!gpu.isSoftware) return Infinity;
  try {
    return Deno.systemMemoryInfo().available / 2;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return 2 * 2 ** 30;
    throw error;
  }
}

/** The first round's trainer: with half as many networks again and again where memory is short. */
async function openFirstRound(training: Training): Promise<{ size: number; trainer: Trainer }> {
  for (let size = roundSize(training);; size = Math.ceil(size / 2)) {
    try {
      return { size, trainer: await openTrainer(training, training.settings.slice(0, size)) };
    } catch (error) {
      if (!(error instanceof GPUMemoryError) || size === 1) throw error;
    }
  }
}

function openTrainer(training: Training, settings: readonly Setting[]): Promise<Trainer> {
  const { gpu, model, replicaOf, batchSize, profile } = training;
  const replicas = settings.map(replicaOf);
  return Trainer.open(gpu, {
    model,
    replicas,
    batchSize,
    ...training.trainer,
    ...profile && { profile },
  });
}

async function trainRound(
  training: Training,
  trainer: Trainer,
  settings: readonly Setting[],
  report: (update: number, reports: readonly ReplicaReport[]) => void,
): Promise<Outcome[]> {
  const { model, updates, every, evalCases, figure, interruption: signal } = training;
  try {
    const best = settings.map(() => Infinity);
    let reports: readonly ReplicaReport[] = [];
    const start = performance.now();
    const atReport = (update: number) => update === updates ? Infinity : evalCases;
    for await (
      const { update, replicas } of trainer.run({
        updates,
        every,
        evalCases: atReport,
        evalSplit: training.evalSplit ?? "train",
        signal,
      })
    ) {
      reports = replicas;
      replicas.forEach(({ figures }, r) => {
        if (figures[figure.name] < best[r]) best[r] = figures[figure.name];
      });
      report(update, replicas);
      if (replicas.every(({ divergedAt }) => divergedAt !== undefined)) break;
    }
    const updatesPerSecond = trainer.update / ((performance.now() - start) / 1000);
    const finished = trainer.update === updates;
    const isTested = model.cases.test > 0 && training.evalSplit !== "test";
    const test = isTested ? await trainer.evaluate("test") : [];
    return await inOrder(settings, async (setting, r): Promise<Outcome> => {
      const { divergedAt, figures } = reports[r];
      return {
        setting,
        updates: trainer.update,
        status: divergedAt !== undefined ? "diverged" : finished ? "ok" : "interrupted",
        divergedAt,
        figures,
        train: figures[figure.name],
        test: test[r]?.[figure.name],
        best: best[r],
        updatesPerSecond,
        theta: await trainer.theta(r),
      };
    });
  } finally {
    trainer.free();
  }
}

/** Readings of the GPU one after another. */
async function inOrder<T, U>(
  items: readonly T[],
  read: (item: T, i: number) => Promise<U>,
): Promise<U[]> {
  const results: U[] = [];
  for (const [i, item] of items.entries()) results.push(await read(item, i));
  return results;
}

/** Prints a row for each network on stdout, the best first. */
export function printOutcomes(outcomes: readonly Outcome[], figure: string): void {
  const heading = ["optimizer", "mu", "rate", "init", "scale", "seed", `train ${figure}`];
  const rows = outcomes.toSorted((a, b) => (a.train || Infinity) - (b.train || Infinity)).map((
    { setting, train, test, status, divergedAt },
  ) => [
    setting.optimizer,
    setting.mu,
    setting.learningRate,
    setting.init,
    setting.initScale,
    setting.seed,
    train.toFixed(4),
    test?.toFixed(4) ?? "-",
    divergedAt === undefined ? status : `${status} at ${divergedAt}`,
  ]);
  console.log(alignTable([[...heading, `test ${figure}`, "status"], ...rows]));
}

/** Prints GPU time by kernel on stdout, the slowest first. */
export function printProfile({ totals }: Profile): void {
  const all = totals.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  console.log(
    "\n" + alignTable([
      ["kernel", "calls", "GPU ms", "share"],
      ...totals.map(({ kernel, calls, milliseconds }) => [
        kernel,
        calls,
        milliseconds.toFixed(1),
        `${(100 * milliseconds / all).toFixed(1)} %`,
      ]),
    ]),
  );
}
