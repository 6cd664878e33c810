import body from "../../shaders/optim/simplified_ademamix.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { adamSettings, shareOf } from "./settings.ts";

/** Settings of {@linkcode simplifiedAdEMAMix}. */
export interface SimplifiedAdEMAMixOptions extends GroupOptions {
  /** lr, above 0: Adam's times sqrt((1 - 0.9) (1 - b1)). Default: 0.0001. */
  learningRate?: SettingValue;
  /** b1, of the sum of gradients, at least 0 and below 1. Default: 0.99. */
  beta1?: SettingValue;
  /** b2, of the mean square, likewise. Default: 0.95. */
  beta2?: SettingValue;
  /** The weight of the gradient, at least 0: some 100 at small minibatches. Default: 0. */
  alpha?: SettingValue;
  /** Outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
  /** wd, of weights alone, at least 0. Default: 0. */
  weightDecay?: SettingValue;
}

/** The family of {@linkcode simplifiedAdEMAMix}. */
export const simplifiedAdEMAMixFamily: Family = elementwise({
  name: "simplified-ademamix",
  settings: [
    ...adamSettings({
      learningRate: 1e-4,
      beta1: shareOf("beta1", "sum of the gradients", 0.99),
      beta2: 0.95,
    }),
    { name: "alpha", default: 0, atLeast: 0, help: "The weight of the gradient beside the sum." },
  ],
  states: { sum: "zeros", square: "zeros" },
  scalars: [
    ...["beta1", "beta2", "rest2", "alpha"],
    ...["learning_rate", "keep", "square_correction", "epsilon"],
  ],
  running: { square_left: 1 },
  compute: (now, _, running) => {
    const { learningRate, beta1, beta2, alpha, epsilon, weightDecay } = now;
    const square_left = running.square_left * beta2;
    return {
      scalars: {
        beta1,
        beta2,
        rest2: 1 - beta2,
        alpha,
        learning_rate: learningRate,
        keep: 1 - learningRate * weightDecay,
        square_correction: 1 / (1 - square_left),
        epsilon,
      },
      running: { square_left },
    };
  },
  body,
});

/**
 * AdEMAMix with one sum of gradients (Morwani and others, "Connections between Schedule-Free
 * Optimizers, AdEMAMix, and Accelerated SGD Variants", 2025): m' = b1 m + g,
 * n' = b2 n + (1 - b2) g^2,
 * theta' = theta - lr ((alpha g + m') / (sqrt(n' / (1 - b2^t)) + eps) + wd theta).
 *
 * m is a sum, not a mean: 1 / (1 - b1) times as large, so the rate is smaller than Adam's. alpha is
 * near 0 at large minibatches. Biases do not decay.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { simplifiedAdEMAMix } from "../../mod.ts";
 *
 * const optimizer = simplifiedAdEMAMix({ learningRate: 3e-5, alpha: 100 });
 * console.log(optimizer.settings.beta1); // 0.99
 * ```
 */
export function simplifiedAdEMAMix(options: SimplifiedAdEMAMixOptions = {}): Optimizer {
  return optimizerOf(simplifiedAdEMAMixFamily, { ...options });
}
