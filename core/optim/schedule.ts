import { InputError } from "../errors.ts";

/** A setting as a function of the number of updates done so far, evaluated in float64. */
export type Schedule = (step: number) => number;

/** The same value at every step. */
export function constant(value: number): Schedule {
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
  if (!(Number.isInteger(period) && period >= 1)) {
    throw new InputError(`the schedule's period must be a whole number above 0, not ${period}`);
  }
  return (step) => Math.min(1 - 1 / (2 * (Math.floor(step / period) + 1)), cap);
}

/**
 * Nesterov's schedule of 1983 (paper, appendix A.1): mu_t = (a_t - 1) / a_{t+1} with a_0 = 1 and
 * a_{t+1} = (1 + sqrt(4 a_t^2 + 1)) / 2, about 1 - 3/(t + 5); never above `cap`.
 */
export function nesterov1983({ cap = 1 }: { cap?: number } = {}): Schedule {
  const a = [1];
  return (step) => {
    while (a.length < step + 2) a.push((1 + Math.sqrt(4 * a[a.length - 1] ** 2 + 1)) / 2);
    return Math.min((a[step] - 1) / a[step + 1], cap);
  };
}

/**
 * `schedule`, but at most `momentum` for the last `length` of `updates` updates: the low-momentum
 * finish (paper, section 3.1 and Table 2: 1000 updates at 0.9).
 */
export function lowMomentumFinish(
  schedule: Schedule,
  { updates, length, momentum = 0.9 }: { updates: number; length: number; momentum?: number },
): Schedule {
  if (length > updates) {
    throw new InputError(`a finish of ${length} updates is longer than the run of ${updates}`);
  }
  if (length === 0) return schedule; // past its end as well, where the last update takes its lead
  return (step) => step < updates - length ? schedule(step) : Math.min(momentum, schedule(step));
}

/**
 * `momentum` for the first `length` updates, then `schedule` (paper, section 4: 0.9 for the first
 * 1000 updates of a recurrent network, whatever follows).
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
  checkMomentum(momentum);
  return (step) => step < length ? momentum : schedule(step);
}

function checkMomentum(momentum: number): void {
  if (!(momentum >= 0 && momentum < 1)) {
    throw new InputError(`the momentum must be at least 0 and below 1, not ${momentum}`);
  }
}
