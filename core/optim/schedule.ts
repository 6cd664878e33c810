import { InputError } from "../errors.ts";
import { checkLearningRate, checkMomentum, checkSchedule, checkUpdates } from "./checks.ts";

/** A setting as a function of the number of updates done so far, evaluated in float64. */
export type Schedule = (step: number) => number;

/**
 * The same value at every step.
 *
 * Throws an {@linkcode InputError} for a value that is no finite number.
 */
export function constant(value: number): Schedule {
  if (!Number.isFinite(value)) {
    throw new InputError(
      `a constant must be a finite number, not ${value}; give the learning rate or the momentum`,
    );
  }
  return () => value;
}

/** How the paper's momentum schedule grows; see {@linkcode paperMomentum}. */
export interface PaperMomentumOptions {
  /** mu_max, at least 0 and below 1. */
  cap: number;
  /** Updates between two rises of mu; 250 in the paper. A smaller one compresses the schedule. */
  period?: number;
}

/**
 * The paper's momentum schedule (section 3, equation 5):
 *
 * mu_t = min(1 - 2^(-1 - log2(floor(t / period) + 1)), cap)
 *
 * Throws an {@linkcode InputError} for a cap outside [0, 1) or a period below 1.
 *
 * ```ts
 * import { paperMomentum } from "../../mod.ts";
 *
 * const momentum = paperMomentum({ cap: 0.99 });
 * console.log([0, 250, 1000, 12250].map(momentum)); // [0.5, 0.75, 0.9, 0.99]
 * ```
 */
export function paperMomentum({ cap, period = 250 }: PaperMomentumOptions): Schedule {
  checkMomentum(cap);
  checkUpdates("the schedule's period", period, 1);
  return (step) => Math.min(1 - 1 / (2 * (Math.floor(step / period) + 1)), cap);
}

/**
 * Nesterov's schedule of 1983 (paper, appendix A.1): mu_t = (a_t - 1) / a_{t+1} with a_0 = 1 and
 * a_{t+1} = (1 + sqrt(4 a_t^2 + 1)) / 2, about 1 - 3/(t + 5); never above `cap`, by default 1, which
 * it never reaches.
 *
 * Throws an {@linkcode InputError} for a cap outside [0, 1].
 */
export function nesterov1983({ cap = 1 }: { cap?: number } = {}): Schedule {
  if (!(Number.isFinite(cap) && cap >= 0 && cap <= 1)) {
    throw new InputError(
      `the cap of the momentum must be from 0 to 1, not ${cap}; choose one such as 0.99`,
    );
  }
  const a = [1];
  return (step) => {
    while (a.length < step + 2) a.push((1 + Math.sqrt(4 * a[a.length - 1] ** 2 + 1)) / 2);
    return Math.min((a[step] - 1) / a[step + 1], cap);
  };
}

/**
 * `schedule`, but at most `momentum` for the last `length` of `updates` updates: the low-momentum
 * finish (paper, section 3.1 and Table 2: 1000 updates at 0.9). It stays there past the end.
 *
 * Throws an {@linkcode InputError} for numbers of updates that are not whole, a finish longer than
 * the run or a momentum outside [0, 1).
 */
export function lowMomentumFinish(
  schedule: Schedule,
  { updates, length, momentum = 0.9 }: { updates: number; length: number; momentum?: number },
): Schedule {
  checkSchedule(schedule);
  checkUpdates("the length of the run", updates, 1);
  checkUpdates("the length of the finish", length, 0);
  checkMomentum(momentum);
  if (length > updates) {
    throw new InputError(
      `a finish of ${length} updates is longer than the run of ${updates}: it may be 0 to ${updates}`,
    );
  }
  if (length === 0) return schedule; // past its end as well, where the last update takes its lead
  return (step) => step < updates - length ? schedule(step) : Math.min(momentum, schedule(step));
}

/**
 * `momentum` for the first `length` updates, then `schedule` (paper, section 4: 0.9 for the first
 * 1000 updates of a recurrent network, whatever follows).
 *
 * Throws an {@linkcode InputError} for a length that is no whole number or a momentum outside [0, 1).
 *
 * ```ts
 * import { constant, warmUp } from "../../mod.ts";
 *
 * const momentum = warmUp(constant(0.98), { length: 1000, momentum: 0.9 });
 * console.log([0, 999, 1000].map(momentum)); // [0.9, 0.9, 0.98]
 * ```
 */
export function warmUp(
  schedule: Schedule,
  { length, momentum }: { length: number; momentum: number },
): Schedule {
  checkSchedule(schedule);
  checkUpdates("the length of the warm-up", length, 0);
  checkMomentum(momentum);
  return (step) => step < length ? momentum : schedule(step);
}

/** A part of the course of a setting; see {@linkcode phases}. */
export interface Phase {
  /** The number of updates done with which it begins. */
  readonly from: number;
  /** What the setting is from then on; a schedule counts the updates of all phases. */
  readonly value: number | Schedule;
}

/**
 * A setting that changes from phase to phase, such as those of a published run of Hessian-free
 * optimization: each phase lasts until the next one begins, the last one for good.
 *
 * Throws an {@linkcode InputError} where the first phase does not begin at 0, the others are not in
 * order, or a value is no finite number.
 *
 * ```ts
 * import { hessianFreeDagger, phases } from "../../mod.ts";
 *
 * const stepSize = phases([
 *   { from: 0, value: 1 },
 *   { from: 5000, value: (update) => 500 / (update - 4000) },
 *   { from: 10_000, value: 1 },
 * ]);
 * console.log([0, 5000, 9000, 10_000].map(stepSize)); // [1, 0.5, 0.1, 1]
 * const optimizer = hessianFreeDagger({ stepSize });
 * ```
 */
export function phases(list: readonly Phase[]): Schedule {
  const starts = list.map(({ from }) => from);
  for (const from of starts) checkUpdates("the start of a phase", from, 0);
  if (starts[0] !== 0 || starts.some((from, i) => i > 0 && from <= starts[i - 1])) {
    throw new InputError(
      `phases must begin at update 0 and go on in order, not at ${starts.join(", ") || "none"}: ` +
        "give each a later start than the one before",
    );
  }
  const values = list.map(({ value }) => typeof value === "number" ? constant(value) : value);
  return (step) => values[starts.findLastIndex((from) => from <= step)](step);
}

/** The course of {@linkcode demon}. */
export interface DemonOptions {
  /** mu before the decay, at least 0 and below 1. */
  momentum: number;
  /** T, the length of the run. */
  updates: number;
  /** The update at which the decay begins; before it the momentum is mu. Default: 0. */
  start?: number;
}

/**
 * Demon, decaying momentum (Chen, Wolfe, Li and Kyrillidis, "Demon: improved neural network training
 * with momentum decay", 2019):
 *
 * mu_t = mu q / ((1 - mu) + mu q), q = 1 - (t - start) / (T - start)
 *
 * With it mu_t / (1 - mu_t), the weight of a gradient in all later updates, falls linearly from
 * mu / (1 - mu) at `start` to 0 at T. From T on it is 0.
 *
 * Throws an {@linkcode InputError} for a momentum outside [0, 1), a run of no updates, or a start
 * that is not within it.
 *
 * ```ts
 * import { demon } from "../../mod.ts";
 *
 * const momentum = demon({ momentum: 0.9, updates: 1000 });
 * console.log([0, 500, 900, 1000].map(momentum)); // 0.9, 0.818, 0.474, 0
 * ```
 */
export function demon({ momentum, updates, start = 0 }: DemonOptions): Schedule {
  checkMomentum(momentum);
  checkUpdates("the length of the run", updates, 1);
  checkUpdates("the start of the decay", start, 0);
  if (start >= updates) {
    throw new InputError(
      `a decay from update ${start} on is not within a run of ${updates}: it may begin at 0 to ` +
        `${updates - 1}`,
    );
  }
  return (step) => {
    if (step <= start) return momentum;
    const left = 1 - (Math.min(step, updates) - start) / (updates - start);
    return momentum * left / ((1 - momentum) + momentum * left);
  };
}

/** What {@linkcode flatMomentum} depends on. */
export interface FlatMomentumOptions {
  /** eps, constant within the run. */
  learningRate: number;
  /** T, the length of the run. */
  updates: number;
  /** Whose constant C is taken: that of NAG is 0.14, that of CM 0.3. */
  optimizer: "nag" | "cm";
  /** C, in place of the optimizer's. */
  factor?: number;
}

/** C of {@linkcode flatMomentum}, fitted on one network. */
const flatFactors = { nag: 0.14, cm: 0.3 };

/**
 * A whole momentum schedule from the learning rate and the length of the run, without tuning: the
 * flat rule. The cap is 1 - C eps^(2/3); up to it the paper's schedule rises, with a period of T/80
 * updates (at least 1), and the last T/15 updates are a low-momentum finish at 0.9. Both are rounded
 * to whole updates. See {@linkcode paperMomentum} and {@linkcode lowMomentumFinish}.
 *
 * That 1 - mu goes with eps^(2/3) is from Cowsik, Can and Glorioso, "Flatter, faster: scaling momentum
 * for optimal speedup of SGD" (2022): the fastest scaling that keeps the flat minima. C, the period and
 * the finish are a hypothesis. They were fitted on one network, an autoencoder of Curves, and are not
 * known to suit another.
 *
 * Throws an {@linkcode InputError} for a learning rate or a factor that is not above 0 or whose cap is
 * outside [0, 1), a run of no updates, and another optimizer.
 *
 * ```ts
 * import { flatMomentum } from "../../mod.ts";
 *
 * const momentum = flatMomentum({ learningRate: 0.01, updates: 2000, optimizer: "nag" });
 * console.log([0, 25, 1860, 1999].map(momentum)); // 0.5, 0.75, 0.99333, 0.9
 * ```
 */
export function flatMomentum(options: FlatMomentumOptions): Schedule {
  const { learningRate, updates, optimizer } = options;
  if (!Object.hasOwn(flatFactors, optimizer)) {
    throw new InputError(
      `the flat rule is for the optimizers nag and cm, not ${optimizer}: choose one, or the one ` +
        `whose momentum yours has`,
    );
  }
  const { factor = flatFactors[optimizer] } = options;
  checkLearningRate(learningRate);
  checkUpdates("the length of the run", updates, 1);
  if (!(Number.isFinite(factor) && factor > 0)) {
    throw new InputError(
      `the factor of the flat rule must be a finite number above 0, not ${factor}; leave it out ` +
        `for ${flatFactors[optimizer]}`,
    );
  }
  const cap = 1 - factor * Math.cbrt(learningRate) ** 2;
  if (!(cap >= 0 && cap < 1)) {
    throw new InputError(
      `a learning rate of ${learningRate} has the cap ${cap} by the flat rule, which must be at ` +
        `least 0 and below 1: choose a rate from 1e-9 to about ${(factor ** -1.5).toPrecision(2)}`,
    );
  }
  return lowMomentumFinish(
    paperMomentum({ cap, period: Math.max(1, Math.round(updates / 80)) }),
    { updates, length: Math.round(updates / 15) },
  );
}
