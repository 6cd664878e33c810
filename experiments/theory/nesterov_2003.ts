import { type Gpu, nesterov, reference } from "../../mod.ts";
import { conditionNumbers, logarithmicSpectrum } from "./conditions.ts";
import { followEach, type Minimisation, type Path, type Paths } from "./descent.ts";
import { height, heights } from "./height.ts";
import { rateFigure } from "./rate_figure.ts";
import { type Measured, row, type StatementAndFigure, type TheoryFigure } from "./statement.ts";

/** A bound of f - f* below this is followed no further. */
const smallest = 1e-4;

/** A quadratic with its minimum 0 at 0 and L = 1, and the rate of NAG with a constant mu on it. */
interface Problem extends Minimisation {
  conditionNumber: number;
  /** m. */
  least: number;
  /** 1 / sqrt R. */
  q: number;
}

/** A problem and what became of it. */
type Outcome = Problem & Paths;

/**
 * NAG with the constant mu that is best for eps = 1/L, against what Nesterov proved of it and against
 * what becomes of a quadratic. Along the eigendirection of lambda, with L = 1, q = 1/sqrt R and
 * mu = (1 - q)/(1 + q),
 *
 * e_{t+1} = (1 - lambda) ((1 + mu) e_t - mu e_{t-1}), e_1 = (1 - lambda) e_0.
 *
 * At m = q^2 both roots are 1 - q, so that e_t = (1 + q t) (1 - q)^t e_0. Elsewhere they are a pair of
 * the size r = sqrt((1 - lambda) mu) <= 1 - q and the angle a, and e_t / e_0 = r^t (cos a t + B sin(a t)/
 * sin a) with B = r (1 - mu)/(2 mu) <= q: of at most that size, since sin(a t) <= t sin a.
 */
export async function nesterov2003Rate(
  gpu: Gpu,
  interruption: AbortSignal,
  conditions: readonly number[] = conditionNumbers,
): Promise<StatementAndFigure> {
  const outcomes = await followEach(gpu, conditions.map(constantMomentum), interruption);
  return {
    statement: {
      id: "nesterov-2003",
      title: "NAG with a constant momentum",
      statement: "With mu = (sqrt R - 1)/(sqrt R + 1) and eps = 1/L f(theta) - f* is at most " +
        "(m + L)/2 |e_0|^2 (1 - 1/sqrt R)^t, R = L/m, and on a quadratic the error along each " +
        "eigendirection at most (1 + t/sqrt R) (1 - 1/sqrt R)^t times the first, exactly that at m.",
      source: "section 3, a constant mu where f is strongly convex; Nesterov 2003, theorem 2.2.3",
      rows: [
        ...outcomes.map((outcome) =>
          row(
            `f - f*, condition number ${outcome.conditionNumber}`,
            heights(outcome, outcome.float64, (update) => bound(update, outcome)),
            heights(outcome, outcome.gpu, (update) => bound(update, outcome)),
          )
        ),
        ...outcomes.map((outcome) =>
          row(
            `error along each eigendirection, condition number ${outcome.conditionNumber}`,
            directionErrors(outcome, outcome.float64),
            directionErrors(outcome, outcome.gpu),
          )
        ),
      ],
    },
    figure: figureOf(outcomes),
  };
}

/** A quadratic of a condition number, to be minimised by NAG with a constant mu. */
export function constantMomentum(conditionNumber: number): Problem {
  const spectrum = logarithmicSpectrum(conditionNumber);
  const [least] = spectrum;
  const q = Math.sqrt(least);
  const problem = {
    conditionNumber,
    least,
    q,
    quadratic: new reference.Quadratic({ spectrum }),
    start: new Float64Array(spectrum.length).fill(1),
    optimizer: nesterov({ learningRate: 1, momentum: (1 - q) / (1 + q) }),
  };
  let updates = 1;
  while (bound(updates, problem) > smallest) updates++;
  return { ...problem, updates };
}

/** (m + L)/2 |e_0|^2 (1 - 1/sqrt R)^t with L = 1. */
function bound(update: number, { least, q, start }: Omit<Problem, "updates">): number {
  return (least + 1) / 2 * start.reduce((sum, e) => sum + e ** 2, 0) * (1 - q) ** update;
}

/** (1 + t/sqrt R) (1 - 1/sqrt R)^t. */
function envelope(update: number, { q }: Problem): number {
  return (1 + q * update) * (1 - q) ** update;
}

/** The error along each eigendirection, beside the most that it may be; at m it may be no less. */
export function* directionErrors(problem: Problem, path: Path): Iterable<Measured> {
  for (const { update, theta, error } of path) {
    const most = envelope(update, problem);
    for (const [i, value] of theta.entries()) {
      yield { residual: Math.abs(value), bound: most * problem.start[i] + error[i] };
    }
    yield { residual: most * problem.start[0], bound: Math.abs(theta[0]) + error[0] };
  }
}

function figureOf(outcomes: readonly Outcome[]): TheoryFigure {
  return rateFigure({
    name: "nesterov_2003",
    title: "NAG with the best constant μ for ε = 1/L, on quadratics",
    alt:
      "Four panels, one a condition number from 10 to 10,000: f - f* against the updates, on a " +
      "logarithmic axis, starts some ten times below Nesterov's bound and falls about twice as " +
      "steeply, below what the errors of the eigendirections may add up to; float64 and the GPU agree.",
    outcomes,
    measure: height,
    quantity: ["f − f*", "(units of the quadratic)"],
    bounds: [
      { column: "bound", name: "Nesterov’s bound", at: bound },
      {
        column: "envelope",
        name: "bound by eigendirections",
        at: (update, outcome) => envelope(update, outcome) ** 2 * height(outcome.start, outcome),
      },
    ],
    optimizer: "nag",
    xScale: "linear",
    domain: [1e-12, 30],
  });
}
