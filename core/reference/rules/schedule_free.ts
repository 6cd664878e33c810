import { elementwise } from "./elementwise.ts";
import type { GradientAt, Rule, TensorValues, Values } from "./rule.ts";

/** What fixes {@linkcode ScheduleFreeSGD}. */
export interface ScheduleFreeSettings {
  /** Constant after the warm-up: the averaging stands for a schedule. */
  learningRate: number;
  /** beta, above 0 and below 1; the authors' is 0.9. */
  momentum: number;
  /** Updates over which the rate rises; 0 for none. */
  warmUp: number;
  /** r of the weights t^r; 0 if not given. */
  weightPower?: number;
  /** None if not given. Taken at the gradient point. */
  weightDecay?: number;
}

/** What fixes {@linkcode ScheduleFreeAdamW}. */
export interface ScheduleFreeAdamWSettings extends ScheduleFreeSettings {
  /** Of the mean of g^2; the authors' is 0.999. */
  beta2: number;
  /** The authors' is 1e-8. */
  epsilon: number;
}

/**
 * Schedule-free SGD (Defazio and others, "The Road Less Scheduled", 2024). z is the base sequence, x
 * its average, where the network is evaluated, and y the gradient point; all start equal:
 *
 * h = g(y) + wd y, z' = z - lr_t h, x' = (1 - c_t) x + c_t z', y' = beta x' + (1 - beta) z',
 * lr_t = lr min(1, t / warm-up), c_t = w_t / (w_1 + ... + w_t), w_t = t^r (max lr so far)^2
 *
 * Evaluating or saving at y is the usual mistake. c_1 = 1, so x_1 = z_1.
 */
export class ScheduleFreeSGD implements Rule {
  /** x. */
  theta: Values;
  /** y. */
  point: Values;
  #z: Values;
  #updates = 0;
  #sumOfWeights = 0;
  #largestRate = 0;
  readonly #start: readonly TensorValues[];
  readonly #settings: ScheduleFreeSettings;

  constructor(start: readonly TensorValues[], settings: ScheduleFreeSettings) {
    this.#start = start;
    this.#settings = settings;
    this.theta = this.point = this.#z = start.map(({ values }) => values.slice());
  }

  step(gradientAt: GradientAt): void {
    const { learningRate, momentum, warmUp, weightPower = 0, weightDecay = 0 } = this.#settings;
    const t = ++this.#updates;
    const lr = t < warmUp ? learningRate * t / warmUp : learningRate;
    this.#largestRate = Math.max(this.#largestRate, lr);
    const weight = t ** weightPower * this.#largestRate ** 2;
    this.#sumOfWeights += weight;
    const c = weight / this.#sumOfWeights;
    const decay = this.#start.map(({ bias, values }) => values.map(() => bias ? 0 : weightDecay));
    const h = elementwise(
      (h, wd, y) => h + wd * y,
      this.direction(gradientAt(this.point), t),
      decay,
      this.point,
    );
    this.#z = elementwise((z, h) => z - lr * h, this.#z, h);
    this.theta = elementwise((x, z) => (1 - c) * x + c * z, this.theta, this.#z);
    this.point = elementwise((x, z) => momentum * x + (1 - momentum) * z, this.theta, this.#z);
  }

  /** h without its decay, from the gradient at y in update t, counted from 1. */
  protected direction(gradient: Values, _t: number): Values {
    return gradient;
  }
}

/**
 * Schedule-free AdamW: as {@linkcode ScheduleFreeSGD} with
 *
 * n' = b2 n + (1 - b2) g^2, h = g / (sqrt(n' / (1 - b2^t)) + eps) + wd y
 */
export class ScheduleFreeAdamW extends ScheduleFreeSGD {
  readonly #scale: ScheduleFreeAdamWSettings;
  #square: Values;

  constructor(start: readonly TensorValues[], settings: ScheduleFreeAdamWSettings) {
    super(start, settings);
    this.#scale = settings;
    this.#square = start.map(({ values }) => values.map(() => 0));
  }

  protected override direction(gradient: Values, t: number): Values {
    const { beta2: b2, epsilon } = this.#scale;
    this.#square = elementwise((n, g) => b2 * n + (1 - b2) * g * g, this.#square, gradient);
    const correct2 = 1 - b2 ** t;
    return elementwise((g, n) => g / (Math.sqrt(n / correct2) + epsilon), gradient, this.#square);
  }
}
