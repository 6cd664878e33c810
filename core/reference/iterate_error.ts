import { matmul } from "./matmul.ts";
import type { Rates } from "./optimizers.ts";
import type { Quadratic } from "./quadratic.ts";
import { smallestNormal, unitRoundoff } from "./tolerance.ts";

/** A format of floating-point numbers. */
export interface Arithmetic {
  /** The largest relative error of one rounding. */
  unitRoundoff: number;
  /** What lies below may become zero. */
  smallestNormal: number;
}

/** What the GPU computes in. */
export const float32: Arithmetic = { unitRoundoff, smallestNormal };

/** What the reference computes in. */
export const float64: Arithmetic = { unitRoundoff: 2 ** -53, smallestNormal: 2 ** -1022 };

/** A minimisation whose roundings are counted. */
export interface Iteration {
  /** What is minimised. */
  quadratic: Quadratic;
  /** Where theta starts. */
  start: Float64Array;
  /** Of each update. */
  rates: readonly Rates[];
  /** Set where the velocity is not stored but taken as the difference of two iterates. */
  differences?: boolean;
}

/**
 * The most that roundings move theta from where exact arithmetic takes it, after t = 0, 1, 2, ...
 * updates and along each eigendirection of the quadratic: for SGD, CM and NAG, with theta and v in
 * two buffers or with phi = theta + lead v in one, theta being phi - lead v rounded once more.
 *
 * Along the eigendirection of lambda, with m = mu - eps lambda lead, an update takes a deviation
 * (theta, v) to
 *
 * v' = m v - eps lambda theta, theta' = theta + v'
 *
 * A rounding is a deviation that arises at one update, and later ones carry it on: the error after
 * t updates is the sum over roundings of what they have become by then. Each is carried on with its
 * sign, exactly, and their sizes are added, so the bound holds whatever the signs of the roundings
 * and grows no faster than the iteration allows.
 *
 * Where n values round one after another the relative error is gamma_n = n u / (1 - n u) at most.
 * With p = |theta| + |lead v| and G = |A| p + |b|, of the values as rounded so far:
 * - the gradient at phi passes n + 2 roundings of a sum of products, its matrix and b being rounded
 *   as well, 3 of phi (lead, product, sum), and 3 of eps, of eps g and of v': an error of v' of
 *   gamma_{n+8} eps G; mu, mu v and v' make gamma_3 |mu v|;
 * - phi' = phi - lead v + (1 + nextLead) v' rounds each of its terms at most four times:
 *   gamma_4 (p + (1 + |nextLead|) (|mu v| + eps G)), and theta' = theta + v' does so less often;
 * - where v is the difference of two iterates, these round as phi' does, in v' itself.
 */
export function iterateErrors(iteration: Iteration, arithmetic: Arithmetic): Float64Array[] {
  const iterate = new RoundedIterate(iteration, arithmetic);
  return [
    new Float64Array(iteration.start.length),
    ...iteration.rates.map((rates) => iterate.update(rates)),
  ];
}

/** An iterate in exact arithmetic, and how far rounding may have moved another one from it. */
class RoundedIterate {
  readonly #iteration: Iteration;
  readonly #arithmetic: Arithmetic;
  readonly #flows: readonly ErrorFlow[];
  #theta: Float64Array;
  #velocity: Float64Array;

  constructor(iteration: Iteration, arithmetic: Arithmetic) {
    this.#iteration = iteration;
    this.#arithmetic = arithmetic;
    this.#flows = iteration.quadratic.spectrum.map((lambda) => new ErrorFlow(lambda));
    this.#theta = iteration.start;
    this.#velocity = new Float64Array(iteration.start.length);
  }

  /** Goes on by one update and tells the errors along the eigendirections. */
  update(rates: Rates): Float64Array {
    const { quadratic } = this.#iteration;
    const local = this.#localErrors(rates);
    const [theta, velocity] = [local.theta, local.velocity].map((error) =>
      absoluteProduct(quadratic.rotation, error)
    );
    this.#flows.forEach((flow, i) => flow.update(rates, theta[i], velocity[i]));
    const { learningRate, momentum, lead, nextLead } = rates;
    const phi = this.#theta.map((x, i) => x + lead * this.#velocity[i]);
    const gradient = quadratic.gradient(phi);
    this.#velocity = this.#velocity.map((v, i) => momentum * v - learningRate * gradient[i]);
    this.#theta = this.#theta.map((x, i) => x + this.#velocity[i]);
    return this.#errorsAsRead(nextLead);
  }

  /** What one update adds, coordinate by coordinate, to the error of v' and of theta' besides it. */
  #localErrors({ learningRate, momentum, lead, nextLead }: Rates) {
    const { quadratic: { matrix, linear }, differences = false } = this.#iteration;
    const { unitRoundoff: u, smallestNormal: flushed } = this.#arithmetic;
    const { theta, velocity } = this.#sizes();
    const n = theta.length;
    const reach = theta.map((x, i) => x + Math.abs(lead) * velocity[i]);
    const slope = absoluteProduct(matrix, reach)
      .map((product, i) => learningRate * (product + Math.abs(linear[i])));
    const kept = velocity.map((v) => Math.abs(momentum) * v);
    const position = reach.map((p, i) =>
      gamma(4, u) * (p + (1 + Math.abs(nextLead)) * (kept[i] + slope[i])) + 8 * flushed
    );
    return {
      theta: position,
      velocity: slope.map((slope, i) =>
        gamma(n + 8, u) * slope + gamma(3, u) * kept[i] + (differences ? position[i] : 0) +
        (learningRate * (n + 5) + 3) * flushed
      ),
    };
  }

  /** The most that the coordinates of theta and v may be in size. */
  #sizes(): { theta: Float64Array; velocity: Float64Array } {
    const { rotation } = this.#iteration.quadratic;
    const within = (exact: Float64Array, part: "theta" | "velocity") => {
      const errors = Float64Array.from(this.#flows, (flow) => flow[part]);
      const inSpace = absoluteProduct(rotation, errors, { transposeA: true });
      return exact.map((value, i) => Math.abs(value) + inSpace[i]);
    };
    return { theta: within(this.#theta, "theta"), velocity: within(this.#velocity, "velocity") };
  }

  /** With the roundings of phi - lead v: of the lead, a product and a sum of at most |theta| + 2 |lead v|. */
  #errorsAsRead(lead: number): Float64Array {
    const { unitRoundoff: u, smallestNormal: flushed } = this.#arithmetic;
    const { theta, velocity } = this.#sizes();
    const terms = theta.map((x, i) => gamma(3, u) * (x + 2 * Math.abs(lead) * velocity[i]));
    const reading = absoluteProduct(this.#iteration.quadratic.rotation, terms);
    return reading.map((error, i) => error + this.#flows[i].theta + 2 * flushed);
  }
}

/** What the roundings so far have become along one eigendirection. */
class ErrorFlow {
  readonly #lambda: number;
  /** Deviations of theta and v, one pair for each source of error. */
  readonly #theta: number[] = [];
  readonly #velocity: number[] = [];

  constructor(lambda: number) {
    this.#lambda = lambda;
  }

  /** The sum of their sizes in theta. */
  get theta(): number {
    return sumOfSizes(this.#theta);
  }

  /** The sum of their sizes in v. */
  get velocity(): number {
    return sumOfSizes(this.#velocity);
  }

  /** Carries all on by an update, and adds those that arise in it. */
  update({ learningRate, momentum, lead }: Rates, theta: number, velocity: number): void {
    const slope = learningRate * this.#lambda;
    const kept = momentum - slope * lead;
    for (let k = 0; k < this.#theta.length; k++) {
      this.#velocity[k] = kept * this.#velocity[k] - slope * this.#theta[k];
      this.#theta[k] += this.#velocity[k];
    }
    this.#theta.push(velocity, theta); // theta' holds v'
    this.#velocity.push(velocity, 0);
  }
}

function sumOfSizes(values: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += Math.abs(values[k]);
  return sum;
}

function gamma(roundings: number, u: number): number {
  return roundings * u / (1 - roundings * u);
}

/** |M| x, or |M'| x. */
function absoluteProduct(
  matrix: Float64Array,
  x: Float64Array,
  { transposeA = false } = {},
): Float64Array {
  const product = { rows: x.length, columns: 1, shared: x.length, transposeA };
  return matmul(matrix.map(Math.abs), x, product);
}
