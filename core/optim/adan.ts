import body from "../../shaders/optim/adan.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { adamSettings, beta } from "./settings.ts";

/** Settings of {@linkcode adan}. */
export interface AdanOptions extends GroupOptions {
  /** lr, above 0. Default: 0.001. */
  learningRate?: SettingValue;
  /** b1, of the mean gradient, at least 0 and below 1. Default: 0.98. */
  beta1?: SettingValue;
  /** b2, of the mean difference of gradients, likewise. Default: 0.92. */
  beta2?: SettingValue;
  /** b3, of the mean square, likewise. Default: 0.99. */
  beta3?: SettingValue;
  /** Outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
  /** wd, of weights alone, at least 0. Default: 0. */
  weightDecay?: SettingValue;
  /** Whether weights decay by a division after the step, not a product before it. Default: true. */
  prox?: boolean;
}

/** The family of {@linkcode adan}. */
export const adanFamily: Family = elementwise({
  name: "adan",
  settings: [
    ...adamSettings({ beta1: 0.98, beta2: beta("beta2", "difference of gradients", 0.92) }),
    beta("beta3", "square", 0.99),
    {
      name: "prox",
      default: 1,
      atLeast: 0,
      atMost: 1,
      whole: true,
      help: "1: weights decay by a division after the step; 0: by a product before it.",
    },
  ],
  states: { mean: "zeros", mean_difference: "zeros", square: "zeros", old_gradient: "zeros" },
  scalars: [
    ...["beta1", "rest1", "beta2", "rest2", "beta3", "rest3"],
    ...["changes", "rate", "share", "keep", "square_correction", "epsilon"],
  ],
  running: { mean_left: 1, mean_difference_left: 1, square_left: 1 },
  compute: (now, _, running, update) => {
    const { learningRate, beta1, beta2, beta3, epsilon, weightDecay, prox } = now;
    const mean_left = running.mean_left * beta1;
    const mean_difference_left = running.mean_difference_left * beta2;
    const square_left = running.square_left * beta3;
    const decay = learningRate * weightDecay;
    const divisor = prox ? 1 + decay : 1;
    return {
      scalars: {
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        beta3,
        rest3: 1 - beta3,
        changes: update === 0 ? 0 : 1,
        rate: learningRate / (1 - mean_left) / divisor,
        share: beta2 * (1 - mean_left) / (1 - mean_difference_left),
        keep: prox ? 1 / divisor : 1 - decay,
        square_correction: 1 / (1 - square_left),
        epsilon,
      },
      running: { mean_left, mean_difference_left, square_left },
    };
  },
  body,
});

/**
 * Adaptive Nesterov momentum (Xie, Zhou, Li, Lin and Yan, "Adan: Adaptive Nesterov Momentum
 * Algorithm for Faster Optimizing Deep Models", 2022): d = g - g_old, 0 in the first update,
 * m' = b1 m + (1 - b1) g, q' = b2 q + (1 - b2) d, n' = b3 n + (1 - b3) (g + b2 d)^2,
 * step = lr (m' / (1 - b1^t) + b2 q' / (1 - b2^t)) / (sqrt(n' / (1 - b3^t)) + eps),
 * theta' = (theta - step) / (1 + lr wd), or without `prox` theta (1 - lr wd) - step.
 *
 * The paper's betas are 1 minus these, which are those of the authors' code. g_old is the gradient of
 * the former update, at its point and of its minibatch. Biases do not decay. It keeps four vectors.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { adan } from "../../mod.ts";
 *
 * const optimizer = adan({ learningRate: 1e-3, weightDecay: 0.02 });
 * console.log(optimizer.settings.beta1); // 0.98
 * ```
 */
export function adan(options: AdanOptions = {}): Optimizer {
  const { prox, ...settings } = options;
  return optimizerOf(adanFamily, { ...settings, ...prox !== undefined && { prox: Number(prox) } });
}
