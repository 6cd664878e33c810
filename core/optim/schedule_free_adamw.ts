import body from "../../shaders/optim/schedule_free_adamw.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { optimizerOf } from "./optimizer.ts";
import {
  averaging,
  type AveragingOptions,
  averagingScalars,
  averagingSettings,
} from "./schedule_free.ts";
import { beta, epsilon, learningRate, weightDecay, withDefault } from "./settings.ts";

/** Settings of {@linkcode scheduleFreeAdamW}. */
export interface ScheduleFreeAdamWOptions extends AveragingOptions {
  /** lr, above 0. Default: 0.0025. */
  learningRate?: SettingValue;
  /** b2, of the mean square, at least 0 and below 1. Default: 0.999. */
  beta2?: SettingValue;
  /** Outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
}

/** The family of {@linkcode scheduleFreeAdamW}. */
export const scheduleFreeAdamWFamily: Family = elementwise({
  name: "schedule-free-adamw",
  settings: [
    withDefault(learningRate, 2.5e-3),
    ...averagingSettings,
    beta("beta2", "square", 0.999),
    epsilon,
    weightDecay(0),
  ],
  states: { base: "parameters", square: "zeros" },
  scalars: [...averagingScalars, "beta2", "rest2", "square_correction", "epsilon"],
  ...averaging,
  running: { ...averaging.running, square_left: 1 },
  compute: (now, next, running, update) => {
    const { beta2, epsilon } = now;
    const average = averaging.compute(now, next, running, update);
    const square_left = running.square_left * beta2;
    return {
      scalars: {
        ...average.scalars,
        beta2,
        rest2: 1 - beta2,
        square_correction: 1 / (1 - square_left),
        epsilon,
      },
      running: { ...average.running, square_left },
    };
  },
  body,
});

/**
 * Schedule-free AdamW (Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky, "The Road Less
 * Scheduled", 2024): the sequences of {@linkcode scheduleFreeSGD} with n' = b2 n + (1 - b2) g(y)^2
 * and h = g(y) / (sqrt(n' / (1 - b2^t)) + eps) + wd y.
 *
 * beta (`momentum`) takes the place of b1: 0.9, for longer runs 0.95 or 0.98. The rate may be 1 to 10
 * times that of AdamW, and a warm-up is advised. As there, no schedule and no finish belong on top,
 * and statistics of a network (batch norm) are taken anew at x. Biases do not decay. Settings that
 * change are evaluated once past the last update.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { scheduleFreeAdamW } from "../../mod.ts";
 *
 * const optimizer = scheduleFreeAdamW({ learningRate: 0.01, warmUp: 100, weightDecay: 0.01 });
 * console.log(optimizer.settings.beta2); // 0.999
 * ```
 */
export function scheduleFreeAdamW(options: ScheduleFreeAdamWOptions = {}): Optimizer {
  return optimizerOf(scheduleFreeAdamWFamily, { ...options });
}
