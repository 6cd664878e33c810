import type { reference } from "../../mod.ts";

/** One eigendirection in which the gradient has noise. */
export interface NoisyDirection {
  /** lambda. */
  curvature: number;
  /** s, of what is added to the gradient at each update. */
  deviation: number;
}

/**
 * The momentum of the CM that an update is in one eigendirection: mu of CM, mu (1 - eps lambda) of
 * NAG (theorem 2.1). The noise of NAG enters v' as that of CM does.
 */
function effectiveMomentum({ learningRate, momentum, lead }: reference.Rates, curvature: number) {
  return momentum - learningRate * curvature * lead;
}

/**
 * The mean and the variance of theta along one eigendirection, exactly: an update takes (theta, v) to
 *
 * v' = m v - eps (lambda theta + s N(0, 1)), theta' = theta + v'
 *
 * which is linear, so that the mean moves as without noise and the covariance on its own.
 */
export class NoisyMoments {
  readonly #direction: NoisyDirection;
  #mean: { theta: number; velocity: number };
  #covariance = { theta: 0, both: 0, velocity: 0 };

  /** Starts at rest, where theta is known. */
  constructor(direction: NoisyDirection, start: number) {
    this.#direction = direction;
    this.#mean = { theta: start, velocity: 0 };
  }

  /** E theta. */
  get mean(): number {
    return this.#mean.theta;
  }

  /** Var theta. */
  get variance(): number {
    return this.#covariance.theta;
  }

  /** Goes on by one update. */
  update(rates: reference.Rates): void {
    const { curvature, deviation } = this.#direction;
    const m = effectiveMomentum(rates, curvature);
    const slope = rates.learningRate * curvature;
    const velocity = m * this.#mean.velocity - slope * this.#mean.theta;
    this.#mean = { theta: this.#mean.theta + velocity, velocity };
    const { theta, both, velocity: square } = this.#covariance;
    const next = m * m * square - 2 * m * slope * both + slope * slope * theta +
      (rates.learningRate * deviation) ** 2;
    const across = m * both - slope * theta; // of theta and v'
    this.#covariance = { theta: theta + 2 * across + next, both: across + next, velocity: next };
  }
}

/** The variance of theta that constant rates end in: eps s^2 (1 + m)/(lambda (1 - m)(2(1 + m) - eps lambda)). */
export function stationaryVariance(
  rates: reference.Rates,
  { curvature, deviation }: NoisyDirection,
): number {
  const { learningRate } = rates;
  const m = effectiveMomentum(rates, curvature);
  return learningRate * deviation ** 2 * (1 + m) /
    (curvature * (1 - m) * (2 * (1 + m) - learningRate * curvature));
}

/**
 * The same as the discrete Lyapunov equation P = M P M' + Q has it, of (theta, v): its solution is the
 * sum of M^k Q M'^k, of which each pass here doubles the number of terms.
 */
export function lyapunovVariance(
  rates: reference.Rates,
  { curvature, deviation }: NoisyDirection,
): number {
  const m = effectiveMomentum(rates, curvature);
  const slope = rates.learningRate * curvature;
  const noise = (rates.learningRate * deviation) ** 2;
  let power: Matrix = [1 - slope, m, -slope, m];
  let sum: Matrix = [noise, noise, noise, noise];
  for (let doublings = 0; doublings < 40; doublings++) {
    const carried = product(product(power, sum), transpose(power));
    sum = [sum[0] + carried[0], sum[1] + carried[1], sum[2] + carried[2], sum[3] + carried[3]];
    power = product(power, power);
  }
  return sum[0];
}

/** [2, 2], row by row. */
type Matrix = readonly [number, number, number, number];

function product([a, b, c, d]: Matrix, [e, f, g, h]: Matrix): Matrix {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

function transpose([a, b, c, d]: Matrix): Matrix {
  return [a, c, b, d];
}
