import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { linearBody, linearScalars, type MomentumOptions } from "./nesterov.ts";
import { optimizerOf } from "./optimizer.ts";
import { learningRate, momentum } from "./settings.ts";

/** Settings of {@linkcode momentumWithLead}. */
export interface MomentumWithLeadOptions extends MomentumOptions {
  /** k, the lead as a multiple of mu, at least 0. Default: 1. */
  lead?: SettingValue;
}

/** The family of {@linkcode momentumWithLead}. */
export const momentumWithLeadFamily: Family = elementwise({
  name: "lead",
  settings: [
    learningRate,
    momentum,
    {
      name: "lead",
      default: 1,
      atLeast: 0,
      help: "How many times mu v ahead the gradient is taken: 0 is CM, 1 NAG.",
    },
  ],
  states: { velocity: "zeros" },
  scalars: linearScalars,
  running: { lead: 0 },
  compute(now, next, { lead }) {
    const nextLead = next.lead * next.momentum;
    return {
      scalars: {
        learning_rate: now.learningRate,
        momentum: now.momentum,
        lead,
        next_lead: nextLead,
      },
      running: { lead: nextLead },
    };
  },
  theta: ({ next_lead }) => ({ parameters: 1, velocity: -next_lead }),
  lead: ({ momentum, lead }) => ({
    theta: { parameters: 1, velocity: -lead * momentum },
    running: { lead: lead * momentum },
  }),
  body: linearBody,
});

/**
 * Momentum whose gradient is taken k times mu v ahead, between classical momentum (k = 0) and
 * Nesterov's accelerated gradient (k = 1), and beyond:
 *
 * v' = mu v - eps grad f(theta + k mu v), theta' = theta + v'.
 *
 * Kept as phi = theta + k mu v, like `nesterov()`, whose bits it has at k = 1, and those of
 * `classicalMomentum()` at k = 0. On a quadratic it is stable up to the curvature
 * 2 (1 + mu) / ((1 + 2 k mu) eps).
 *
 * @throws {InputError} If the learning rate is not above 0, the momentum not in [0, 1), or the lead
 * below 0.
 *
 * @example
 * ```ts
 * import { momentumWithLead } from "../../mod.ts";
 *
 * const optimizer = momentumWithLead({ learningRate: 0.01, momentum: 0.9, lead: 0.5 });
 * console.log(optimizer.name); // lead
 * ```
 */
export function momentumWithLead(options: MomentumWithLeadOptions): Optimizer {
  return optimizerOf(momentumWithLeadFamily, { ...options });
}
