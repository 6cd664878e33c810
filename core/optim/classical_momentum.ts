import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer } from "./family.ts";
import { linearBody, linearScalars, type MomentumOptions } from "./nesterov.ts";
import { optimizerOf } from "./optimizer.ts";
import { learningRate, momentum } from "./settings.ts";

/** The family of {@linkcode classicalMomentum}. */
export const classicalMomentumFamily: Family = elementwise({
  name: "cm",
  settings: [learningRate, momentum],
  states: { velocity: "zeros" },
  scalars: linearScalars,
  compute: (now) => ({
    scalars: {
      learning_rate: now.learningRate,
      momentum: now.momentum,
      lead: 0,
      next_lead: 0,
    },
    running: {},
  }),
  body: linearBody,
});

/**
 * Classical momentum (paper, equations 1 and 2): v' = mu v - eps grad f(theta),
 * theta' = theta + v'.
 *
 * @throws {InputError} If the learning rate is not above 0 or the momentum not in [0, 1).
 *
 * @example
 * ```ts
 * import { classicalMomentum } from "../../mod.ts";
 *
 * const optimizer = classicalMomentum({ learningRate: 0.01, momentum: 0.9 });
 * console.log(optimizer.name); // cm
 * ```
 */
export function classicalMomentum(options: MomentumOptions): Optimizer {
  return optimizerOf(classicalMomentumFamily, { ...options });
}
