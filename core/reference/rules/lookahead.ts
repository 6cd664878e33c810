import { elementwise } from "./elementwise.ts";
import type { GradientAt, Movable, Rule, Values } from "./rule.ts";

/** What fixes a {@linkcode Lookahead}. */
export interface LookaheadSettings {
  /** k, the inner updates between two of the slow weights; the authors' is 5. */
  period: number;
  /** How far the slow weights go; the authors' is 0.5. */
  alpha: number;
  /**
   * What becomes of the inner velocity then: it is kept (the authors'), reset to zero, or pulled as
   * the weights are, towards its own slow copy.
   */
  velocity: "keep" | "reset" | "pull";
}

/**
 * Lookahead (Zhang, Lucas, Hinton and Ba, 2019) around another rule. Every k updates
 *
 * slow' = slow + alpha (fast - slow), fast = slow'
 *
 * The network is evaluated at the slow weights, the gradient is the inner rule's.
 */
export class Lookahead implements Rule {
  /** The slow weights. */
  theta: Values;
  readonly #inner: Movable;
  readonly #settings: LookaheadSettings;
  #slowVelocity: Values;
  #updates = 0;

  /** Around a rule that has not begun. */
  constructor(inner: Movable, settings: LookaheadSettings) {
    this.#inner = inner;
    this.#settings = settings;
    this.theta = inner.theta;
    this.#slowVelocity = inner.velocity;
  }

  /** The fast weights. */
  get fast(): Values {
    return this.#inner.theta;
  }

  get point(): Values {
    return this.#inner.point;
  }

  step(gradientAt: GradientAt): void {
    const { period, alpha, velocity } = this.#settings;
    this.#inner.step(gradientAt);
    this.#updates++;
    if (this.#updates % period !== 0) return;
    const pull = (slow: Values, fast: Values) =>
      elementwise((slow, fast) => slow + alpha * (fast - slow), slow, fast);
    this.#inner.theta = this.theta = pull(this.theta, this.#inner.theta);
    if (velocity === "reset") {
      this.#inner.velocity = this.#inner.velocity.map((v) => v.map(() => 0));
    } else if (velocity === "pull") {
      this.#slowVelocity = pull(this.#slowVelocity, this.#inner.velocity);
      this.#inner.velocity = this.#slowVelocity;
    }
  }
}
