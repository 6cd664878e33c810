import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode AdEMAMix}. */
export interface AdEMAMixSettings {
  /** The authors' is 1e-3. */
  learningRate: Setting;
  /** Of the fast mean of g; the authors' is 0.9. */
  beta1: number;
  /** Of the mean of g^2; the authors' is 0.999. */
  beta2: number;
  /** Of the slow mean of g; the authors' is 0.9999. */
  beta3: number;
  /** The weight of the slow mean: 5 in the paper, 2 in the authors' code. */
  alpha: number;
  /** T, the updates over which alpha and beta3 rise to their values; 0 for none. */
  warmUp: number;
  /** The authors' is 1e-8. */
  epsilon: number;
  /** None if not given. */
  weightDecay?: number;
}

/**
 * Adam with a second, slow mean (Pagliardini, Ablin and Grangier, 2024):
 *
 * m1' = b1 m1 + (1 - b1) g, m2' = b3_t m2 + (1 - b3_t) g, n' = b2 n + (1 - b2) g^2,
 * theta' = theta - lr ((m1' / (1 - b1^t) + alpha_t m2') / (sqrt(n' / (1 - b2^t)) + eps) + wd theta)
 *
 * The slow mean has no bias correction. For t < T, alpha_t = alpha t / T and b3_t has a half-life
 * between those of b1 and b3; see {@linkcode warmedBeta}.
 */
export class AdEMAMix extends Stepper {
  readonly #settings: AdEMAMixSettings;
  #slow: Values;
  #square: Values;

  constructor(start: readonly TensorValues[], settings: AdEMAMixSettings) {
    super(start);
    this.#settings = settings;
    this.velocity = this.filled();
    this.#slow = this.filled();
    this.#square = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const { beta1: b1, beta2: b2, beta3, warmUp, epsilon, weightDecay = 0 } = this.#settings;
    const lr = inUpdate(t, this.#settings.learningRate);
    const share = t < warmUp ? t / warmUp : 1;
    const alpha = share * this.#settings.alpha;
    const b3 = share < 1 ? warmedBeta(share, b1, beta3) : beta3;
    this.velocity = elementwise((m, g) => b1 * m + (1 - b1) * g, this.velocity, gradient);
    this.#slow = elementwise((m, g) => b3 * m + (1 - b3) * g, this.#slow, gradient);
    this.#square = elementwise((n, g) => b2 * n + (1 - b2) * g * g, this.#square, gradient);
    const [correct1, correct2] = [1 - b1 ** t, 1 - b2 ** t];
    this.theta = elementwise(
      (x, fast, slow, n) =>
        x - lr * (fast / correct1 + alpha * slow) / (Math.sqrt(n / correct2) + epsilon),
      this.decayed(1 - lr * weightDecay),
      this.velocity,
      this.#slow,
      this.#square,
    );
  }
}

/**
 * The beta whose half-life lies at `share` of the way from that of `from` to that of `to`:
 *
 * 0.5^(1 / (1 + (1 - share) f(from) + share f(to))), f(b) = ln 0.5 / ln(b + 1e-8) - 1
 *
 * The 1e-8 is the authors'.
 */
export function warmedBeta(share: number, from: number, to: number): number {
  const f = (beta: number) => Math.log(0.5) / Math.log(beta + 1e-8) - 1;
  return 0.5 ** (1 / (1 + (1 - share) * f(from) + share * f(to)));
}
