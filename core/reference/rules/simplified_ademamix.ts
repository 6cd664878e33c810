import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode SimplifiedAdEMAMix}. */
export interface SimplifiedAdEMAMixSettings {
  /** The authors' is 1e-4. */
  learningRate: Setting;
  /** Of the sum of g; the authors' is 0.99. */
  beta1: number;
  /** Of the mean of g^2; the authors' is 0.95. */
  beta2: number;
  /** The weight of g itself: about 100 at small batches, near 0 at large ones. */
  alpha: number;
  /** The authors' is 1e-8. */
  epsilon: number;
  /** None if not given. */
  weightDecay?: number;
}

/**
 * AdEMAMix with one buffer (Morwani and others, "Connections between Schedule-Free Optimizers,
 * AdEMAMix, and Accelerated SGD Variants", 2025):
 *
 * m' = b1 m + g, n' = b2 n + (1 - b2) g^2,
 * theta' = theta - lr ((alpha g + m') / (sqrt(n' / (1 - b2^t)) + eps) + wd theta)
 *
 * m is a sum, not a mean: there is no 1 - b1, and the rate is smaller for it.
 */
export class SimplifiedAdEMAMix extends Stepper {
  readonly #settings: SimplifiedAdEMAMixSettings;
  #square: Values;

  constructor(start: readonly TensorValues[], settings: SimplifiedAdEMAMixSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
    this.#square = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const { beta1: b1, beta2: b2, alpha, epsilon, weightDecay = 0 } = this.#settings;
    const lr = inUpdate(t, this.#settings.learningRate);
    this.velocity = elementwise((m, g) => b1 * m + g, this.velocity, gradient);
    this.#square = elementwise((n, g) => b2 * n + (1 - b2) * g * g, this.#square, gradient);
    const correct2 = 1 - b2 ** t;
    this.theta = elementwise(
      (x, g, m, n) => x - lr * (alpha * g + m) / (Math.sqrt(n / correct2) + epsilon),
      this.decayed(1 - lr * weightDecay),
      gradient,
      this.velocity,
      this.#square,
    );
  }
}
