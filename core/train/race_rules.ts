// What a race decides: with which settings it begins, who stays at a rung and what takes the other
// places, who wins. Nothing here trains.

import { InputError } from "../errors.ts";
import { checkMomentum, checkUpdates } from "../optim/checks.ts";
import { paperMomentum } from "../optim/schedule.ts";
import { Purpose, RandomStream } from "../random.ts";

/** What the replicas of a race differ in. */
export interface RaceSetting {
  /** eps. */
  readonly learningRate: number;
  /** mu_max of the paper's schedule. */
  readonly cap: number;
  /** Updates between two rises of the schedule. */
  readonly period: number;
}

/** The settings among which a race looks. */
export interface RaceBox {
  /** The least learning rate, above 0, and the highest. */
  readonly learningRate: readonly [number, number];
  /** Caps, ascending. */
  readonly caps: readonly number[];
  /** Periods, ascending. */
  readonly periods: readonly number[];
}

/** A replica on its way to the next rung. */
export interface Runner {
  /** Which of the places it has, from 0. */
  readonly place: number;
  /** The place whose state it went on from; null before the first rung. */
  readonly parent: number | null;
  /** The place at which its first ancestor began. */
  readonly lineage: number;
  /** With what it is trained up to the rung. */
  readonly setting: RaceSetting;
}

/** A replica at a rung; the last rung is the end. */
export interface RaceEntry extends Runner {
  /** From 1. */
  readonly rung: number;
  /** Updates done at the rung. */
  readonly update: number;
  /** The error after a short finish, NaN where something was not finite. */
  readonly score: number;
  /** The error at the rung itself. */
  readonly scoreWithoutProbe: number;
}

/** A setting, and the update from which on it holds. */
export interface RaceLeg extends RaceSetting {
  /** In updates from the start. */
  readonly from: number;
}

/** 1 - mu_max is 1, 0.5, 0.1, 0.03, 0.01, 0.005 or 0.001. */
const usualCaps = [0, 0.5, 0.9, 0.97, 0.99, 0.995, 0.999];

/** The box of a race that is told none. */
export function usualBox(updates: number): RaceBox {
  const periods = [100, 30].map((share) => Math.max(1, Math.round(updates / share)));
  return {
    learningRate: [0.005, 0.16],
    caps: usualCaps,
    periods: [...new Set(periods)],
  };
}

/** Refuses a box without a setting, or with one that is none. */
export function checkBox({ learningRate: [least, most], caps, periods }: RaceBox): void {
  if (!(Number.isFinite(most) && least > 0 && most >= least)) {
    throw new InputError(
      `the learning rates of a race are a least one above 0 and a highest one, not ${least} and ` +
        `${most}: give two such as 0.005 and 0.16`,
    );
  }
  caps.forEach(checkMomentum);
  for (const period of periods) checkUpdates("the period of a race's schedule", period, 1);
  for (const [what, list] of [["caps", caps], ["periods", periods]] as const) {
    const isAscending = list.every((value, i) => i === 0 || value > list[i - 1]);
    if (list.length > 0 && isAscending) continue;
    throw new InputError(
      `the ${what} of a race are one or more, each once, ascending, not ${
        list.join(", ") || "none"
      }`,
    );
  }
}

/** The updates at which a race decides: T/16, T/8, T/4 and T/2. */
export function rungsOf(updates: number): number[] {
  return [16, 8, 4, 2].map((share) => Math.round(updates / share));
}

/**
 * The first settings: a Latin hypercube over the logarithm of the rate, the caps and the periods, so
 * that each of `places` equal parts of an axis has one.
 */
export function firstRunners(places: number, box: RaceBox, seed: number): Runner[] {
  const orders = streamOf(seed, 0, mostPlaces);
  const [rates, caps, periods] = [0, 1, 2].map(() => orders.sample(places, places));
  const [least, most] = box.learningRate;
  const at = <T>(list: readonly T[], share: number) => list[Math.floor(share * list.length)];
  return rates.map((rate, place) => {
    const within = streamOf(seed, 0, place);
    const share = (part: number) => (part + within.uniform()) / places;
    const learningRate = Number((least * (most / least) ** share(rate)).toPrecision(4));
    const setting = {
      learningRate: Math.min(most, Math.max(least, learningRate)),
      cap: at(box.caps, share(caps[place])),
      period: at(box.periods, share(periods[place])),
    };
    return { place, parent: null, lineage: place, setting };
  });
}

/** More could not be told apart by the keys of their draws. */
export const mostPlaces = 2 ** 20 - 1;

/** Numbers of a rung and a place. */
function streamOf(seed: number, rung: number, place: number): RandomStream {
  return new RandomStream(seed, Purpose.race, rung * 2 ** 20 + place);
}

/** What a race decides by, besides scores. */
export interface RaceRules {
  readonly seed: number;
  readonly box: RaceBox;
  /** Whether freed places are taken by branches of those that stay. */
  readonly refill: boolean;
  /** The error of predicting the mean: from T/4 on it counts as the worst. */
  readonly plateau?: number | undefined;
}

/**
 * Who goes on from a rung: the better half where it is, and in each other place a branch of one of
 * them, the best first, round and round, with one change of its setting. Without refilling the better
 * half alone.
 */
export function nextRunners(entries: readonly RaceEntry[], rules: RaceRules): Runner[] {
  const staying = stayingOf(entries, rules);
  const runners = staying.map((entry) => goingOn(entry, entry.place, entry.setting));
  if (rules.refill) {
    const free = entries.filter((entry) => !staying.includes(entry));
    free.forEach(({ place }, i) => {
      const parent = staying[i % staying.length];
      const siblings = runners.filter((runner) => runner.parent === parent.place);
      const setting = changed(parent, place, siblings.map(({ setting }) => setting), rules);
      runners.push(goingOn(parent, place, setting));
    });
  }
  return runners.toSorted((a, b) => a.place - b.place);
}

function goingOn({ place: parent, lineage }: RaceEntry, place: number, setting: RaceSetting) {
  return { place, parent, lineage, setting };
}

/** The better half, the best first; of those that are worst nobody, unless all are. */
function stayingOf(entries: readonly RaceEntry[], rules: RaceRules): readonly RaceEntry[] {
  const half = Math.ceil(entries.length / 2);
  const ranked = rankedOf(entries, rules);
  if (ranked.length === 0) return rules.refill ? entries : entries.slice(0, half);
  const staying = ranked.slice(0, half);
  if (!rules.refill) return staying;
  // A short finish may mislead: who looks best may break down, and its relatives with it.
  const isOneLineage = staying.every(({ lineage }) => lineage === staying[0].lineage);
  const other = ranked.find(({ lineage }) => lineage !== staying[0].lineage);
  if (isOneLineage && other) staying.splice(Math.max(1, half - 1), 1, other);
  return staying;
}

/** Those that are not worst, the best first; ties go to the lower place. */
function rankedOf(
  entries: readonly RaceEntry[],
  { plateau = Infinity }: Pick<RaceRules, "plateau">,
): RaceEntry[] {
  return entries
    .filter(({ score, rung }) => Number.isFinite(score) && (rung < 3 || score < plateau))
    .toSorted((a, b) => a.score - b.score || a.place - b.place);
}

/** Who has won, of those at the end; undefined where nobody stayed finite. */
export function firstOf(entries: readonly RaceEntry[]): RaceEntry | undefined {
  return rankedOf(entries, {})[0];
}

/**
 * The setting of a branch: its parent's with one change, drawn by seed, rung and place. In half of the
 * draws the rate is doubled or halved, else the cap or the period goes a step up or down its list.
 * A change that leaves the box, that makes no difference yet, as the schedule is still below both caps,
 * or that a sibling has gives way to a change of the rate, and that to any other.
 */
function changed(
  { setting, rung, update }: RaceEntry,
  place: number,
  taken: readonly RaceSetting[],
  { box, seed }: RaceRules,
): RaceSetting {
  const { learningRate: [least, most], caps, periods } = box;
  const draw = streamOf(seed, rung, place);
  const kind = draw.uniform(), way = draw.uniform() < 0.5 ? 1 : -1;
  const rates = [way, -way].map((way) => ({
    ...setting,
    learningRate: setting.learningRate * 2 ** way,
  }));
  const ways = (name: "cap" | "period", list: readonly number[]) =>
    [way, -way].map((way) => ({ ...setting, [name]: list[list.indexOf(setting[name]) + way] }));
  const [cap, period] = [ways("cap", caps), ways("period", periods)];
  const momentum = (setting: RaceSetting) => paperMomentum(setting)(update);
  const isIn = ({ learningRate, cap, period }: RaceSetting) =>
    learningRate >= least && learningRate <= most && cap !== undefined && period !== undefined;
  const isTwin = (other: RaceSetting) =>
    other.learningRate === setting.learningRate && momentum(other) === momentum(setting);
  const isTaken = (other: RaceSetting) => taken.some((one) => areSame(one, other));
  const drawn = kind < 0.5 ? rates : kind < 0.75 ? cap : period;
  return [drawn[0], ...rates, ...drawn, ...cap, ...period]
    .find((other) => isIn(other) && !isTwin(other) && !isTaken(other)) ?? setting;
}

/**
 * With what the replica on its way to rung `rung` is trained from the start: a leg where something
 * changes.
 */
export function legsOf(
  tree: readonly RaceEntry[],
  { setting, parent }: Runner,
  rung: number,
): RaceLeg[] {
  const entry = tree.find((entry) => entry.rung === rung - 1 && entry.place === parent);
  if (!entry) return [{ from: 0, ...setting }];
  const before = legsOf(tree, entry, rung - 1), last = before[before.length - 1];
  return areSame(last, setting) ? before : [...before, { from: entry.update, ...setting }];
}

function areSame(a: RaceSetting, b: RaceSetting): boolean {
  return a.learningRate === b.learningRate && a.cap === b.cap && a.period === b.period;
}
