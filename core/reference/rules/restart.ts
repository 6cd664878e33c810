import { dot, elementwise } from "./elementwise.ts";
import type { MomentumSettings } from "./momentum.ts";
import { inUpdate, Stepper, type TensorValues, type Values } from "./rule.ts";

/**
 * Nesterov's accelerated gradient with the gradient scheme of adaptive restart (O'Donoghue and
 * Candes, 2015): where the step went uphill, g . v' > 0, the velocity is set to 0 after it and the
 * momentum schedule starts anew. g is the gradient at theta + mu v; the dot product is over all
 * tensors. The learning rate's schedule does not start anew.
 */
export class Restart extends Stepper {
  /** Updates of the momentum schedule since it last began. */
  phase = 0;
  readonly #settings: MomentumSettings;

  constructor(start: readonly TensorValues[], settings: MomentumSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
  }

  override get point(): Values {
    const mu = this.#momentum;
    return elementwise((x, v) => x + mu * v, this.theta, this.velocity);
  }

  protected override update(gradient: Values, t: number): void {
    const lr = inUpdate(t, this.#settings.learningRate);
    const mu = this.#momentum;
    this.velocity = elementwise((v, g) => mu * v - lr * g, this.velocity, gradient);
    this.theta = elementwise((x, v) => x + v, this.theta, this.velocity);
    this.phase++;
    if (dot(gradient, this.velocity) > 0) {
      this.velocity = this.filled();
      this.phase = 0;
    }
  }

  get #momentum(): number {
    return inUpdate(this.phase + 1, this.#settings.momentum);
  }
}
