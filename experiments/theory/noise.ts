import {
  classicalMomentum,
  constant,
  type Gpu,
  lowMomentumFinish,
  nesterov,
  type Optimizer,
  reference,
  sgd,
} from "../../mod.ts";
import { upTo } from "./descent.ts";
import { noiseFigure, type NoiseLine } from "./noise_figure.ts";
import {
  lyapunovVariance,
  type NoisyDirection,
  NoisyMoments,
  stationaryVariance,
} from "./noise_moments.ts";
import { type NoisyDescent, noisyInFloat64, noisyOnGpu, type Sample } from "./noise_replicas.ts";
import { ratesOf } from "./rates.ts";
import { type Measured, type Row, row, type StatementAndFigure } from "./statement.ts";

/** s. */
const deviation = 0.1;

/** With L = 1, so that eps L is 0.1 too. */
const learningRate = 0.1;

/** Curvatures, and a start from which each has the same f - f* = 1/2. */
const spectrum = [1, 1 / 16, 1 / 256, 1 / 1024];
const start = Float64Array.of(1, 4, 16, 32);

/** Updates of a run, of which the last ones are the finish. */
const updates = 600;
const finish = 150;

/** Where the replicas of a course with a line are looked at; the others are at their end alone. */
const readings = [20, 100, 250, updates - finish, updates];

/** Standard errors that a moment of the replicas may be off. */
const standardErrors = 4;

/** What to measure. */
export interface NoiseOptions {
  /** Default: those of the statement. */
  measured?: readonly Course[];
  /** Of each course. Default: 256. */
  replicas?: number;
}

/** One way to minimise the quadratic. */
export interface Course {
  /** In tables. */
  label: string;
  /** In the figure, where it is drawn. */
  line?: string;
  /** What the engine and the reference minimise by. */
  optimizer: Optimizer;
}

/** What became of a course, of so many replicas. */
export interface CourseOutcome extends Course, NoiseLine {
  replicas: number;
  /** Those of the same replicas in float64. */
  float64: readonly Sample[];
}

/** The courses that are measured. */
export const courses: readonly Course[] = [
  { label: "SGD", line: "SGD", optimizer: sgd({ learningRate }) },
  ...[0.9, 0.99].flatMap((momentum): Course[] => [
    {
      label: `CM, mu = ${momentum}`,
      optimizer: classicalMomentum({ learningRate, momentum }),
    },
    {
      label: `NAG, mu = ${momentum}`,
      line: `NAG, μ = ${momentum}`,
      optimizer: nesterov({ learningRate, momentum }),
    },
  ]),
  {
    label: `NAG, mu = 0.99, then 0.9 for ${finish} updates`,
    line: `0.99, then 0.9 from ${updates - finish} on`,
    optimizer: nesterov({
      learningRate,
      momentum: lowMomentumFinish(constant(0.99), { updates, length: finish }),
    }),
  },
];

/**
 * What noise of the gradient makes of SGD, CM and NAG on a quadratic: theta along an eigendirection
 * has a bias, the way from the start, that momentum shortens, and a variance that it raises.
 */
export async function noise(
  gpu: Gpu,
  interruption: AbortSignal,
  { measured = courses, replicas = 256 }: NoiseOptions = {},
): Promise<StatementAndFigure> {
  const outcomes: CourseOutcome[] = [];
  const seeds = Array.from({ length: replicas }, (_, i) => i + 1);
  for (const course of measured) {
    const descent = descentOf(course);
    const followed = { seeds, updates: course.line ? readings : [updates] };
    outcomes.push({
      ...course,
      replicas,
      exact: exactMoments(course),
      float64: noisyInFloat64(descent, followed),
      gpu: await noisyOnGpu(gpu, descent, followed, interruption),
    });
  }
  return {
    statement: {
      id: "noise",
      title: "What momentum makes of noise",
      statement: "With noise of the deviation s on the gradient theta ends with the variance " +
        "eps s^2 (1 + m)/(lambda (1 - m)(2(1 + m) - eps lambda)) along the eigendirection of " +
        "lambda, m = mu for CM and mu (1 - eps lambda) for NAG: momentum shortens the way from the " +
        "start and raises this floor, by NAG less than by CM, and a low-momentum finish lowers it " +
        "again. Float64: the discrete Lyapunov equation, and replicas; GPU: replicas, to 4 " +
        "standard errors.",
      source: "section 2, O(L/T^2 + sigma/sqrt T); section 3.1, the low-momentum finish",
      rows: [
        ...outcomes.map(stationaryRow),
        ...[0.9, 0.99].flatMap((momentum) => floorRow(outcomes, momentum)),
        ...outcomes.map(momentsRow),
      ],
    },
    figure: noiseFigure(outcomes, spectrum),
  };
}

/** What a course minimises. */
export function descentOf({ optimizer }: Course): NoisyDescent {
  return { quadratic: new reference.Quadratic({ spectrum }), start, deviation, optimizer };
}

function directionOf(i: number): NoisyDirection {
  return { curvature: spectrum[i], deviation };
}

/** The rates of the last update, with the lead that it had. */
function lastRates({ optimizer }: Course): reference.Rates {
  return ratesOf(optimizer, updates - 1);
}

/** The moments of a course after every update, without a replica. */
export function exactMoments({ optimizer }: Course): Sample[] {
  const directions = spectrum.map((_, i) => new NoisyMoments(directionOf(i), start[i]));
  return upTo(updates).map((update) => {
    for (const direction of directions) direction.update(ratesOf(optimizer, update - 1));
    return {
      update,
      mean: Float64Array.from(directions, ({ mean }) => mean),
      variance: Float64Array.from(directions, ({ variance }) => variance),
    };
  });
}

/** The relative deviation of a sample variance of normal numbers. */
function varianceError(count: number): number {
  return Math.sqrt(2 / (count - 1));
}

/** The formula against the Lyapunov equation, and against replicas where they are settled. */
function stationaryRow(outcome: CourseOutcome): Row {
  const rates = lastRates(outcome);
  const formula = spectrum.map((_, i) => stationaryVariance(rates, directionOf(i)));
  const [exact, gpu] = [outcome.exact, outcome.gpu].map((samples) => samples.at(-1)!);
  const relative = (value: number, i: number) => Math.abs(value / formula[i] - 1);
  return row(
    `variance in the end over that of the formula, less 1, ${outcome.label}`,
    formula.map((_, i) => ({
      residual: relative(lyapunovVariance(rates, directionOf(i)), i),
      bound: 1e-10,
    })),
    formula.flatMap((_, i): Measured[] => {
      const unsettled = relative(exact.variance[i], i);
      const error = standardErrors * varianceError(outcome.replicas);
      const residual = relative(gpu.variance[i], i);
      return unsettled < 0.01 ? [{ residual, bound: error * (1 + unsettled) + unsettled }] : [];
    }),
  );
}

/** By how much NAG's floor is below that of CM, where eps lambda = 0.1. */
const lower: Readonly<Record<number, number>> = { 0.9: 1.9, 0.99: 10.9 };

function floorRow(outcomes: readonly CourseOutcome[], momentum: number): Row[] {
  const find = (method: string) =>
    outcomes.find(({ label }) => label === `${method}, mu = ${momentum}`);
  const [cm, nag] = [find("CM"), find("NAG")];
  if (!cm || !nag) return [];
  const [ofCM, ofNAG] = [cm, nag].map((course) =>
    stationaryVariance(lastRates(course), directionOf(0))
  );
  const sampled = cm.gpu.at(-1)!.variance[0] / nag.gpu.at(-1)!.variance[0];
  const [ratio, rounded] = [lower[momentum], 0.05];
  // Of a quotient of two: the same noise in both would make it less.
  const error = standardErrors * Math.SQRT2 * varianceError(cm.replicas) * ratio;
  return [row(
    `variance of CM over that of NAG less ${ratio}, mu = ${momentum}, eps lambda = 0.1`,
    [{ residual: Math.abs(ofCM / ofNAG - ratio), bound: rounded }],
    [{ residual: Math.abs(sampled - ratio), bound: rounded + error }],
  )];
}

function momentsRow(outcome: CourseOutcome): Row {
  return row(
    `mean and variance by update, in standard errors, ${outcome.label}`,
    deviations(outcome, outcome.float64),
    deviations(outcome, outcome.gpu),
  );
}

/** How many standard errors the moments of replicas are off. */
export function* deviations(
  { exact, replicas: count }: Pick<CourseOutcome, "exact" | "replicas">,
  samples: readonly Sample[],
): Iterable<Measured> {
  for (const { update, mean, variance } of samples) {
    const expected = exact[update - 1];
    for (const i of spectrum.keys()) {
      const ofMean = Math.sqrt(expected.variance[i] / count);
      const ofVariance = expected.variance[i] * varianceError(count);
      yield {
        residual: Math.abs(mean[i] - expected.mean[i]) / ofMean,
        bound: standardErrors,
      };
      yield {
        residual: Math.abs(variance[i] - expected.variance[i]) / ofVariance,
        bound: standardErrors,
      };
    }
  }
}
