import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { linearBody, linearScalars } from "./nesterov.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { learningRate, momentum, withDefault } from "./settings.ts";

/** Settings of {@linkcode qhm}. */
export interface QHMOptions extends GroupOptions {
  /** lr, above 0; it counts like SGD's. */
  learningRate: SettingValue;
  /** beta, at least 0 and below 1. Default: 0.999. */
  momentum?: SettingValue;
  /** nu, the share of the mean in a step, from 0 (SGD) to 1 (momentum). Default: 0.7. */
  nu?: SettingValue;
}

/** The family of {@linkcode qhm}. */
export const qhmFamily: Family = elementwise({
  name: "qhm",
  settings: [
    learningRate,
    withDefault(momentum, 0.999),
    {
      name: "nu",
      default: 0.7,
      atLeast: 0,
      atMost: 1,
      help: "The share of the mean gradient in a step: 0 is SGD, 1 momentum.",
    },
  ],
  states: { velocity: "zeros" },
  scalars: linearScalars,
  // The velocity is -lr times the mean where both are constant: the step lr ((1 - nu) g + nu m') is
  // that of the linear update whose lead takes the place of the share that nu gives the gradient.
  compute: (now) => {
    const { learningRate, momentum, nu } = now;
    const lead = momentum * (1 - nu) / (1 - momentum);
    return {
      scalars: {
        learning_rate: learningRate * (1 - momentum),
        momentum,
        lead,
        next_lead: lead,
      },
      running: {},
    };
  },
  body: linearBody,
});

/**
 * Quasi-hyperbolic momentum (Ma and Yarats, "Quasi-hyperbolic momentum and Adam for deep learning",
 * 2019): m' = beta m + (1 - beta) g, theta' = theta - lr ((1 - nu) g + nu m').
 *
 * nu = 0 is SGD, nu = 1 classical momentum with eps = lr (1 - beta), nu = beta Nesterov's gradient
 * point with eps = lr (1 - beta). Kept as v = -lr m, so where the rate changes each gradient keeps
 * the rate it came with, as in the paper's momentum.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { qhm } from "../../mod.ts";
 *
 * const optimizer = qhm({ learningRate: 0.5, momentum: 0.99, nu: 0.7 });
 * console.log(optimizer.name); // qhm
 * ```
 */
export function qhm(options: QHMOptions): Optimizer {
  return optimizerOf(qhmFamily, { ...options });
}
