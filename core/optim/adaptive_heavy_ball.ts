import body from "../../shaders/optim/adaptive_heavy_ball.wgsl" with { type: "text" };
import { elementwise } from "./elementwise.ts";
import type { Optimizer, RecordedFamily, SettingValue } from "./family.ts";
import { measured, refuseGroups } from "./measured.ts";
import { optimizerOf } from "./optimizer.ts";
import { learningRate } from "./settings.ts";

/** Settings of {@linkcode adaptiveHeavyBall}. */
export interface AdaptiveHeavyBallOptions {
  /** lr, above 0; constant, since the differences that are compared span two updates. */
  learningRate: SettingValue;
  /** How far mu stays below 1, above 0 and at most 1. Default: 0.001. */
  delta?: SettingValue;
}

/** Over all tensors, so that the lines of the update are the same at every parameter. */
const measure = measured({
  sums: {
    change: "(gradient - old_gradient) * (gradient - old_gradient)",
    moved: "velocity * velocity",
  },
  initial: { momentum: 0 },
  // The clamp comes before the square, which rises again past lr r = 1.
  body: `
    let root = max(0, 1 - sqrt(learning_rate * sqrt(change / moved)));
    momentum = select(min(root * root, largest), 0, moved == 0);`,
});

const heavyBall = elementwise({
  name: "adaptive-heavy-ball",
  settings: [
    learningRate,
    {
      name: "delta",
      default: 1e-3,
      above: 0,
      atMost: 1,
      help: "How far the momentum stays below 1.",
    },
  ],
  states: { velocity: "zeros", old_gradient: "zeros" },
  scalars: ["learning_rate", "largest"],
  // There is no former gradient in the first update.
  compute: ({ learningRate, delta }, _, __, update) => ({
    scalars: { learning_rate: learningRate, largest: update === 0 ? 0 : 1 - delta },
    running: {},
  }),
  measure,
  body,
});

/** The family of {@linkcode adaptiveHeavyBall}. */
export const adaptiveHeavyBallFamily: RecordedFamily = {
  ...heavyBall,
  record(plan, update) {
    refuseGroups(heavyBall.name, update);
    heavyBall.record(plan, update);
  },
};

/**
 * Classical momentum that chooses mu from the gradients ("Training Deep Neural Networks with
 * Adaptive Momentum Inspired by the Quadratic Optimization"; the formula is derived, not copied):
 * v' = mu_t v - lr g, theta' = theta + v', where mu_1 = 0 and
 *
 * mu_t = min(max(0, 1 - sqrt(lr r))^2, 1 - delta), r = |g_t - g_{t-1}| / |theta_t - theta_{t-1}|
 *
 * On a quadratic the heavy ball is fastest at (1 - sqrt(lr m))^2, m the least eigenvalue, which r
 * approaches from above. The norms are over all tensors. With minibatches r measures their noise,
 * and mu stays near 0. Reports tell `momentum`, the mu_t of each update.
 *
 * @throws {InputError} If the learning rate is not above 0 or delta not in (0, 1].
 *
 * @example
 * ```ts
 * import { adaptiveHeavyBall } from "../../mod.ts";
 *
 * const optimizer = adaptiveHeavyBall({ learningRate: 0.05 });
 * console.log(optimizer.settings.delta); // 0.001
 * ```
 */
export function adaptiveHeavyBall(options: AdaptiveHeavyBallOptions): Optimizer {
  return optimizerOf(adaptiveHeavyBallFamily, { ...options });
}
