import body from "../../shaders/optim/nesterov.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { learningRate, momentum } from "./settings.ts";

/** Settings of {@linkcode nesterov} and `classicalMomentum()`. */
export interface MomentumOptions extends GroupOptions {
  /** eps, above 0. */
  learningRate: SettingValue;
  /** mu, at least 0 and below 1. */
  momentum: SettingValue;
}

/** What the lines of shaders/optim/nesterov.wgsl read. */
export const linearScalars = ["learning_rate", "momentum", "lead", "next_lead"] as const;

/** The lines that SGD's relatives with one velocity share; see {@linkcode nesterov}. */
export const linearBody: string = body;

/** The family of {@linkcode nesterov}. */
export const nesterovFamily: Family = elementwise({
  name: "nag",
  settings: [learningRate, momentum],
  states: { velocity: "zeros" },
  scalars: linearScalars,
  running: { lead: 0 },
  compute: (now, next, { lead }) => ({
    scalars: {
      learning_rate: now.learningRate,
      momentum: now.momentum,
      lead,
      next_lead: next.momentum,
    },
    running: { lead: next.momentum },
  }),
  theta: ({ next_lead }) => ({ parameters: 1, velocity: -next_lead }),
  lead: ({ momentum }) => ({
    theta: { parameters: 1, velocity: -momentum },
    running: { lead: momentum },
  }),
  body,
});

/**
 * Nesterov's accelerated gradient (paper, equations 3 and 4): v' = mu v - eps grad f(theta + mu v),
 * theta' = theta + v'. Kept as phi = theta + mu v, so that the gradient is taken where the
 * parameters stand; the schedule is evaluated once past the last update.
 *
 * @throws {InputError} If the learning rate is not above 0 or the momentum not in [0, 1).
 *
 * @example
 * ```ts
 * import { nesterov, paperMomentum } from "../../mod.ts";
 *
 * const optimizer = nesterov({ learningRate: 0.01, momentum: paperMomentum({ cap: 0.99 }) });
 * console.log(optimizer.name); // nag
 * ```
 */
export function nesterov(options: MomentumOptions): Optimizer {
  return optimizerOf(nesterovFamily, { ...options });
}
