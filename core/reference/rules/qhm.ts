import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode QHM}. */
export interface QHMSettings {
  learningRate: Setting;
  /** beta; the authors' is 0.999. */
  momentum: Setting;
  /** The share of the averaged gradient in a step; the authors' is 0.7. */
  nu: Setting;
}

/**
 * Quasi-hyperbolic momentum (Ma and Yarats, ICLR 2019):
 *
 * m' = beta m + (1 - beta) g, theta' = theta - lr ((1 - nu) g + nu m')
 *
 * m is an average, so the rate counts like SGD's: CM's is lr (1 - beta).
 */
export class QHM extends Stepper {
  readonly #settings: QHMSettings;

  constructor(start: readonly TensorValues[], settings: QHMSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const lr = inUpdate(t, this.#settings.learningRate);
    const beta = inUpdate(t, this.#settings.momentum);
    const nu = inUpdate(t, this.#settings.nu);
    this.velocity = elementwise((m, g) => beta * m + (1 - beta) * g, this.velocity, gradient);
    this.theta = elementwise(
      (x, g, m) => x - lr * ((1 - nu) * g + nu * m),
      this.theta,
      gradient,
      this.velocity,
    );
  }
}
