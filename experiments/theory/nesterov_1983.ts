import { type Gpu, nesterov, nesterov1983, reference } from "../../mod.ts";
import { conditionNumbers, logarithmicSpectrum } from "./conditions.ts";
import {
  type Descent,
  distances,
  float64Path,
  gpuPaths,
  type Path,
  pathOf,
  upTo,
} from "./descent.ts";
import { height, heights } from "./height.ts";
import { rateFigure } from "./rate_figure.ts";
import { ratesOf } from "./rates.ts";
import { type Row, row, type StatementAndFigure, type TheoryFigure } from "./statement.ts";

/** Updates that each quadratic is followed for. */
const updates = 1000;

/** Evenly on a logarithmic scale, as long as that gives different numbers. */
const updatesRead = [
  ...new Set(Array.from({ length: 41 }, (_, i) => Math.round(updates ** (i / 40)))),
];

/** A quadratic with its minimum 0 at 0 and L = 1. */
interface Problem extends Descent {
  conditionNumber: number;
}

/** A problem and what became of it: in float64 after every update, on the GPU where it was read. */
type Outcome = Problem & { float64: Path; gpu: Path; recursion: Path };

/** NAG with Nesterov's schedule against the recursion he wrote, and against its rate. */
export async function nesterov1983Rate(
  gpu: Gpu,
  interruption: AbortSignal,
  conditions: readonly number[] = conditionNumbers,
): Promise<StatementAndFigure> {
  const problems = conditions.map(problemOf);
  const onGpu = await gpuPaths(gpu, problems, updatesRead, interruption);
  const outcomes = problems.map((problem, i): Outcome => ({
    ...problem,
    float64: float64Path(problem, upTo(updates)),
    gpu: onGpu[i],
    recursion: recursionPath(problem),
  }));
  return {
    statement: {
      id: "nesterov-1983",
      title: "NAG is Nesterov's method of 1983",
      statement:
        "With mu = (a_{k-1} - 1)/a_k at update k NAG's theta is that of his recursion, and " +
        "with eps = 1/L f(theta) - f* is at most 4 L |e_0|^2 / (k + 1)^2 after k updates.",
      source: "section 2 and appendix A.1; Nesterov 1983",
      rows: [...outcomes.map(recursionRow), ...outcomes.map(rateRow)],
    },
    figure: figureOf(outcomes),
  };
}

function problemOf(conditionNumber: number): Problem {
  const spectrum = logarithmicSpectrum(conditionNumber);
  return {
    conditionNumber,
    quadratic: new reference.Quadratic({ spectrum }),
    start: new Float64Array(spectrum.length).fill(1),
    optimizer: nesterov({ learningRate: 1, momentum: nesterov1983() }),
  };
}

function recursionPath(problem: Problem): Path {
  const { quadratic, start, optimizer } = problem;
  const recursion = new reference.Nesterov1983(start);
  const thetas = upTo(updates).map((update) => {
    recursion.step(
      (point) => quadratic.gradient(point),
      ratesOf(optimizer, update - 1).learningRate,
    );
    return recursion.theta;
  });
  return pathOf(problem, upTo(updates), thetas, reference.float64, { differences: true });
}

function recursionRow({ conditionNumber, recursion, float64, gpu }: Outcome): Row {
  const whereRead = recursion.filter(({ update }) => updatesRead.includes(update));
  return row(
    `theta against his recursion, condition number ${conditionNumber}`,
    distances(float64, recursion),
    distances(gpu, whereRead),
  );
}

function rateRow(outcome: Outcome): Row {
  return row(
    `f - f*, condition number ${outcome.conditionNumber}`,
    heights(outcome, outcome.float64, (update) => bound(update, outcome)),
    heights(outcome, outcome.gpu, (update) => bound(update, outcome)),
  );
}

/** 4 L |e_0|^2 / (k + 1)^2 with L = 1. */
function bound(update: number, { start }: Problem): number {
  return 4 * start.reduce((sum, e) => sum + e ** 2, 0) / (update + 1) ** 2;
}

function figureOf(outcomes: readonly Outcome[]): TheoryFigure {
  return rateFigure({
    name: "nesterov_1983",
    title: "NAG with Nesterov's schedule of 1983, on quadratics",
    alt:
      "Four panels, one a condition number from 10 to 10,000: f - f* against the updates, both " +
      "on logarithmic axes, stays some twenty times below 4 L |e_0|^2 / (t + 1)^2 and " +
      "falls away from it where t passes sqrt R; float64 and the GPU agree.",
    outcomes,
    measure: height,
    quantity: ["f − f*", "(units of the quadratic)"],
    bounds: [{ column: "bound", name: "bound 4 L |e₀|² / (t + 1)²", at: bound }],
    optimizer: "nag",
    xScale: "log",
    domain: [1e-7, 30],
  });
}
