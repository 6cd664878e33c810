import type { Row } from "../report/claims.ts";
import { measuredFigure } from "../report/figures/measured.ts";
import { type AlongRun, isBelow, isNear, laterMean, type RowFigure } from "../report/measured.ts";
import type { EntrySummary } from "../report/summary.ts";
import { type Finding, together, undecided } from "../report/verdicts.ts";
import type { Configuration } from "../study/cell.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

/** CM and NAG at a tenth of SGD's rate, so that a gradient moves all as far in the end. */
function columns(rate: number): Record<string, Flags> {
  return {
    "SGD": { optimizer: "sgd", "learning-rate": rate },
    "CM": { optimizer: "cm", mu: 0.9, "learning-rate": Number((rate / 10).toPrecision(6)) },
    "NAG": { optimizer: "nag", mu: 0.9, "learning-rate": Number((rate / 10).toPrecision(6)) },
  };
}

/** Where theories have the sharpness times eps: with small batches, and where a quadratic is stable. */
function plateausOf({ optimizer, mu }: Configuration): { small: number; linear: number } {
  const lead = optimizer === "nag" ? mu : 0;
  return { small: 2 * (1 - mu), linear: 2 * (1 + mu) / (1 + 2 * lead) };
}

/** The curvature of minibatches along their own gradients, in steps. */
const sharpness: RowFigure = ({ update, curvature }, { learningRate }) =>
  update === 0 || curvature?.batchSharpness === undefined
    ? undefined
    : learningRate * curvature.batchSharpness;

const settled: AlongRun = { words: "eps times batch sharpness", of: sharpness, over: laterMean };

/** How far from a plateau still counts as there. */
const FACTOR = 1.25;

/** M4: the edge of stability, with minibatches and momentum. */
export const edge: Experiment = {
  heading: {
    name: "edge",
    title: "The edge of stability",
    figure: squaredError,
    question: "where does the curvature of minibatches along their own gradients settle: at " +
      "2 (1 - mu)/eps with small batches, and with all cases where a quadratic is just stable?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ problem: "curves", layers: [784, 50, 20, 6], "train-cases": 300, "eval-cases": 300 },
        ...{ seed: [1, 2, 3, 4], "curvature-figures": "minibatches" },
      },
      rows: {
        "batch 50": {
          ...{ "batch-size": 50, updates: 3000, "curvature-every": 300, "schedule-period": 25 },
        },
        "all cases": {
          ...{ "batch-size": 300, updates: 4000, "curvature-every": 400, "schedule-period": 25 },
        },
      },
      columns: columns(0.05),
    },
    full: {
      common: {
        ...{ problem: "curves", "train-cases": 2000, "eval-cases": 2000, updates: 20_000 },
        ...{ "curvature-every": 1000, "curvature-figures": ["spectrum", "minibatches"] },
        ...{ "schedule-period": 250, seed: [1, 2, 3, 4, 5, 6] },
      },
      rows: {
        "batch 50": { "batch-size": 50 },
        "batch 200": { "batch-size": 200 },
        "all cases": { "batch-size": 2000 },
      },
      columns: columns(0.05),
    },
  },
  claims: [
    [
      "With small batches the sharpness of CM and NAG settles at 2 (1 - mu)/eps",
      settlesLow,
      "all rows",
    ],
    [
      "With all cases it settles at the linear limit 2 (1 + mu)/((1 + 2 lead) eps)",
      settlesAtLimit,
      "all rows",
    ],
    ["It ends below the linear limit, whatever the batch", staysBelow],
  ],
  figures: [
    measuredFigure({
      name: "batch_sharpness",
      title: "the curvature along the gradients of minibatches",
      axis: ["batch sharpness × ε"],
      of: sharpness,
      limits: limitsOf,
    }),
    measuredFigure({
      name: "hessian_top",
      title: "the largest eigenvalue of the Hessian",
      axis: ["λ₁ × ε"],
      of: ({ curvature }, { learningRate }) =>
        curvature?.hessianTop && learningRate * curvature.hessianTop,
      limits: limitsOf,
    }),
  ],
};

function limitsOf({ configuration, column }: EntrySummary): Record<string, number> {
  const { small, linear } = plateausOf(configuration);
  if (configuration.mu === 0) return { "SGD: 2": linear };
  return {
    "2(1 − μ)": small,
    [`${column}: 2(1 + μ)${column === "NAG" ? "/(1 + 2μ)" : ""}`]: linear,
  };
}

/** The entries of the smallest batch, or of the largest. */
function entriesOf({ entries }: Row, pick: (...sizes: number[]) => number): EntrySummary[] {
  const chosen = pick(...entries.map(({ configuration }) => configuration.batchSize));
  return entries.filter(({ configuration }) => configuration.batchSize === chosen);
}

function settlesLow(row: Row): Finding {
  const entries = entriesOf(row, Math.min).filter(({ configuration: { mu } }) => mu > 0);
  if (entries.length === 0) return undecided("there is no momentum");
  return together(
    entries.map((entry) =>
      isNear(entry, settled, { number: plateausOf(entry.configuration).small, factor: FACTOR })
    ),
  );
}

function settlesAtLimit(row: Row): Finding {
  return together(
    entriesOf(row, Math.max).map((entry) =>
      isNear(entry, settled, { number: plateausOf(entry.configuration).linear, factor: FACTOR })
    ),
  );
}

function staysBelow({ entries }: Row): Finding {
  return together(
    entries.map((entry) => isBelow(entry, settled, plateausOf(entry.configuration).linear)),
  );
}
