import { InputError } from "../errors.ts";
import { checkLearningRate, checkSchedule, checkUpdates } from "./checks.ts";
import type { Schedule } from "./schedule.ts";

/** The steps of {@linkcode stepDecay}. */
export interface StepDecayOptions {
  /** eps before the first step down. */
  learningRate: number;
  /** What it is multiplied by at each step: above 0, at most 1. */
  factor: number;
  /** Updates between two steps. */
  every: number;
}

/**
 * The learning rate, multiplied by a factor every n updates: eps factor^floor(t / every). It does not
 * depend on the length of the run.
 *
 * Throws an {@linkcode InputError} for a learning rate that is not above 0, a factor outside (0, 1] or
 * an interval that is no whole number.
 *
 * ```ts
 * import { stepDecay } from "../../mod.ts";
 *
 * const learningRate = stepDecay({ learningRate: 0.1, factor: 0.5, every: 1000 });
 * console.log([0, 999, 1000, 2000].map(learningRate)); // [0.1, 0.1, 0.05, 0.025]
 * ```
 */
export function stepDecay({ learningRate, factor, every }: StepDecayOptions): Schedule {
  checkLearningRate(learningRate);
  if (!(Number.isFinite(factor) && factor > 0 && factor <= 1)) {
    throw new InputError(
      `the factor of a step must be above 0 and at most 1, not ${factor}; choose one such as 0.5`,
    );
  }
  checkUpdates("the interval between two steps", every, 1);
  return (step) => learningRate * factor ** Math.floor(step / every);
}

/** The course of {@linkcode cosine}. */
export interface CosineOptions {
  /** eps at the first update. */
  peak: number;
  /** eps at the end, at least 0 and at most the peak. Default: 0. */
  floor?: number;
  /** T, the length of the run. */
  updates: number;
}

/**
 * Half a cosine from the peak to the floor (Loshchilov and Hutter, "SGDR: stochastic gradient descent
 * with warm restarts", 2016, without the restarts):
 *
 * eps_t = floor + (peak - floor) (1 + cos(pi t / T)) / 2
 *
 * From T on it is the floor.
 *
 * Throws an {@linkcode InputError} for a peak that is not above 0, a floor outside [0, peak] or a run
 * of no updates.
 *
 * ```ts
 * import { cosine } from "../../mod.ts";
 *
 * const learningRate = cosine({ peak: 0.1, updates: 1000 });
 * console.log([0, 500, 1000].map(learningRate)); // 0.1, 0.05 and 0
 * ```
 */
export function cosine({ peak, floor = 0, updates }: CosineOptions): Schedule {
  checkLearningRate(peak, "the peak of the learning rate");
  if (!(Number.isFinite(floor) && floor >= 0 && floor <= peak)) {
    throw new InputError(
      `the floor of the learning rate must be from 0 to its peak of ${peak}, not ${floor}; leave ` +
        `it out for 0`,
    );
  }
  checkUpdates("the length of the run", updates, 1);
  return (step) => {
    const share = (1 + Math.cos(Math.PI * Math.min(step, updates) / updates)) / 2;
    return share * peak + (1 - share) * floor; // exact at both ends
  };
}

/**
 * `schedule` times (t + 1) / length for the first `length` updates: linear from 1/length of it to all
 * of it, then the schedule itself. A length of 0 or 1 changes nothing.
 *
 * Throws an {@linkcode InputError} for a length that is no whole number.
 *
 * ```ts
 * import { constant, linearWarmUp } from "../../mod.ts";
 *
 * const learningRate = linearWarmUp(constant(0.1), { length: 4 });
 * console.log([0, 1, 3, 4].map(learningRate)); // [0.025, 0.05, 0.1, 0.1]
 * ```
 */
export function linearWarmUp(schedule: Schedule, { length }: { length: number }): Schedule {
  checkSchedule(schedule);
  checkUpdates("the length of the warm-up", length, 0);
  return (step) => step < length ? schedule(step) * ((step + 1) / length) : schedule(step);
}
