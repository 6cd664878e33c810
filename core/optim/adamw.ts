import body from "../../shaders/optim/adamw.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { adamSettings } from "./settings.ts";

/** Settings of {@linkcode adamW}. */
export interface AdamWOptions extends GroupOptions {
  /** lr, above 0. Default: 0.001. */
  learningRate?: SettingValue;
  /** Of the mean gradient, at least 0 and below 1. Default: 0.9. */
  beta1?: SettingValue;
  /** Of the mean square, likewise. Default: 0.999. */
  beta2?: SettingValue;
  /** Outside of the root, above 0. Default: 1e-8. */
  epsilon?: SettingValue;
  /** wd, of weights alone, at least 0. Default: 0.01. */
  weightDecay?: SettingValue;
  /** v0, where the mean square starts. Default: 0. */
  initialSquare?: SettingValue;
}

/** The family of {@linkcode adamW}. */
export const adamWFamily: Family = elementwise({
  name: "adamw",
  settings: [
    ...adamSettings({ weightDecay: 0.01 }),
    {
      name: "initialSquare",
      default: 0,
      atLeast: 0,
      help: "Where the mean square starts: above 0, the first steps are shorter.",
    },
  ],
  states: { mean: "zeros", square: "zeros" },
  scalars: [
    ...["beta1", "rest1", "beta2", "rest2"],
    ...["rate", "keep", "square_correction", "initial_share", "epsilon"],
  ],
  // How much of its start is left in each mean: b^t, also where b changes on the way.
  running: { mean_left: 1, square_left: 1 },
  compute: (now, _, running) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay, initialSquare } = now;
    const mean_left = running.mean_left * beta1;
    const square_left = running.square_left * beta2;
    return {
      scalars: {
        beta1,
        rest1: 1 - beta1,
        beta2,
        rest2: 1 - beta2,
        rate: learningRate / (1 - mean_left),
        keep: 1 - learningRate * weightDecay,
        square_correction: 1 / (1 - square_left),
        initial_share: initialSquare * square_left,
        epsilon,
      },
      running: { mean_left, square_left },
    };
  },
  body,
});

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
 * 2019): m' = b1 m + (1 - b1) g, s' = b2 s + (1 - b2) g^2,
 * theta' = theta (1 - lr wd) - lr (m' / (1 - b1^t)) / (sqrt(s' / (1 - b2^t)) + eps).
 *
 * Biases do not decay. Where a beta changes, b^t is the product of its values. With v0
 * (`initialSquare`) s starts at v0 in place of 0 ("Revisiting the Initial Steps in Adaptive Gradient
 * Descent Optimization", whose own scales are drawn from data).
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { adamW } from "../../mod.ts";
 *
 * const optimizer = adamW({ learningRate: 1e-3, weightDecay: 0 });
 * console.log(optimizer.settings.beta2); // 0.999
 * ```
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  return optimizerOf(adamWFamily, { ...options });
}
