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
  /** The parameters. */
  theta: Float64Array;
  /** v. */
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
  /** v. */
  velocity: Float64Array;
}

/** The scalars of a {@linkcode oneBufferUpdate}. */
export interface Rates {
  /** eps. */
  learningRate: number;
  /** mu. */
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

/**
 * Nesterov's accelerated gradient as he wrote it in 1983, without a velocity (paper, appendix A.1):
 *
 * theta_k = y_k - eps grad f(y_k), a_{k+1} = (1 + sqrt(4 a_k^2 + 1)) / 2,
 * y_{k+1} = theta_k + ((a_k - 1) / a_{k+1}) (theta_k - theta_{k-1}), from y_1 = theta_0 and a_0 = 1
 *
 * with a fixed eps, and with a_k counted from a_0 as the paper's schedule does.
 */
export class Nesterov1983 {
  /** theta_k. */
  theta: Float64Array;
  #y: Float64Array;
  #a = 1;

  /** Starts at `theta`. */
  constructor(theta: Float64Array) {
    this.theta = theta.slice();
    this.#y = this.theta;
    this.#a = nextA(this.#a);
  }

  /** Moves from theta_{k-1} to theta_k. */
  step(gradientAt: (point: Float64Array) => Float64Array, learningRate: number): void {
    const gradient = gradientAt(this.#y);
    const theta = this.#y.map((y, i) => y - learningRate * gradient[i]);
    const next = nextA(this.#a);
    const momentum = (this.#a - 1) / next;
    this.#y = theta.map((x, i) => x + momentum * (x - this.theta[i]));
    [this.theta, this.#a] = [theta, next];
  }
}

function nextA(a: number): number {
  return (1 + Math.sqrt(4 * a ** 2 + 1)) / 2;
}

/**
 * One step of conjugate gradients on x'Bx/2 - d'x from x, its first one, along the residual
 * r = d - Bx: x' = x + eps r with eps = r'r / r'Br (paper, section 5).
 */
export function conjugateGradientStep(
  timesB: (x: Float64Array) => Float64Array,
  d: Float64Array,
  x: Float64Array,
): { x: Float64Array; learningRate: number } {
  const Bx = timesB(x);
  const residual = d.map((d, i) => d - Bx[i]);
  const learningRate = dot(residual, residual) / dot(residual, timesB(residual));
  return { x: x.map((x, i) => x + learningRate * residual[i]), learningRate };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, a, i) => sum + a * b[i], 0);
}
