import body from "../../shaders/optim/lion.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Family, Optimizer, SettingValue } from "./family.ts";
import { type GroupOptions, optimizerOf } from "./optimizer.ts";
import { beta, learningRate, weightDecay, withDefault } from "./settings.ts";

/** Settings of {@linkcode lion}. */
export interface LionOptions extends GroupOptions {
  /** lr, above 0: a third to a tenth of Adam's. Default: 0.0001. */
  learningRate?: SettingValue;
  /** b1, of the blend whose sign is the step, at least 0 and below 1. Default: 0.9. */
  beta1?: SettingValue;
  /** b2, of the mean that is kept, likewise. Default: 0.99. */
  beta2?: SettingValue;
  /** wd, of weights alone, at least 0: 3 to 10 times AdamW's. Default: 0. */
  weightDecay?: SettingValue;
}

/** The family of {@linkcode lion}. */
export const lionFamily: Family = elementwise({
  name: "lion",
  settings: [
    withDefault(learningRate, 1e-4),
    {
      name: "beta1",
      default: 0.9,
      atLeast: 0,
      below: 1,
      help: "The share of the mean in the blend with the gradient whose sign is the step.",
    },
    beta("beta2", "gradient", 0.99),
    weightDecay(0),
  ],
  // Not named as the means of Adam's kin, whose start is made up for.
  states: { average: "zeros" },
  scalars: ["learning_rate", "beta1", "rest1", "beta2", "rest2", "keep"],
  compute: ({ learningRate, beta1, beta2, weightDecay }) => ({
    scalars: {
      learning_rate: learningRate,
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      keep: 1 - learningRate * weightDecay,
    },
    running: {},
  }),
  body,
});

/**
 * Evolved sign momentum (Chen and others, "Symbolic Discovery of Optimization Algorithms", 2023):
 * theta' = theta (1 - lr wd) - lr sign(b1 m + (1 - b1) g), m' = b2 m + (1 - b2) g.
 *
 * The sign is that of the old m; the sign of 0 is 0. Every number moves by the learning rate, so it is
 * 3 to 10 times below Adam's, and wd as many times above AdamW's. Biases do not decay.
 *
 * @throws {InputError} If a setting is out of its range.
 *
 * @example
 * ```ts
 * import { lion } from "../../mod.ts";
 *
 * const optimizer = lion({ learningRate: 1e-4, weightDecay: 0.1 });
 * console.log(optimizer.settings.beta2); // 0.99
 * ```
 */
export function lion(options: LionOptions = {}): Optimizer {
  return optimizerOf(lionFamily, { ...options });
}
