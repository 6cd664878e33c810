import {
  GPUFault,
  GPUMemoryError,
  type Model,
  type Replica,
  type Report,
  type Split,
  Trainer,
  type TrainerOptions,
  type TrainerState,
} from "../../mod.ts";
import type { Checkpoints, FoundRound, Standing, Tally } from "./checkpoints.ts";
import type { Ending } from "./ending.ts";
import { describeFault, type Machine, mostReopenings } from "./machine.ts";
import {
  type Column,
  curveColumns,
  type CurvePoint,
  type Outcome,
  rowOf,
  type TableContent,
} from "./outcomes.ts";
import type { Progress } from "../terminal/progress.ts";
import type { Run } from "./run_folder.ts";
import type { Setting } from "./settings.ts";
import type { Table } from "../files/tables.ts";

/** How networks are trained, and what is kept of them. */
export interface Training extends TableContent {
  machine: Machine<Model>;
  run: Run;
  settings: readonly Setting[];
  replicaOf: (setting: Setting) => Replica;
  batchSize: number;
  updates: number;
  every: number;
  evalCases: number;
  /** The cases on which reports evaluate. Default: train. */
  evalSplit?: Split;
  /** What else the trainer is told. */
  trainer?: Pick<TrainerOptions, "clipNorm" | "gradientNorm">;
  /** Whether the run ends at the first report in which a network has diverged. */
  stopWhenDiverged: boolean;
  ending: Ending;
}

/** Networks that are trained side by side, and where an earlier session left them. */
export interface RoundPlan {
  readonly settings: readonly Setting[];
  readonly found: FoundRound | undefined;
}

/** What the rounds of a run share, and which of them this is. */
export interface Place {
  readonly curve: Table<string>;
  readonly checkpoints: Checkpoints;
  readonly progress: Progress;
  /** From 0. */
  readonly number: number;
  readonly rounds: number;
}

/** A round of networks while it is trained: its reports, its checkpoints, and what comes of it. */
export class Round {
  readonly #training: Training;
  readonly #place: Place;
  readonly #settings: readonly Setting[];
  readonly #columns: readonly Column<CurvePoint>[];
  /** Where it goes on after a failure. */
  #saved: Standing & { readonly update: number };
  /** Where it stands. */
  #tallies: Tally[] = [];
  #allDiverged = false;
  /** How long it was trained before it went on here, and when that was. */
  #before_s = 0;
  #start_ms = 0;
  #last: Report | undefined;

  constructor(training: Training, { settings, found }: RoundPlan, place: Place) {
    this.#training = training;
    this.#place = place;
    this.#settings = settings;
    this.#columns = curveColumns(training);
    const tallies = settings.map((): Tally => ({ best: null, lastFinite: null }));
    this.#saved = {
      ...found ?? { update: 0, tallies, seconds: 0, allDiverged: false },
      curveLength: place.curve.length,
    };
  }

  /**
   * Trains to the last update or until the run is to end. Where the GPU fails it is opened anew, and
   * training goes on from the last checkpoint. `opened` is a trainer of the round at its beginning.
   */
  async train(opened?: Trainer): Promise<Outcome[]> {
    for (let trainer: Trainer | undefined = opened;; trainer = undefined) {
      try {
        trainer ??= await openTrainer(this.#training, this.#settings, await this.#state());
        noteStates(this.#training.run, trainer);
        return await this.#follow(trainer);
      } catch (error) {
        if (error instanceof GPUMemoryError) throw this.#tooLarge(error);
        if (!(error instanceof GPUFault)) throw error;
        await this.#recover(error);
      } finally {
        trainer?.free();
      }
    }
  }

  /** The networks where they go on, if that is not the beginning. */
  async #state(): Promise<TrainerState | undefined> {
    const { checkpoints, number } = this.#place;
    return this.#saved.update > 0 ? (await checkpoints.read(number)).state : undefined;
  }

  async #follow(trainer: Trainer): Promise<Outcome[]> {
    const { updates, ending: { signal: ending } } = this.#training;
    const { checkpoints, rounds } = this.#place;
    this.#tallies = this.#saved.tallies.map((tally) => ({ ...tally }));
    this.#allDiverged = this.#saved.allDiverged;
    this.#before_s = this.#saved.seconds;
    this.#start_ms = performance.now();
    while (trainer.update < updates && !this.#allDiverged && !ending.aborted) {
      const report = await this.#advance(trainer);
      const isDue = report !== undefined && this.#isReportDue(report.update);
      if (isDue) this.#record(report);
      if (checkpoints.isDue(trainer.update)) await this.#save(trainer);
      // A run that was never interrupted has no such report, and a checkpoint knows nothing of it. One
      // that ended before the signal came was not evaluated.
      if (report && !isDue && ending.aborted && isEvaluated(report)) this.#record(report);
    }
    const isUnsaved = trainer.update > this.#saved.update;
    if (isUnsaved && checkpoints.isDueAtEnd(rounds)) await this.#save(trainer);
    return await this.#outcomes(trainer);
  }

  /** Trains up to the next report or checkpoint. */
  async #advance(trainer: Trainer): Promise<Report | undefined> {
    const { updates, every, evalSplit = "train", ending } = this.#training;
    const { checkpoints } = this.#place;
    const nextReport = (Math.floor(trainer.update / every) + 1) * every;
    const stop = Math.min(updates, nextReport, checkpoints.after(trainer.update));
    const isEvaluated = (update: number) => this.#isReportDue(update) || ending.signal.aborted;
    const run = trainer.run({
      updates: stop,
      evalCases: (update) => isEvaluated(update) ? this.#casesAt(update) : 0,
      evalSplit,
      signal: checkpoints.pause,
    });
    return (await Array.fromAsync(run)).at(-1);
  }

  #isReportDue(update: number): boolean {
    const { updates, every } = this.#training;
    return update % every === 0 || update === updates;
  }

  /** Cases that a report evaluates: the last one takes all. */
  #casesAt(update: number): number {
    const { updates, evalCases } = this.#training;
    return update === updates ? Infinity : evalCases;
  }

  #record(report: Report): void {
    const { updates, figure: { name, column }, stopWhenDiverged, ending } = this.#training;
    const { curve, progress, number } = this.#place;
    const { update, replicas } = report;
    curve.append(
      ...replicas.map((report, r) =>
        rowOf(this.#columns, { setting: this.#settings[r], update, report })
      ),
    );
    const diverged = replicas.filter(({ figures, divergedAt }, r) => {
      const tally = this.#tallies[r];
      if (divergedAt === undefined && !areFinite(figures)) tally.notFiniteAt ??= update;
      if (figures[name] < (tally.best ?? Infinity)) tally.best = figures[name];
      const hasDiverged = divergedAt !== undefined || tally.notFiniteAt !== undefined;
      if (!hasDiverged) tally.lastFinite = { update, figures };
      return hasDiverged;
    });
    const least = (values: number[]) => Math.min(...values.filter(Number.isFinite));
    progress.report(number * updates + update, {
      loss: least(replicas.map(({ trainLoss }) => trainLoss)).toFixed(3),
      [column]: least(replicas.map(({ figures }) => figures[name])).toFixed(4),
    });
    this.#last = report;
    this.#allDiverged = diverged.length === replicas.length;
    if (stopWhenDiverged && diverged.length > 0) {
      ending.stop(`a network had diverged by update ${update}`);
    }
  }

  async #save(trainer: Trainer): Promise<void> {
    const { checkpoints, number, curve } = this.#place;
    const standing: Standing = {
      tallies: this.#tallies.map((tally) => ({ ...tally })),
      curveLength: curve.length,
      seconds: this.#seconds,
      allDiverged: this.#allDiverged,
    };
    const settings = this.#settings;
    const isSaved = await checkpoints.write(number, trainer, { settings, standing, curve });
    if (isSaved) this.#saved = { ...standing, update: trainer.update };
  }

  get #seconds(): number {
    return this.#before_s + (performance.now() - this.#start_ms) / 1000;
  }

  #tooLarge({ message }: GPUMemoryError): GPUMemoryError {
    const { length } = this.#settings;
    return new GPUMemoryError(
      `${message}: it takes no ${
        length === 1 ? "network" : `round of ${length} networks`
      }; go on ` +
        `with --resume ${this.#training.run.folder} where more is free, or on another adapter`,
    );
  }

  async #recover(failure: GPUFault): Promise<void> {
    const { machine, run } = this.#training;
    const { progress, curve } = this.#place;
    const { update, curveLength } = this.#saved;
    const reason = await describeFault(machine.gpu, failure);
    if (machine.reopenings >= mostReopenings) {
      throw new GPUFault(
        `${reason}; it was opened anew ${mostReopenings} times before: go on with --resume ` +
          `${run.folder} once the GPU works`,
      );
    }
    progress.say(
      `warning: ${reason}; the GPU is opened anew (${machine.reopenings + 1} of at most ` +
        `${mostReopenings} times), and training goes on from update ${update}`,
    );
    await machine.reopen();
    curve.cut(curveLength);
    run.note({ gpuFailures: machine.reopenings });
  }

  async #outcomes(trainer: Trainer): Promise<Outcome[]> {
    const { machine: { model }, updates, evalSplit = "train", figure, ending } = this.#training;
    const { update } = trainer;
    const reported = this.#last?.update === update ? this.#last.replicas : undefined;
    const all = reported?.map(({ figures }) => figures) ??
      await trainer.evaluate(evalSplit, this.#casesAt(update));
    const isTested = model.cases.test > 0 && evalSplit !== "test";
    const test = isTested ? await trainer.evaluate("test") : [];
    const divergences = await trainer.divergedAt();
    const updatesPerSecond = update / this.#seconds;
    const outcomes: Outcome[] = [];
    for (const [r, setting] of this.#settings.entries()) {
      const { best, lastFinite, notFiniteAt } = this.#tallies[r];
      // Parameters and minibatches may be finite where a case of an evaluation overflows.
      const isFinite = areFinite(all[r]) && areFinite(test[r] ?? {});
      const divergedAt = notFiniteAt ?? divergences[r] ?? (isFinite ? undefined : update);
      outcomes.push({
        setting,
        updates: update,
        status: divergedAt !== undefined ? "diverged" : update === updates ? "ok" : ending.status,
        divergedAt,
        figures: all[r],
        error: all[r][figure.name],
        testError: test[r]?.[figure.name],
        best: best ?? undefined,
        lastFinite,
        updatesPerSecond,
        theta: await trainer.theta(r),
      });
    }
    return outcomes;
  }
}

/** Adds to the record what optimizers keep beside each parameter, in bytes. */
function noteStates(run: Run, trainer: Trainer): void {
  const bytes = trainer.replicas.map(({ optimizer: { name } }, r) =>
    [name, trainer.stateBytes(r)] as const
  );
  run.noteWithin("stateBytesPerParameter", Object.fromEntries(bytes));
}

function areFinite(figures: Readonly<Record<string, number>>): boolean {
  return Object.values(figures).every(Number.isFinite);
}

function isEvaluated({ replicas }: Report): boolean {
  return replicas.every(({ figures }) => Object.keys(figures).length > 0);
}

/** The trainer of a round, at its beginning or from where it stands. */
export function openTrainer(
  { machine: { gpu, model, profile }, replicaOf, batchSize, trainer }: Training,
  settings: readonly Setting[],
  from?: TrainerState,
): Promise<Trainer> {
  return Trainer.open(gpu, {
    model,
    replicas: settings.map(replicaOf),
    batchSize,
    ...trainer,
    ...profile && { profile },
    ...from && { from },
  });
}
