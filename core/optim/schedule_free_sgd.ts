import body from "../../shaders/optim/schedule_free_sgd.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { optimizerOf } from "./optimizer.ts";
import {
  averaging,
  type AveragingOptions,
  averagingScalars,
  averagingSettings,
} from "./schedule_free.ts";
import { learningRate, weightDecay, withDefault } from "./settings.ts";

/** Settings of {@linkcode scheduleFreeSGD}. */
export interface ScheduleFreeSGDOptions extends AveragingOptions {
  /** lr, above 0; 10 to 50 times that of SGD. Default: 1. */
  learningRate?: SettingValue;
}

/** The family of {@linkcode scheduleFreeSGD}. */
export const scheduleFreeSGDFamily: Family = elementwise({
  name: "schedule-free-sgd",
  settings: [withDefault(learningRate, 1), ...averagingSettings, weightDecay(0)],
  states: { base: "parameters" },
  scalars: averagingScalars,
  ...averaging,
  body,
});

/**
 * Schedule-free SGD (Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky, "The Road Less
 * Scheduled", 2024), with three sequences that start alike, z, its average x and the gradient point
 * y: h = g(y) + wd y, z' = z - gamma_t h, x' = (1 - c_t) x + c_t z', y' = beta x' + (1 - beta) z',
 * where gamma_t = lr min(1, t / warmUp), w_t = t^r (the largest gamma so far)^2 and
 * c_t = w_t / (w_1 + ... + w_t).
 *
 * Kept are y, as the parameters, and z; theta is x = y + (1 - 1 / beta) (z - y). The rate counts 10
 * to 50 times that of SGD, a warm-up is advised, and beta (`momentum`) is 0.9, for longer runs 0.95
 * or 0.98. What is known to go wrong: a schedule of the rate or a finish of low momentum on top,
 * whose place the average takes. Statistics of a network (batch norm) are those of y while training;
 * at x, where the engine evaluates, it takes them anew over 10 minibatches. Biases do not decay.
 * Settings that change are evaluated once past the last update.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { scheduleFreeSGD } from "../../mod.ts";
 *
 * const optimizer = scheduleFreeSGD({ learningRate: 0.5, warmUp: 100 });
 * console.log(optimizer.settings.momentum); // 0.9
 * ```
 */
export function scheduleFreeSGD(options: ScheduleFreeSGDOptions = {}): Optimizer {
  return optimizerOf(scheduleFreeSGDFamily, { ...options });
}
