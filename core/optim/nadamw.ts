import body from "../../shaders/optim/nadamw.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { adamSettings } from "./settings.ts";

/** Settings of {@linkcode nadamW}. */
export interface NAdamWOptions extends GroupOptions {
  /** lr, above 0. Default: 0.002. */
  learningRate?: SettingValue;
  /** b1, of the mean gradient and what mu rises to, at least 0 and below 1. Default: 0.9. */
  beta1?: SettingValue;
  /** b2, of the mean square, likewise. Default: 0.999. */
  beta2?: SettingValue;
  /** Outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
  /** How fast mu rises to b1, at least 0. Default: 0.004. */
  psi?: SettingValue;
  /** wd, of weights alone, at least 0. Default: 0. */
  weightDecay?: SettingValue;
}

/** The family of {@linkcode nadamW}. */
export const nadamWFamily: Family = elementwise({
  name: "nadamw",
  settings: [
    ...adamSettings({ learningRate: 2e-3 }),
    {
      name: "psi",
      default: 0.004,
      atLeast: 0,
      help: "How fast the momentum rises from half of beta1 to beta1.",
    },
  ],
  states: { mean: "zeros", square: "zeros" },
  scalars: [
    ...["beta1", "rest1", "beta2", "rest2", "fresh", "past"],
    ...["learning_rate", "keep", "square_correction", "epsilon"],
  ],
  running: { product: 1, square_left: 1 },
  compute: (now, next, running, update) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = now;
    const momentum = momentumAt(update, now);
    const nextMomentum = momentumAt(update + 1, next);
    // Where the states come from another family its momenta are past: their product is none.
    const former = update > 0 && running.product === 1 ? 0 : running.product;
    const product = former * momentum;
    const square_left = running.square_left * beta2;
    return {
      scalars: {
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        fresh: (1 - momentum) / (1 - product),
        past: nextMomentum / (1 - product * nextMomentum),
        learning_rate: learningRate,
        keep: 1 - learningRate * weightDecay,
        square_correction: 1 / (1 - square_left),
        epsilon,
      },
      running: { product, square_left },
    };
  },
  body,
});

/** mu_t in the update after `update` others. */
function momentumAt(update: number, settings: { readonly [name: string]: number }): number {
  return settings.beta1 * (1 - 0.5 * 0.96 ** (settings.psi * (update + 1)));
}

/**
 * AdamW with Nesterov's momentum (Dozat, "Incorporating Nesterov Momentum into Adam", 2016):
 * mu_t = b1 (1 - 0.96^(psi t) / 2), P_t = mu_1 ... mu_t, m' = b1 m + (1 - b1) g,
 * s' = b2 s + (1 - b2) g^2, theta' = theta (1 - lr wd) - lr ((1 - mu_t) g / (1 - P_t) +
 * mu_{t+1} m' / (1 - P_t mu_{t+1})) / (sqrt(s' / (1 - b2^t)) + eps).
 *
 * The mean is taken with b1, not with mu. Biases do not decay. Settings that change are evaluated
 * once past the last update.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { nadamW } from "../../mod.ts";
 *
 * const optimizer = nadamW({ learningRate: 2e-3, weightDecay: 0.01 });
 * console.log(optimizer.settings.psi); // 0.004
 * ```
 */
export function nadamW(options: NAdamWOptions = {}): Optimizer {
  return optimizerOf(nadamWFamily, { ...options });
}
