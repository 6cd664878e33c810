import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode AdamW}. */
export interface AdamWSettings {
  /** The authors' is 1e-3. */
  learningRate: Setting;
  /** Of the mean of g; the authors' is 0.9. */
  beta1: Setting;
  /** Of the mean of g^2; the authors' is 0.999. */
  beta2: number;
  /** The authors' is 1e-8. */
  epsilon: number;
  /** The authors' is 0.01; none if not given. */
  weightDecay?: number;
  /** What the mean of g^2 starts at; 0 if not given. */
  v0?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019):
 *
 * m' = b1 m + (1 - b1) g, s' = b2 s + (1 - b2) g^2,
 * theta' = (1 - lr wd) theta - lr (m' / (1 - b1^t)) / (sqrt(s' / (1 - b2^t)) + eps)
 *
 * eps stands outside the root. With beta1 a schedule, b1^t is the product of its values. `v0` starts
 * s above zero ("Revisiting the Initial Steps in Adaptive Gradient Descent Optimization"); the bias
 * correction stays as it is.
 */
export class AdamW extends Stepper {
  readonly #settings: AdamWSettings;
  #square: Values;
  #product = 1;

  constructor(start: readonly TensorValues[], settings: AdamWSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
    this.#square = this.filled(settings.v0);
  }

  protected override update(gradient: Values, t: number): void {
    const { learningRate, beta1, beta2: b2, epsilon, weightDecay = 0 } = this.#settings;
    const lr = inUpdate(t, learningRate);
    const b1 = inUpdate(t, beta1);
    this.#product *= b1;
    this.velocity = elementwise((m, g) => b1 * m + (1 - b1) * g, this.velocity, gradient);
    this.#square = elementwise((s, g) => b2 * s + (1 - b2) * g * g, this.#square, gradient);
    const [correct1, correct2] = [1 - this.#product, 1 - b2 ** t];
    this.theta = elementwise(
      (x, m, s) => x - lr * (m / correct1) / (Math.sqrt(s / correct2) + epsilon),
      this.decayed(1 - lr * weightDecay),
      this.velocity,
      this.#square,
    );
  }
}
