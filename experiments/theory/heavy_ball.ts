import { classicalMomentum, type Gpu, reference } from "../../mod.ts";
import { conditionNumbers, logarithmicSpectrum } from "./conditions.ts";
import { followEach, type Minimisation, type Path, type Paths } from "./descent.ts";
import { rateFigure } from "./rate_figure.ts";
import { type Measured, row, type StatementAndFigure, type TheoryFigure } from "./statement.ts";

/** A bound below this is followed no further. */
const smallest = 1e-6;

/** A quadratic with its minimum 0 at 0, and the rate of the heavy ball on it. */
interface Problem extends Minimisation {
  conditionNumber: number;
  /** (sqrt R - 1) / (sqrt R + 1). */
  rho: number;
}

/** A problem and what became of it. */
type Outcome = Problem & Paths;

/**
 * Polyak's heavy ball, CM with its best mu and eps on a quadratic, against its bound. At the ends of
 * the spectrum both roots of an update are rho in size, so that errors fall as t rho^t and not as
 * rho^t; the figure shows both. There the error is (1 + (1 - rho) t) rho^t at m and (1 + (1 + rho) t)
 * rho^t at L, which leaves the bound room for the rounding of rho itself.
 */
export async function heavyBall(
  gpu: Gpu,
  interruption: AbortSignal,
  conditions: readonly number[] = conditionNumbers,
): Promise<StatementAndFigure> {
  const outcomes = await followEach(gpu, conditions.map(problemOf), interruption);
  return {
    statement: {
      id: "heavy-ball",
      title: "The heavy ball at its best",
      statement:
        "With mu = rho^2, rho = (sqrt R - 1)/(sqrt R + 1), and eps = 4/(sqrt L + sqrt m)^2 " +
        "the error along each eigendirection is at most (1 + 2t) rho^t times the first, R = L/m.",
      source: "section 2; Polyak 1964",
      rows: outcomes.map((outcome) =>
        row(
          `error along each eigendirection, condition number ${outcome.conditionNumber}`,
          errors(outcome, outcome.float64),
          errors(outcome, outcome.gpu),
        )
      ),
    },
    figure: figureOf(outcomes),
  };
}

function problemOf(conditionNumber: number): Problem {
  const spectrum = logarithmicSpectrum(conditionNumber);
  const [rootM, rootL] = [Math.sqrt(spectrum[0]), 1];
  const rho = (rootL - rootM) / (rootL + rootM);
  let updates = 1;
  while (bound(rho, updates) > smallest) updates++;
  return {
    conditionNumber,
    rho,
    updates,
    quadratic: new reference.Quadratic({ spectrum }),
    start: new Float64Array(spectrum.length).fill(1),
    optimizer: classicalMomentum({
      momentum: rho ** 2,
      learningRate: 4 / (rootL + rootM) ** 2,
    }),
  };
}

function bound(rho: number, update: number): number {
  return (1 + 2 * update) * rho ** update;
}

function* errors({ rho, start }: Problem, path: Path): Iterable<Measured> {
  for (const { update, theta, error } of path) {
    for (const [i, value] of theta.entries()) {
      yield { residual: Math.abs(value), bound: bound(rho, update) * start[i] + error[i] };
    }
  }
}

function figureOf(outcomes: readonly Outcome[]): TheoryFigure {
  return rateFigure({
    name: "heavy_ball",
    title: "Heavy ball with its best μ and ε, on quadratics",
    alt: "Four panels, one a condition number from 10 to 10,000: the largest error of any " +
      "eigendirection falls along a nearly straight line on a logarithmic axis, just below its " +
      "bound (1 + 2t) ρ^t and far above ρ^t; float64 and the GPU agree.",
    outcomes,
    measure: (theta) => Math.max(...theta.map(Math.abs)),
    quantity: ["largest |eₜ| / |e₀|", "of an eigendirection"],
    bounds: [
      { column: "bound", name: "bound (1 + 2t) ρᵗ", at: (update, { rho }) => bound(rho, update) },
      { column: "power", name: "ρᵗ alone, no bound", at: (update, { rho }) => rho ** update },
    ],
    optimizer: "cm",
    xScale: "linear",
    domain: [smallest / 10, 100],
  });
}
