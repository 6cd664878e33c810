import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode AggMo}. */
export interface AggMoSettings {
  learningRate: Setting;
  /** beta_i; the authors' are 0, 0.9, 0.99. */
  momenta: readonly Setting[];
}

/**
 * Aggregated momentum (Lucas, Sun, Zemel and Grosse, ICLR 2019), with K velocities:
 *
 * v_i' = beta_i v_i - g, theta' = theta + (lr / K) (v_1' + ... + v_K')
 *
 * The velocities do not hold the rate, unlike CM's: a rate that changes acts on all they remember.
 */
export class AggMo extends Stepper {
  readonly #settings: AggMoSettings;

  constructor(start: readonly TensorValues[], settings: AggMoSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = settings.momenta.flatMap(() => this.filled());
  }

  protected override update(gradient: Values, t: number): void {
    const { learningRate, momenta } = this.#settings;
    const rate = inUpdate(t, learningRate) / momenta.length;
    const velocities = momenta.map((momentum, i) => {
      const beta = inUpdate(t, momentum);
      const old = this.velocity.slice(i * gradient.length, (i + 1) * gradient.length);
      return elementwise((v, g) => beta * v - g, old, gradient);
    });
    const sum = elementwise((...vs) => vs.reduce((sum, v) => sum + v), ...velocities);
    this.velocity = velocities.flat();
    this.theta = elementwise((x, v) => x + rate * v, this.theta, sum);
  }
}
