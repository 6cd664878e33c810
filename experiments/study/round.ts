import {
  type Model,
  type Optimizer,
  type ReplicaReport,
  type Report,
  type Split,
  Trainer,
  type TrainerState,
} from "../../mod.ts";
import { versions } from "../files/provenance.ts";
import { shortestFloat32 } from "../files/tables.ts";
import { describeAdapter } from "./adapter.ts";
import {
  areFinite,
  type Cell,
  type CellRow,
  type Configuration,
  finishOf,
  kept,
  type Splits,
} from "./cell.ts";
import { type CurvatureFigures, isMeasured, measureCurvature } from "./curvature.ts";
import type { Due } from "./due.ts";
import type { Ending } from "./ending.ts";
import type { Ledger, PlannedCell, Standing } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { NetworkKind } from "./network_kind.ts";
import { toldBy } from "./shipped_optimizers.ts";
import type { StopRule } from "./stop_rule.ts";

/** Networks of one model that are trained side by side, from the same update on. */
export interface Round {
  readonly kind: NetworkKind;
  readonly model: Model;
  readonly cells: readonly PlannedCell[];
  /** Where each goes on; none where all are at their beginning. */
  readonly standings: readonly Standing[] | undefined;
}

/** Where rounds are trained, and who is told of them. */
export interface RoundContext {
  readonly machine: Machine;
  readonly ledger: Ledger;
  readonly due: Due;
  readonly ending: Ending;
  readonly rule: StopRule;
  /** Bytes that networks may take, where it is known. */
  readonly memory: number;
  /** Told of the rows of each report, a row a network. */
  onReport(cells: readonly PlannedCell[], rows: readonly CellRow[]): void;
  /** Told of the networks where a round ends, finished or not. */
  onEnd(
    cells: readonly PlannedCell[],
    trained: {
      readonly model: Model;
      /** The parameters theta of each. */
      readonly thetas: readonly Float32Array<ArrayBuffer>[][];
    },
  ): void;
  /** Told of a trainer before it trains. */
  onOpen(trainer: Trainer): void;
}

/** What is known of a network so far, beside its state. */
interface Findings {
  readonly rows: CellRow[];
  divergedAt: number | null;
  beforeFinish: Splits | null;
}

/** Trains a round until its last update, or until the run is to end. */
export async function trainRound(round: Round, context: RoundContext): Promise<void> {
  const trainer = await openRound(round, context);
  try {
    await new Course(round, context, trainer).follow();
  } finally {
    trainer.free();
  }
}

/** A trainer of the round's networks, where they begin. */
export function openRound(
  { kind, model, cells, standings }: Round,
  { machine: { gpu, profile } }: Pick<RoundContext, "machine">,
): Promise<Trainer> {
  const states = standings?.map(({ state }) => state);
  const from = states && { ...states[0], replicas: states.flatMap(({ replicas }) => replicas) };
  return Trainer.open(gpu, {
    model,
    replicas: cells.map(({ configuration }) => kind.replica(configuration)),
    batchSize: cells[0].configuration.batchSize,
    ...kind.trainer,
    ...profile && { profile },
    ...from && { from, beginStates: true },
  });
}

/** Cases of an evaluation of all: of fresh training sequences as many as there are test ones. */
export function allCases({ cases }: Model): Readonly<Record<Split, number>> {
  return { train: Number.isFinite(cases.train) ? cases.train : cases.test, test: cases.test };
}

/** A round while it is trained: its reports, what is saved, and what comes of it. */
class Course {
  readonly #round: Round;
  readonly #context: RoundContext;
  readonly #trainer: Trainer;
  readonly #configuration: Configuration;
  readonly #findings: readonly Findings[];
  readonly #before_s: number;
  readonly #start_ms = performance.now();

  constructor(round: Round, context: RoundContext, trainer: Trainer) {
    this.#round = round;
    this.#context = context;
    this.#trainer = trainer;
    this.#configuration = round.cells[0].configuration;
    const { standings } = round;
    this.#before_s = Math.max(0, ...standings?.map(({ seconds }) => seconds) ?? []);
    this.#findings = round.cells.map((_, r) => ({
      // Where a shorter run ended, a longer one has no report.
      rows: standings?.[r].rows.filter(({ update }) => this.#nextReport(update - 1) === update) ??
        [],
      divergedAt: standings ? divergenceOf(standings[r]) : null,
      beforeFinish: standings?.[r].beforeFinish ?? null,
    }));
  }

  async follow(): Promise<void> {
    const trainer = this.#trainer, { ending, due, onOpen } = this.#context;
    const { updates } = this.#configuration;
    onOpen(trainer);
    if (this.#findings.some(({ rows }) => rows.length === 0)) await this.#report(undefined);
    while (trainer.update < updates && !this.#isOver && !ending.signal.aborted) {
      await this.#advance();
      if (due.isDue(trainer.update)) await this.#save();
    }
    await this.#end();
  }

  /** Whether nothing more is to be trained: all have diverged, or a rule is met. */
  get #isOver(): boolean {
    return this.#hasAllDiverged || this.#isStopped;
  }

  get #hasAllDiverged(): boolean {
    return this.#findings.every(({ divergedAt }) => divergedAt !== null);
  }

  get #isStopped(): boolean {
    const { rule } = this.#context, { figure: { name } } = this.#round.kind;
    return rule.isMet(this.#findings.map(({ rows }) => rows.map(({ train }) => train[name])));
  }

  /** Trains up to the next report or save. */
  async #advance(): Promise<void> {
    const trainer = this.#trainer, { ledger, due } = this.#context;
    const { reportCases } = this.#configuration;
    const reportAt = this.#nextReport(trainer.update);
    const stop = Math.min(reportAt, due.after(trainer.update));
    const run = trainer.run({
      updates: stop,
      evalCases: (update) => update === reportAt ? reportCases : 0,
      signal: due.pause,
    });
    const report = (await Array.fromAsync(run)).at(-1);
    if (report?.update === reportAt) await this.#report(report);
    const { update } = trainer;
    if (update === finishOf(this.#configuration)) {
      const all = await this.#evaluateAll();
      this.#findings.forEach((findings, r) => findings.beforeFinish = all[r]);
    }
    const keeping = this.#round.cells.flatMap(({ keep }, r) => keep?.includes(update) ? [r] : []);
    if (keeping.length === 0) return;
    const state = await trainer.save();
    for (const r of keeping) await ledger.putState(this.#id(r), stateOf(state, r), update);
  }

  /**
   * Reports come every so many updates, where the curvature is measured, where the finish begins, where
   * a state is kept, and last.
   */
  #nextReport(update: number): number {
    const { reportEvery, curvatureEvery = Infinity, updates } = this.#configuration;
    const regular = [reportEvery, curvatureEvery].map((every) =>
      (Math.floor(update / every) + 1) * every
    );
    const keep = this.#round.cells.flatMap(({ keep = [] }) => keep);
    const marks = [...keep, finishOf(this.#configuration) ?? 0].filter((mark) => mark > update);
    return Math.min(...regular, updates, ...marks);
  }

  /**
   * Adds a row to each network. Before the first update there is no report of the trainer, and a row
   * is added to those alone that have none: others go on beside them.
   */
  async #report(report: Report | undefined): Promise<void> {
    const trainer = this.#trainer, { ending, rule, onReport } = this.#context;
    const { reportCases } = this.#configuration;
    const { update } = trainer;
    const train = report
      ? report.replicas.map(({ figures }) => figures)
      : await trainer.evaluate("train", reportCases);
    const test = await this.#test(reportCases);
    const curvature = await this.#curvature(report);
    const seconds = this.#seconds;
    const told = this.#findings.flatMap(({ rows }, r) => report || rows.length === 0 ? [r] : []);
    const rows = told.map((r): CellRow => {
      const findings = this.#findings[r];
      const replica = report?.replicas[r];
      const row = {
        update,
        momentum: replica ? replica.scalars.momentum ?? 0 : null,
        loss: replica ? shortestFloat32(replica.trainLoss) : null,
        gradientNorm: replica?.gradientNorm === undefined
          ? null
          : shortestFloat32(replica.gradientNorm),
        train: kept(train[r]),
        test: kept(test[r]),
        ...replica && numbersOf(this.#trainer.replicas[r].optimizer, replica),
        ...curvature && { curvature: curvature[r] },
        seconds,
      };
      findings.divergedAt ??= replica?.divergedAt ?? (areFinite(row) ? null : update);
      findings.rows.push(row);
      return row;
    });
    onReport(told.map((r) => this.#round.cells[r]), rows);
    const diverged = this.#findings.some(({ divergedAt }) => divergedAt !== null);
    if (rule.whenDiverged && diverged) ending.stop(`a network had diverged by update ${update}`);
  }

  /** The figures of the test cases; none where there are no such cases. */
  async #test(cases: number): Promise<readonly Readonly<Record<string, number>>[]> {
    if (this.#round.model.cases.test === 0) return this.#round.cells.map(() => ({}));
    return await this.#trainer.evaluate("test", cases);
  }

  /** The figures of the curvature, where it is measured at this update. */
  async #curvature(report: Report | undefined): Promise<CurvatureFigures[] | undefined> {
    const trainer = this.#trainer;
    if (!isMeasured(this.#configuration, trainer.update)) return undefined;
    const configurations = this.#round.cells.map(({ configuration }) => configuration);
    return await measureCurvature(trainer, {
      ...{ configurations, reports: report?.replicas },
      // The networks in training take up to as much as that, which is half of what is free.
      memory: this.#context.memory / 2,
    });
  }

  async #evaluateAll(): Promise<Splits[]> {
    const cases = allCases(this.#round.model);
    const test = await this.#test(cases.test);
    const train = await this.#trainer.evaluate("train", cases.train);
    return train.map((figures, r) => ({ train: kept(figures), test: kept(test[r]) }));
  }

  async #end(): Promise<void> {
    const trainer = this.#trainer, { due, ledger, onEnd } = this.#context, { cells } = this.#round;
    const isStopped = this.#isStopped;
    const isFinished = trainer.update === this.#configuration.updates || this.#isOver;
    const final = isFinished ? await this.#evaluateAll() : undefined;
    final?.forEach((splits, r) => {
      if (!areFinite(splits)) this.#findings[r].divergedAt ??= trainer.update;
    });
    const divergences = await trainer.divergedAt();
    divergences.forEach((at, r) => this.#findings[r].divergedAt ??= at ?? null);
    const status = !isFinished
      ? "unfinished"
      : isStopped && trainer.update < this.#configuration.updates
      ? "stopped"
      : "ok";
    if (due.enabled) await this.#save();
    // A network whose last state could not be written goes on from the one before.
    const isSaved = cells.every(({ id }) => ledger.isSaved(id));
    this.#put(status, final, { write: false });
    const thetas = await Promise.all(cells.map((_, r) => trainer.theta(r)));
    onEnd(cells, { model: this.#round.model, thetas });
    // Last: what a network leaves is not made again once its cell tells of its end.
    if (!due.enabled || isSaved) this.#put(status, final);
  }

  /** Writes the cells, then their states: reports that are newer than a state are made again. */
  async #save(): Promise<void> {
    const { ledger, due } = this.#context;
    const state = await this.#trainer.save();
    due.restart();
    this.#put("unfinished");
    for (const [r] of this.#round.cells.entries()) {
      await ledger.putState(this.#id(r), stateOf(state, r));
    }
  }

  #put(
    status: "ok" | "stopped" | "unfinished",
    final?: readonly Splits[],
    { write = true } = {},
  ): void {
    const { ledger, machine } = this.#context, { cells } = this.#round;
    const training = {
      adapter: describeAdapter(machine.adapter),
      nagare: versions.nagare,
      deno: versions.deno,
      saved: new Date().toISOString(),
      replicas: cells.length,
      seconds: this.#seconds,
    };
    cells.forEach(({ id, configuration }, r) => {
      const { rows, divergedAt, beforeFinish } = this.#findings[r];
      const result: Cell["result"] = {
        updates: this.#trainer.update,
        status: divergedAt !== null && status !== "unfinished" ? "diverged" : status,
        divergedAt,
        final: final?.[r] ?? null,
        beforeFinish,
        curve: [...rows],
      };
      ledger.put({ id, configuration, result, training }, { write });
    });
  }

  get #seconds(): number {
    const seconds = this.#before_s + (performance.now() - this.#start_ms) / 1000;
    return Number(seconds.toPrecision(6));
  }

  #id(r: number): string {
    return this.#round.cells[r].id;
  }
}

/** When something was first not finite, as far as reports have told of it. */
function divergenceOf({ rows, state }: Standing): number | null {
  const report = rows.find((row) => !areFinite(row))?.update ?? Infinity;
  const first = Math.min(report, state.replicas[0].divergedAt ?? Infinity);
  return first <= (rows.at(-1)?.update ?? -1) ? first : null;
}

/** What an optimizer tells of its last update, where it measures numbers. */
function numbersOf({ family }: Optimizer, { scalars }: ReplicaReport): Pick<CellRow, "told"> {
  const names = toldBy(family);
  if (names.length === 0) return {};
  return { told: kept(Object.fromEntries(names.map((name) => [name, scalars[name]]))) };
}

/** The state of one network. */
function stateOf(state: TrainerState, r: number): TrainerState {
  return { ...state, replicas: [state.replicas[r]] };
}
