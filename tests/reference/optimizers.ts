/** Stochastic gradient descent, classical momentum, Nesterov's accelerated gradient. */
export type Method = "SGD" | "CM" | "NAG";

/**
 * An optimizer as the paper writes it (section 2), with theta and the velocity v in two buffers:
 *
 * v' = mu v - eps grad f(p), theta' = theta + v'
 *
 * with p = theta for CM and p = theta + mu v for NAG. SGD is CM at mu = 0.
 */
export class TwoBuffer {
  theta: Float64Array;
  velocity: Float64Array;
  readonly #method: Method;

  /** Starts at `theta` and at rest. */
  constructor(method: Method, theta: Float64Array) {
    this.#method = method;
    this.theta = theta.slice();
    this.velocity = new Float64Array(theta.length);
  }

  /** One update with this step's eps and mu. `gradientAt` is called once. */
  step(
    gradientAt: (point: Float64Array) => Float64Array,
    learningRate: number,
    momentum: number,
  ): void {
    const mu = this.#method === "SGD" ? 0 : momentum;
    const lead = this.#method === "NAG" ? mu : 0;
    const gradient = gradientAt(this.theta.map((x, i) => x + lead * this.velocity[i]));
    this.velocity = this.velocity.map((v, i) => mu * v - learningRate * gradient[i]);
    this.theta = this.theta.map((x, i) => x + this.velocity[i]);
  }
}

/** What a {@linkcode oneBufferUpdate} changes. */
export interface OneBuffer {
  /** theta + lead v. */
  phi: Float64Array;
  velocity: Float64Array;
}

/** The scalars of a {@linkcode oneBufferUpdate}. */
export interface Rates {
  learningRate: number;
  momentum: number;
  /** Before the update phi = theta + lead v. */
  lead: number;
  /** After the update phi' = theta' + nextLead v'. */
  nextLead: number;
}

/**
 * The same update where only phi = theta + lead v is kept, from the gradient at phi:
 *
 * v' = mu v - eps grad f(phi), phi' = phi - lead v + (1 + nextLead) v'
 *
 * NAG has lead = mu of this update and nextLead = mu of the next; CM has 0 for both.
 */
export function oneBufferUpdate(
  { phi, velocity }: OneBuffer,
  gradient: Float64Array,
  { learningRate, momentum, lead, nextLead }: Rates,
): OneBuffer {
  const next = velocity.map((v, i) => momentum * v - learningRate * gradient[i]);
  return {
    phi: phi.map((x, i) => x - lead * velocity[i] + (1 + nextLead) * next[i]),
    velocity: next,
  };
}
