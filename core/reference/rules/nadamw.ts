import type { AdamWSettings } from "./adamw.ts";
import { elementwise } from "./elementwise.ts";
import { inUpdate, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode NAdamW}. */
export interface NAdamWSettings extends Omit<AdamWSettings, "beta1" | "v0"> {
  /** The authors' is 0.9. */
  beta1: number;
  /** How fast mu_t rises to beta1; the authors' is 0.004. */
  psi: number;
}

/**
 * Nesterov's momentum in Adam (Dozat, 2016), with decoupled weight decay:
 *
 * mu_t = b1 (1 - 0.96^(psi t) / 2), P_t = mu_1 ... mu_t, m' and s' as AdamW's,
 * theta' = (1 - lr wd) theta
 *   - lr ((1 - mu_t) g / (1 - P_t) + mu_{t+1} m' / (1 - P_t mu_{t+1})) / (sqrt(s' / (1 - b2^t)) + eps)
 *
 * m averages with b1, not mu_t. PyTorch's single-tensor form before 2.0 has mu_t in it twice.
 */
export class NAdamW extends Stepper {
  readonly #settings: NAdamWSettings;
  #square: Values;
  #product = 1;

  constructor(start: readonly TensorValues[], settings: NAdamWSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
    this.#square = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const { beta1: b1, beta2: b2, epsilon, psi, weightDecay = 0 } = this.#settings;
    const lr = inUpdate(t, this.#settings.learningRate);
    const [mu, nextMu] = [t, t + 1].map((t) => b1 * (1 - 0.96 ** (psi * t) / 2));
    this.#product *= mu;
    this.velocity = elementwise((m, g) => b1 * m + (1 - b1) * g, this.velocity, gradient);
    this.#square = elementwise((s, g) => b2 * s + (1 - b2) * g * g, this.#square, gradient);
    const now = (1 - mu) / (1 - this.#product);
    const past = nextMu / (1 - this.#product * nextMu);
    const correct2 = 1 - b2 ** t;
    this.theta = elementwise(
      (x, g, m, s) => x - lr * (now * g + past * m) / (Math.sqrt(s / correct2) + epsilon),
      this.decayed(1 - lr * weightDecay),
      gradient,
      this.velocity,
      this.#square,
    );
  }
}
