import { distance, elementwise } from "./elementwise.ts";
import { Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode AdaptiveHeavyBall}. */
export interface AdaptiveHeavyBallSettings {
  /** Constant: the differences it is compared with span two updates. */
  learningRate: number;
  /** How far mu stays below 1; the authors' is 1e-3. */
  delta: number;
}

/**
 * Classical momentum that chooses mu ("Training Deep Neural Networks with Adaptive Momentum Inspired
 * by the Quadratic Optimization"; the formula is derived, not copied):
 *
 * mu_t = min(max(0, 1 - sqrt(lr r))^2, 1 - delta), r = |g_t - g_{t-1}| / |theta_t - theta_{t-1}|,
 * v' = mu_t v - lr g, theta' = theta + v', with mu_1 = 0
 *
 * On a quadratic the heavy ball is fastest at (1 - sqrt(lr m))^2, m the least eigenvalue, which r
 * approaches from above. The norms are over all tensors. The clamp comes before the square, which
 * rises again past lr r = 1. mu is 0 where theta has not moved.
 */
export class AdaptiveHeavyBall extends Stepper {
  /** mu of the last update. */
  momentum = 0;
  readonly #settings: AdaptiveHeavyBallSettings;
  #former: { theta: Values; gradient: Values } | undefined;

  constructor(start: readonly TensorValues[], settings: AdaptiveHeavyBallSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
  }

  protected override update(gradient: Values): void {
    const { learningRate: lr } = this.#settings;
    const mu = this.momentum = this.#momentum(gradient);
    this.#former = { theta: this.theta, gradient };
    this.velocity = elementwise((v, g) => mu * v - lr * g, this.velocity, gradient);
    this.theta = elementwise((x, v) => x + v, this.theta, this.velocity);
  }

  #momentum(gradient: Values): number {
    if (this.#former === undefined) return 0;
    const { learningRate: lr, delta } = this.#settings;
    const moved = distance(this.theta, this.#former.theta);
    if (moved === 0) return 0;
    const curvature = distance(gradient, this.#former.gradient) / moved;
    return Math.min(Math.max(0, 1 - Math.sqrt(lr * curvature)) ** 2, 1 - delta);
  }
}
