import { type Gpu, type Model, type Report, Trainer, type TrainerState } from "../../mod.ts";
import { warnOnce } from "../files/disk.ts";
import { exists, removeIfThere } from "../files/files.ts";
import { isSystemError } from "../terminal/program.ts";
import { versions } from "../files/provenance.ts";
import { saveRequest } from "../terminal/signals.ts";
import { shortestFloat32 } from "../files/tables.ts";
import { type Errors, writeCell } from "./cells.ts";
import type { CellConfiguration } from "../studies/configuration.ts";
import type { PlannedNetwork } from "../studies/grid.ts";
import { reachedMomentum, replicaOf } from "../studies/networks.ts";
import {
  checkpointPath,
  type Findings,
  noFindings,
  readCheckpoint,
  statePath,
  writeCheckpoint,
} from "./round_checkpoint.ts";

/** Networks that are trained side by side. */
export interface Round {
  readonly model: Model;
  readonly networks: readonly PlannedNetwork[];
  /** Where they begin, when that is not at their initial weights. */
  readonly from?: TrainerState;
  /** Updates after which their state is kept, for others to begin there: {@linkcode statePath}. */
  readonly keep?: readonly number[];
}

/** Where a round is trained. */
export interface Place {
  readonly gpu: Gpu;
  /** The adapter, as cells record it. */
  readonly adapter: string;
  /** The folder of results. */
  readonly folder: string;
  readonly interruption: AbortSignal;
}

/** What is told of a round after some of its updates. */
export type Tell = (update: number, best: number) => void;

/** So often an unfinished round is saved, and at the end of an interrupted one. */
const CHECKPOINT_SECONDS = 120;

/** Updates of about this time are trained between two looks at the clock. */
const STRIDE_SECONDS = 20;

/**
 * Trains a round to its end and writes a cell for each network. One that is interrupted leaves a
 * checkpoint, from which the same round goes on.
 */
export async function trainRound(round: Round, place: Place, tell: Tell): Promise<void> {
  const { gpu, folder, adapter, interruption: signal } = place;
  const { networks, keep = [] } = round;
  const path = checkpointPath(folder, networks);
  const saved = exists(path) ? await readCheckpoint(path, adapter) : undefined;
  const findings = saved?.findings ?? noFindings(networks);
  const trainer = await openRound(gpu, saved ? { ...round, from: saved.state } : round);
  const { configuration } = networks[0];
  const clock = new Clock(findings);
  const save = async (path: string) => {
    const state = await trainer.save();
    await writeCheckpoint(
      path,
      { networks: networks.map(({ id }) => id), state, findings },
      adapter,
    );
  };
  let request = saveRequest();
  try {
    while (trainer.update < configuration.updates && findings.divergedAt.includes(null)) {
      const reportAt = nextReport(trainer.update, configuration, keep);
      const stop = Math.min(reportAt, trainer.update + clock.stride);
      const cases = stop === reportAt ? configuration.reportCases : 0;
      const report = await trainTo(trainer, stop, cases, AbortSignal.any([signal, request]));
      clock.rate = report.rate;
      if (report.update === reportAt && cases > 0) {
        tell(report.update, await note(report, trainer, round, findings));
      }
      if (report.update === finishOf(configuration)) {
        findings.beforeFinish = await evaluateAll(trainer, round.model);
      }
      if (keep.includes(report.update)) {
        await save(statePath(folder, networks, report.update));
      }
      if (signal.aborted || request.aborted || clock.isCheckpointDue) {
        request = saveRequest();
        clock.save();
        await saveOrWarn(() => save(path));
      }
      signal.throwIfAborted();
    }
    const final = await evaluateAll(trainer, round.model);
    clock.save();
    final.forEach((errors, r) => {
      if (!areFinite(errors)) findings.divergedAt[r] ??= trainer.update;
    });
    writeCells(round, place, findings, final);
    removeIfThere(path);
  } finally {
    trainer.free();
  }
}

/** What the system refuses does not end the round: it warns once, and the next save tries again. */
async function saveOrWarn(save: () => Promise<void>): Promise<void> {
  try {
    await save();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    warnOnce(
      "checkpoint",
      `a checkpoint could not be written (${error.message}): the round goes on, and one that is ` +
        "ended now begins anew from the checkpoint before it",
    );
  }
}

/** A trainer of the round's networks, where they begin. */
export function openRound(gpu: Gpu, { model, networks, from }: Round): Promise<Trainer> {
  const replicas = networks.map(({ configuration }) => replicaOf(configuration));
  const { batchSize } = networks[0].configuration;
  return Trainer.open(gpu, { model, replicas, batchSize, ...from && { from } });
}

/** The update at which the low-momentum finish begins; undefined where there is none. */
export function finishOf(configuration: CellConfiguration): number | undefined {
  if (configuration.network === "recurrent" || configuration.finish === 0) return undefined;
  return configuration.updates - configuration.finish;
}

/** Cases of an evaluation of all: of fresh training sequences as many as there are test ones. */
export function fullEvaluation({ cases }: Model): { train: number; test: number } {
  return { train: Number.isFinite(cases.train) ? cases.train : cases.test, test: cases.test };
}

/** How long a round took so far, and what is due. */
class Clock {
  rate = 0;
  readonly #findings: Findings;
  #saved_ms = performance.now();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Updates until the next look at the clock. */
  get stride(): number {
    return Math.max(1, Math.floor(this.rate * STRIDE_SECONDS));
  }

  get isCheckpointDue(): boolean {
    return performance.now() - this.#saved_ms >= 1000 * CHECKPOINT_SECONDS;
  }

  /** Adds the time since the last save to the findings. */
  save(): void {
    const now_ms = performance.now();
    this.#findings.seconds += (now_ms - this.#saved_ms) / 1000;
    this.#saved_ms = now_ms;
  }
}

/** Reports come every so many updates, where the finish begins, where a state is kept, and last. */
function nextReport(
  update: number,
  configuration: CellConfiguration,
  keep: readonly number[],
): number {
  const { reportEvery, updates } = configuration;
  const regular = (Math.floor(update / reportEvery) + 1) * reportEvery;
  const marks = [...keep, finishOf(configuration) ?? 0].filter((mark) => mark > update);
  return Math.min(regular, updates, ...marks);
}

async function trainTo(
  trainer: Trainer,
  updates: number,
  evalCases: number,
  signal: AbortSignal,
): Promise<Report> {
  const { value } = await trainer.run({
    updates,
    evalCases: (update) => update === updates ? evalCases : 0,
    signal,
  }).next();
  // Nothing is trained where the signal came before; what was so far can still be saved.
  return value ?? { update: trainer.update, rate: 0, replicas: [] };
}

/** Adds a report to the curves; gives the best error of a network. */
async function note(
  { update, replicas }: Report,
  trainer: Trainer,
  { networks: [{ configuration }] }: Round,
  findings: Findings,
): Promise<number> {
  const test = await trainer.evaluate("test", configuration.reportCases);
  replicas.forEach(({ scalars, trainLoss, figures, divergedAt }, r) => {
    const errors = errorsOf(figures, test[r]);
    findings.divergedAt[r] ??= divergedAt ?? (areFinite(errors) ? null : update);
    if (divergedAt !== undefined) return;
    findings.curves[r].push({
      update,
      momentum: scalars.momentum ?? 0,
      loss: finite(trainLoss),
      ...errors,
    });
  });
  return Math.min(...replicas.map(({ figures }) => errorOf(figures) ?? Infinity));
}

async function evaluateAll(trainer: Trainer, model: Model): Promise<Errors[]> {
  const cases = fullEvaluation(model);
  const test = await trainer.evaluate("test", cases.test);
  const train = await trainer.evaluate("train", cases.train);
  return train.map((figures, r) => errorsOf(figures, test[r]));
}

function writeCells(
  { networks }: Round,
  { folder, adapter }: Place,
  { curves, divergedAt, beforeFinish, seconds }: Findings,
  final: readonly Errors[],
): void {
  const training = {
    adapter,
    nagare: versions.nagare,
    deno: versions.deno,
    finished: new Date().toISOString(),
    replicas: networks.length,
    seconds: Number(seconds.toPrecision(4)),
  };
  networks.forEach(({ id, configuration }, r) => {
    const result = {
      status: divergedAt[r] === null ? "ok" as const : "diverged" as const,
      divergedAt: divergedAt[r],
      reachedMomentum: reachedMomentum(configuration),
      final: final[r],
      beforeFinish: beforeFinish?.[r] ?? null,
      curve: curves[r],
    };
    writeCell(folder, { id, configuration, result, training });
  });
}

type Figures = Readonly<Record<string, number>>;

function errorsOf(train: Figures, test: Figures): Errors {
  return { train: errorOf(train), test: errorOf(test) };
}

function areFinite({ train, test }: Errors): boolean {
  return train !== null && test !== null;
}

/** The figure that the paper reports. */
function errorOf({ squaredError, zeroOneLoss }: Figures): number | null {
  return finite(squaredError ?? zeroOneLoss);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? shortestFloat32(value) : null;
}
