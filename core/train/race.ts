import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Model } from "../graph/model.ts";
import type { Initializer } from "../init/initializer.ts";
import { checkUpdates } from "../optim/checks.ts";
import type { Optimizer } from "../optim/family.ts";
import {
  constant,
  lowMomentumFinish,
  paperMomentum,
  phases,
  type Schedule,
} from "../optim/schedule.ts";
import {
  checkBox,
  firstOf,
  firstRunners,
  legsOf,
  mostPlaces,
  nextRunners,
  type RaceBox,
  type RaceEntry,
  type RaceLeg,
  rungsOf,
  usualBox,
} from "./race_rules.ts";
import { decodeRace, encodeRace, type RacePlan, type RaceStanding } from "./race_state.ts";
import type { TrainerState } from "./state.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";

/** A rate and a momentum, as `nesterov()` and `classicalMomentum()` take them. */
export interface RateAndMomentum {
  /** eps_t. */
  readonly learningRate: Schedule;
  /** mu_t. */
  readonly momentum: Schedule;
}

/** A race: what is trained, and how its settings are found; see {@linkcode race}. */
export interface RaceOptions
  extends Pick<TrainerOptions, "batchSize" | "clipNorm" | "gradientNorm" | "profile"> {
  /** The network and its data. */
  model: Model;
  /** What is tuned: `nesterov`, `classicalMomentum`, or another that takes a rate and a momentum. */
  optimizer: (settings: RateAndMomentum) => Optimizer;
  /** How the initial weights are drawn: the same ones for all. */
  initializer: Initializer;
  /** Fixes the initial weights, the minibatches and all that the race draws. */
  seed: number;
  /** T, the length of the race and of the run it finds, at least 16. */
  updates: number;
  /** R, the networks side by side. Default: 16. */
  places?: number;
  /**
   * Among which settings it looks. Default: rates from 0.005 to 0.16; caps 0, 0.5, 0.9, 0.97, 0.99,
   * 0.995 and 0.999; periods of T/100 and T/30 updates.
   */
  box?: Partial<RaceBox>;
  /**
   * Whether freed places are taken by branches of those that stay. Without it the race is plain
   * successive halving, for about a sixth of the work. Default: yes.
   */
  refill?: boolean;
  /** F, updates of the finish by which networks are scored. Default: T/40, at least 30. */
  probe?: number;
  /** Updates of the low-momentum finish at the end, at most T/2. Default: T/15. */
  finish?: number;
  /** The figure that is to be least. Default: the model's first. */
  figure?: string;
  /** Training cases, always the same, on which it is taken. Default: 2000. */
  evalCases?: number;
  /** The figure of what predicts the mean, if known: from T/4 on it scores worst. */
  plateau?: number;
  /** Updates between two reports besides those of the rungs. Default: none. */
  every?: number;
  /** Ends the race after the updates under way, with a last report. */
  signal?: AbortSignal;
  /** Where a race with the same options goes on: what {@linkcode RaceReport.save} gave. */
  from?: Uint8Array<ArrayBuffer>;
}

/** How a race stands. */
export interface RaceReport {
  /** Updates done by each network: at a rung one less than it, which comes once it is decided. */
  readonly update: number;
  /** Updates done by all networks together, probes left out. */
  readonly done: number;
  /** The same at the end. */
  readonly total: number;
  /** All networks at all rungs so far, rung by rung, place by place. */
  readonly tree: readonly RaceEntry[];
  /** At the end, unless no network has stayed finite. */
  readonly winner?: RaceWinner;
  /**
   * What the race goes on from, as the file of a checkpoint with texts of your own: to the very bits of
   * one that never stopped. It may be called while the report is with the caller.
   */
  save(metadata?: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>>;
}

/** What a race has found. */
export interface RaceWinner {
  /** Where it ended. */
  readonly place: number;
  /** The figure at the end, over the cases of the race. */
  readonly score: number;
  /** Its setting, written out: which rate, cap and period hold from which update on. */
  readonly legs: readonly RaceLeg[];
  /** The same as what a plain trainer takes, with the finish: it trains to the same bits. */
  readonly optimizer: Optimizer;
}

/**
 * Finds a learning rate and a momentum schedule while it trains: R networks with settings from a box
 * run side by side, from the same weights on the same minibatches. At T/16, T/8, T/4 and T/2 updates
 * each is scored by a short finish at a momentum of at most 0.9, which is thrown away; the better half
 * stays, and the other places take branches of it with a setting changed. All run to T with a
 * low-momentum finish. It costs about 1.1 R T updates of one network.
 *
 * At a branch theta and the velocity are kept; the gradient point follows from the new lead. A network
 * is branched an update before the rung, so that the switch is one that a schedule can say: the winner's
 * setting, trained plainly, has the same bits.
 *
 * @throws {InputError} If an option is out of its range, or `from` is not of this race.
 *
 * @example
 * ```ts
 * import { autoencoder, Dataset, nesterov, openGPU, race, sparse } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
 * const model = autoencoder({ layers: [8, 4, 2], train });
 * const reports = race(gpu, {
 *   ...{ model, optimizer: nesterov, initializer: sparse({ fanIn: 4 }), seed: 1 },
 *   ...{ batchSize: 4, updates: 160, places: 4 },
 * });
 * for await (const { update, winner } of reports) {
 *   console.log(update, winner?.score, winner?.legs); // at 9, 19, 39, 79, and at 160 the winner
 * }
 * ```
 */
export async function* race(gpu: Gpu, options: RaceOptions): AsyncGenerator<RaceReport> {
  const plan = planOf(options);
  const standing = options.from
    ? await decodeRace(options.from, plan, options.model.layout)
    : { tree: [], runners: firstRunners(plan.places, plan.box, plan.seed), state: undefined };
  yield* new Race(gpu, options, plan, standing).run();
}

/** The schedules of a setting that is written out, with a low-momentum finish at the end. */
export function legSchedules(
  legs: readonly RaceLeg[],
  { updates, finish }: { updates: number; finish: number },
): RateAndMomentum {
  const each = (scheduleOf: (leg: RaceLeg) => Schedule) =>
    phases(legs.map((leg) => ({ from: leg.from, value: scheduleOf(leg) })));
  return {
    learningRate: each(({ learningRate }) => constant(learningRate)),
    momentum: lowMomentumFinish(each(paperMomentum), { updates, length: finish }),
  };
}

/** Updates of one network that a race takes, probes included; compare with those of a grid. */
export function raceCost(
  { updates, places = 16, refill = true, probe = usualProbe(updates) }: Pick<
    RaceOptions,
    "updates" | "places" | "refill" | "probe"
  >,
): number {
  const probed = rungsOf(updates).map((_, i) => placesAt(i, places, refill) * (probe + 1));
  return totalOf({ updates, places, refill }) + probed.reduce((sum, count) => sum + count, 0);
}

function usualProbe(updates: number): number {
  return Math.max(30, Math.round(updates / 40));
}

/** The finish of a race that is told none. */
export function usualFinish(updates: number): number {
  return Math.round(updates / 15);
}

/** Networks on their way to rung `i`, counted from 0. */
function placesAt(i: number, places: number, refill: boolean): number {
  return refill ? places : Math.ceil(places / 2 ** i);
}

/** Updates of all networks together, probes left out. */
function totalOf({ updates, places, refill }: Pick<RacePlan, "updates" | "places" | "refill">) {
  return [...rungsOf(updates), updates].reduce(
    (sum, rung, i, all) => sum + placesAt(i, places, refill) * (rung - (all[i - 1] ?? 0)),
    0,
  );
}

/** The options with their defaults; refuses those of which there is no race. */
function planOf(options: RaceOptions): RacePlan {
  const { model, updates, seed, batchSize, places = 16, refill = true, plateau } = options;
  checkUpdates("the length of a race", updates, 1);
  const { probe = usualProbe(updates), finish = usualFinish(updates) } = options;
  if (updates < 16) {
    throw new InputError(`a race has four rungs and at least 16 updates, not ${updates}`);
  }
  if (!(Number.isInteger(places) && places >= 1 && places <= mostPlaces)) {
    throw new InputError(
      `the places of a race must be a whole number from 1 to ${mostPlaces}, not ${places}`,
    );
  }
  checkUpdates("the probe of a race", probe, 1);
  checkUpdates("the finish of a race", finish, 0);
  if (finish > updates / 2) {
    throw new InputError(
      `a finish of ${finish} updates begins before the last rung of a race of ${updates}: it may be ` +
        `0 to ${Math.floor(updates / 2)}`,
    );
  }
  const box = { ...usualBox(updates), ...options.box };
  checkBox(box);
  const { figure = model.figures[0], evalCases = 2000 } = options;
  if (!model.figures.includes(figure)) {
    throw new InputError(
      `the model has no figure "${figure}" to race by, only ${model.figures.join(", ")}`,
    );
  }
  return {
    ...{ updates, places, seed, batchSize, refill, probe, finish, box, figure, evalCases },
    ...plateau !== undefined && { plateau },
    ...options.clipNorm !== undefined && { clipNorm: options.clipNorm },
  };
}

/** A race under way. */
class Race {
  readonly #gpu: Gpu;
  readonly #options: RaceOptions;
  readonly #plan: RacePlan;
  /** Where it stands while no trainer does. */
  #standing: RaceStanding;

  constructor(gpu: Gpu, options: RaceOptions, plan: RacePlan, standing: RaceStanding) {
    this.#gpu = gpu;
    this.#options = options;
    this.#plan = plan;
    this.#standing = standing;
  }

  async *run(): AsyncGenerator<RaceReport> {
    const { updates } = this.#plan;
    for (const at of rungsOf(updates).slice(this.#rung - 1)) {
      if (yield* this.#train(at - 1)) return;
      const scored = await this.#probe(at);
      if (!scored) return yield this.#report();
      const runners = nextRunners(scored, this.#plan);
      const { tree, runners: before, state } = this.#standing;
      this.#standing = {
        tree: [...tree, ...scored],
        runners,
        state: pick(
          state!,
          runners.map(({ parent }) => before.findIndex((b) => b.place === parent)),
        ),
      };
      yield this.#report();
    }
    if (this.#rung === rungsOf(updates).length + 1 && (yield* this.#train(updates))) return;
    yield this.#report(this.#winner());
  }

  /** The one that comes next, from 1; the end is one too. */
  get #rung(): number {
    return (this.#standing.tree.at(-1)?.rung ?? 0) + 1;
  }

  /** Trains all up to an update, the last one included; gives whether it was interrupted before. */
  async *#train(stop: number): AsyncGenerator<RaceReport, boolean> {
    const { updates } = this.#plan, { every, signal } = this.#options;
    const trainer = await this.#open((legs) => this.#optimizerOf(legs));
    try {
      const run = trainer.run({ updates: stop, evalCases: 0, signal, ...every && { every } });
      for await (const { update } of run) {
        if (update < stop && !signal?.aborted) yield this.#report(undefined, trainer);
      }
      const state = await trainer.save();
      this.#standing = { ...this.#standing, state };
      const isInterrupted = trainer.update < stop;
      if (stop === updates && !isInterrupted) {
        const scores = await this.#scores(trainer);
        this.#standing = {
          ...this.#standing,
          tree: [...this.#standing.tree, ...this.#entries(updates, scores, scores)],
        };
      }
      if (isInterrupted) yield this.#report();
      return isInterrupted;
    } finally {
      trainer.free();
    }
  }

  /** The networks at a rung, scored by a short finish; undefined where that was interrupted. */
  async #probe(at: number): Promise<RaceEntry[] | undefined> {
    const { probe, updates, finish } = this.#plan, { signal } = this.#options;
    const trainer = await this.#open((legs) => {
      const { learningRate, momentum } = legSchedules(legs, { updates, finish });
      const low = (step: number) => step < at ? momentum(step) : Math.min(0.9, momentum(step));
      return this.#options.optimizer({ learningRate, momentum: low });
    });
    try {
      const trainTo = async (updates: number) => {
        for await (const _ of trainer.run({ updates, evalCases: 0, signal }));
      };
      await trainTo(at);
      const withoutProbe = await this.#scores(trainer);
      await trainTo(at + probe);
      if (trainer.update < at + probe) return undefined;
      return this.#entries(at, await this.#scores(trainer), withoutProbe);
    } finally {
      trainer.free();
    }
  }

  #entries(update: number, scores: readonly number[], without: readonly number[]): RaceEntry[] {
    return this.#standing.runners.map((runner, r) => ({
      ...{ rung: this.#rung, update, ...runner },
      ...{ score: scores[r], scoreWithoutProbe: without[r] },
    }));
  }

  /** The figure of each network; NaN where something was not finite. */
  async #scores(trainer: Trainer): Promise<number[]> {
    const { figure, evalCases } = this.#plan;
    const figures = await trainer.evaluate("train", Math.min(evalCases, trainer.model.cases.train));
    const diverged = await trainer.divergedAt();
    return figures.map(({ [figure]: error }, r) =>
      diverged[r] === undefined && Number.isFinite(error) ? error : NaN
    );
  }

  /** A trainer of the networks where they stand. */
  #open(optimizerOf: (legs: readonly RaceLeg[]) => Optimizer): Promise<Trainer> {
    const { model, initializer, batchSize, seed, clipNorm, gradientNorm, profile } = this.#options;
    const { tree, runners, state } = this.#standing;
    return Trainer.open(this.#gpu, {
      ...{ model, batchSize },
      ...clipNorm !== undefined && { clipNorm },
      ...gradientNorm !== undefined && { gradientNorm },
      ...profile && { profile },
      ...state && { from: state },
      replicas: runners.map((runner) => ({
        ...{ seed, initializer },
        optimizer: optimizerOf(legsOf(tree, runner, this.#rung)),
      })),
    });
  }

  #optimizerOf(legs: readonly RaceLeg[]): Optimizer {
    return this.#options.optimizer(legSchedules(legs, this.#plan));
  }

  #winner(): RaceWinner | undefined {
    const { tree } = this.#standing;
    const last = tree.filter(({ update }) => update === this.#plan.updates);
    const entry = firstOf(last);
    if (!entry) return undefined;
    const legs = legsOf(tree, entry, entry.rung);
    return { place: entry.place, score: entry.score, legs, optimizer: this.#optimizerOf(legs) };
  }

  #report(winner?: RaceWinner, trainer?: Trainer): RaceReport {
    const { tree, runners, state } = this.#standing, plan = this.#plan;
    const update = trainer?.update ?? state?.update ?? 0;
    const rungs = rungsOf(plan.updates);
    const done = [...rungs, plan.updates].reduce((sum, rung, i) => {
      const since = rungs[i - 1] ?? 0;
      const trained = Math.max(0, Math.min(update, rung) - since);
      return sum + placesAt(i, plan.places, plan.refill) * trained;
    }, 0);
    return {
      ...{ update, done, total: totalOf(plan), tree },
      ...winner && { winner },
      save: async (metadata = {}) =>
        await encodeRace(
          { tree, runners, state: trainer ? await trainer.save() : state! },
          plan,
          metadata,
        ),
    };
  }
}

/** A state of some of its replicas, repeated and in another order. */
function pick(state: TrainerState, from: readonly number[]): TrainerState {
  return { ...state, replicas: from.map((r) => state.replicas[r]) };
}
