import body from "../../shaders/optim/ademamix.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { adamSettings, shareOf } from "./settings.ts";

/** Settings of {@linkcode adEMAMix}. */
export interface AdEMAMixOptions extends GroupOptions {
  /** lr, above 0. Default: 0.001. */
  learningRate?: SettingValue;
  /** b1, of the fast mean gradient, at least 0 and below 1. Default: 0.9. */
  beta1?: SettingValue;
  /** b2, of the mean square, likewise. Default: 0.999. */
  beta2?: SettingValue;
  /** b3, of the slow mean gradient, likewise; for short runs 0.999 or less. Default: 0.9999. */
  beta3?: SettingValue;
  /** The weight of the slow mean, at least 0. Default: 5. */
  alpha?: SettingValue;
  /** T, the updates over which alpha and b3 rise, such as those of the run. Default: 0. */
  warmUp?: number;
  /** Outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
  /** wd, of weights alone, at least 0. Default: 0. */
  weightDecay?: SettingValue;
}

/** The family of {@linkcode adEMAMix}. */
export const adEMAMixFamily: Family = elementwise({
  name: "ademamix",
  settings: [
    ...adamSettings(),
    shareOf("beta3", "slow mean of the gradient", 0.9999),
    { name: "alpha", default: 5, atLeast: 0, help: "The weight of the slow mean in a step." },
    {
      name: "warmUp",
      default: 0,
      atLeast: 0,
      whole: true,
      help: "Updates over which alpha rises from 0, and beta3 from beta1.",
    },
  ],
  states: { mean: "zeros", slow_mean: "zeros", square: "zeros" },
  scalars: [
    ...["beta1", "rest1", "beta2", "rest2", "beta3", "rest3"],
    ...["rate", "share", "keep", "square_correction", "epsilon"],
  ],
  running: { mean_left: 1, square_left: 1 },
  compute: (now, _, running, update) => {
    const { learningRate, beta1, beta2, alpha, warmUp, epsilon, weightDecay } = now;
    const warm = update + 1 < warmUp ? (update + 1) / warmUp : 1;
    const beta3 = warm < 1 ? betaBetween(beta1, now.beta3, warm) : now.beta3;
    const mean_left = running.mean_left * beta1;
    const square_left = running.square_left * beta2;
    return {
      scalars: {
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        beta3,
        rest3: 1 - beta3,
        rate: learningRate / (1 - mean_left),
        share: warm * alpha * (1 - mean_left),
        keep: 1 - learningRate * weightDecay,
        square_correction: 1 / (1 - square_left),
        epsilon,
      },
      running: { mean_left, square_left },
    };
  },
  body,
});

/** The beta whose half-life is `share` of the way from that of one beta to that of another. */
function betaBetween(from: number, to: number, share: number): number {
  // The authors' 1e-8 keeps the logarithm from that of 0. It lifts a beta that is closer to 1.
  const [a, b] = [from, to].map((beta) =>
    Math.log(0.5) / Math.log(Math.min(beta + 1e-8, 1 - Number.EPSILON)) - 1
  );
  return Math.min(0.5 ** (1 / (1 + (1 - share) * a + share * b)), Math.max(from, to));
}

/**
 * Adam with a second, slow mean (Pagliardini, Ablin and Grangier, "The AdEMAMix Optimizer: Better,
 * Faster, Older", 2024): m1' = b1 m1 + (1 - b1) g, m2' = b3_t m2 + (1 - b3_t) g,
 * n' = b2 n + (1 - b2) g^2, theta' = theta -
 * lr ((m1' / (1 - b1^t) + alpha_t m2') / (sqrt(n' / (1 - b2^t)) + eps) + wd theta).
 *
 * m2 has no bias correction. For t < T (`warmUp`) alpha_t = alpha t / T, and b3_t rises from b1 so
 * that its half-life rises linearly. The weight alpha is 5 in the paper and 2 in the authors' code.
 * Biases do not decay.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { adEMAMix } from "../../mod.ts";
 *
 * const optimizer = adEMAMix({ learningRate: 1e-3, beta3: 0.999, warmUp: 2000 });
 * console.log(optimizer.settings.alpha); // 5
 * ```
 */
export function adEMAMix(options: AdEMAMixOptions = {}): Optimizer {
  return optimizerOf(adEMAMixFamily, { ...options });
}
