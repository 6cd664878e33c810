import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode Lion}. */
export interface LionSettings {
  /** The authors' is 1e-4. */
  learningRate: Setting;
  /** Of the mean whose sign is the step; the authors' is 0.9. */
  beta1: Setting;
  /** Of the mean that is kept; the authors' is 0.99. */
  beta2: number;
  /** None if not given. */
  weightDecay?: number;
}

/**
 * Evolved sign momentum (Chen and others, "Symbolic Discovery of Optimization Algorithms", 2023):
 *
 * theta' = (1 - lr wd) theta - lr sign(b1 m + (1 - b1) g), m' = b2 m + (1 - b2) g
 *
 * The sign is that of the old m. The sign of 0 is 0.
 */
export class Lion extends Stepper {
  readonly #settings: LionSettings;

  constructor(start: readonly TensorValues[], settings: LionSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const { learningRate, beta1, beta2: b2, weightDecay = 0 } = this.#settings;
    const lr = inUpdate(t, learningRate);
    const b1 = inUpdate(t, beta1);
    this.theta = elementwise(
      (x, m, g) => x - lr * Math.sign(b1 * m + (1 - b1) * g),
      this.decayed(1 - lr * weightDecay),
      this.velocity,
      gradient,
    );
    this.velocity = elementwise((m, g) => b2 * m + (1 - b2) * g, this.velocity, gradient);
  }
}
