import { elementwise } from "./elementwise.ts";
import { inUpdate, type Setting, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode SGD}. */
export interface SGDSettings {
  learningRate: Setting;
}

/** What fixes {@linkcode CM} and {@linkcode NAG}. */
export interface MomentumSettings extends SGDSettings {
  momentum: Setting;
}

/** What fixes {@linkcode MomentumWithLead}. */
export interface MomentumWithLeadSettings extends MomentumSettings {
  /** k, the lead as a multiple of mu. */
  lead: Setting;
}

/** Stochastic gradient descent: theta' = theta - lr g. */
export class SGD extends Stepper {
  readonly #settings: SGDSettings;

  constructor(start: readonly TensorValues[], settings: SGDSettings) {
    super(start);
    this.#settings = settings;
  }

  protected override update(gradient: Values, t: number): void {
    const lr = inUpdate(t, this.#settings.learningRate);
    this.theta = elementwise((x, g) => x - lr * g, this.theta, gradient);
  }
}

/**
 * Classical momentum (Polyak 1964; Sutskever and others 2013, equations 1 and 2):
 *
 * v' = mu v - lr g(theta), theta' = theta + v'
 *
 * The velocity holds the rate: a rate that changes acts on new gradients alone.
 */
export class CM extends Stepper {
  protected readonly settings: MomentumSettings;

  constructor(start: readonly TensorValues[], settings: MomentumSettings) {
    super(start);
    this.settings = settings;
    this.velocity = this.filled();
  }

  protected override update(gradient: Values, t: number): void {
    const lr = inUpdate(t, this.settings.learningRate);
    const mu = inUpdate(t, this.settings.momentum);
    this.velocity = elementwise((v, g) => mu * v - lr * g, this.velocity, gradient);
    this.theta = elementwise((x, v) => x + v, this.theta, this.velocity);
  }
}

/**
 * Nesterov's accelerated gradient (Sutskever and others 2013, equations 3 and 4):
 *
 * v' = mu v - lr g(theta + mu v), theta' = theta + v'
 *
 * The gradient point takes the mu of the update that uses it, so a schedule's next value. PyTorch's
 * `nesterov` keeps that point in place of theta, so evaluates there.
 */
export class NAG extends CM {
  override get point(): Values {
    const mu = inUpdate(this.updates + 1, this.settings.momentum);
    return elementwise((x, v) => x + mu * v, this.theta, this.velocity);
  }
}

/**
 * Momentum with a lead: v' = mu v - lr g(theta + k mu v), theta' = theta + v'
 *
 * k = 0 is CM, k = 1 NAG. k and mu of the gradient point are those of the update that uses it.
 */
export class MomentumWithLead extends CM {
  readonly #lead: Setting;

  constructor(start: readonly TensorValues[], settings: MomentumWithLeadSettings) {
    super(start, settings);
    this.#lead = settings.lead;
  }

  override get point(): Values {
    const t = this.updates + 1;
    const lead = inUpdate(t, this.#lead) * inUpdate(t, this.settings.momentum);
    return elementwise((x, v) => x + lead * v, this.theta, this.velocity);
  }
}
