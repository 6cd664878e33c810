import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode Adan}. */
export interface AdanSettings {
  /** The authors' is 1e-3. */
  learningRate: Setting;
  /** Of the mean of g; the authors' is 0.98. The paper's betas are 1 minus these. */
  beta1: number;
  /** Of the mean of the differences of g; the authors' is 0.92. */
  beta2: number;
  /** Of the mean of squares; the authors' is 0.99. */
  beta3: number;
  /** The authors' is 1e-8. */
  epsilon: number;
  /** None if not given. */
  weightDecay?: number;
  /** Decay by a product before the step, not by a division after it. */
  noProx?: boolean;
}

/**
 * Adaptive Nesterov momentum (Xie, Zhou, Li, Lin and Yan, 2022):
 *
 * d = g - g_old (0 at t = 1), m' = b1 m + (1 - b1) g, q' = b2 q + (1 - b2) d,
 * u = g + b2 d, n' = b3 n + (1 - b3) u^2,
 * step = lr (m' / (1 - b1^t) + b2 q' / (1 - b2^t)) / (sqrt(n' / (1 - b3^t)) + eps),
 * theta' = (theta - step) / (1 + lr wd), or with `noProx` (1 - lr wd) theta - step
 *
 * g_old is the gradient of the former update, of its minibatch and its point.
 */
export class Adan extends Stepper {
  readonly #settings: AdanSettings;
  #difference: Values;
  #square: Values;
  #old: Values | undefined;

  constructor(start: readonly TensorValues[], settings: AdanSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
    this.#difference = this.filled();
    this.#square = this.filled();
  }

  protected override update(g: Values, t: number): void {
    const { beta1: b1, beta2: b2, beta3: b3, epsilon, weightDecay = 0, noProx } = this.#settings;
    const lr = inUpdate(t, this.#settings.learningRate);
    const d = elementwise((g, old) => g - old, g, this.#old ?? g);
    const u = elementwise((g, d) => g + b2 * d, g, d);
    this.velocity = elementwise((m, g) => b1 * m + (1 - b1) * g, this.velocity, g);
    this.#difference = elementwise((q, d) => b2 * q + (1 - b2) * d, this.#difference, d);
    this.#square = elementwise((n, u) => b3 * n + (1 - b3) * u * u, this.#square, u);
    this.#old = g;
    const [correct1, correct2, correct3] = [b1, b2, b3].map((b) => 1 - b ** t);
    this.theta = elementwise(
      (x, m, q, n) =>
        x - lr * (m / correct1 + b2 * q / correct2) / (Math.sqrt(n / correct3) + epsilon),
      noProx ? this.decayed(1 - lr * weightDecay) : this.theta,
      this.velocity,
      this.#difference,
      this.#square,
    );
    if (!noProx) this.theta = this.decayed(1 / (1 + lr * weightDecay));
  }
}
