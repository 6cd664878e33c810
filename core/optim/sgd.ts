import body from "../../shaders/optim/sgd.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { learningRate } from "./settings.ts";

/** Settings of {@linkcode sgd}. */
export interface SGDOptions extends GroupOptions {
  /** eps, above 0. */
  learningRate: SettingValue;
}

/** The family of {@linkcode sgd}: it keeps no state. */
export const sgdFamily: Family = elementwise({
  name: "sgd",
  settings: [learningRate],
  states: {},
  body,
});

/**
 * Stochastic gradient descent: theta' = theta - eps grad f(theta).
 *
 * @throws {InputError} If the learning rate is not above 0.
 *
 * @example
 * ```ts
 * import { sgd } from "../../mod.ts";
 *
 * const optimizer = sgd({ learningRate: (update) => 0.1 / (1 + update / 1000) });
 * console.log(optimizer.name); // sgd
 * ```
 */
export function sgd(options: SGDOptions): Optimizer {
  return optimizerOf(sgdFamily, { ...options });
}
