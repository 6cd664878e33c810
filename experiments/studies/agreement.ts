import type { Row } from "../report/claims.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { measuredFigure } from "../report/figures/measured.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { type AlongRun, laterMean, meanOf } from "../report/measured.ts";
import { type Finding, isFactorAsLow, undecided } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

/** Rates of SGD, and a tenth of them for NAG, whose momentum is .9 in the end. */
function columns(rates: readonly number[]): Record<string, Flags> {
  const tenths = rates.map((rate) => Number((rate / 10).toPrecision(6)));
  return {
    "SGD": { optimizer: "sgd", "learning-rate": rates },
    "NAG": { optimizer: "nag", mu: 0.9, "learning-rate": tenths },
  };
}

const correlation: AlongRun = {
  words: "gradient correlation",
  of: ({ curvature }) => curvature?.gradientCorrelation,
  over: laterMean,
};

/** M13: what makes momentum pay. */
export const agreement: Experiment = {
  heading: {
    name: "agreement",
    title: "What makes momentum pay",
    figure: squaredError,
    question: "does NAG gain the more over SGD, the more the gradients of minibatches agree?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ problem: "curves", layers: [784, 30, 6], "train-cases": 300, "eval-cases": 300 },
        ...{ updates: 2000, "schedule-period": 25, seed: [1, 2, 3, 4] },
        ...{ "curvature-every": 400, "curvature-figures": "minibatches" },
      },
      rows: {
        "batch 20": { "batch-size": 20 },
        "batch 80": { "batch-size": 80 },
        "all cases": { "batch-size": 300 },
      },
      columns: columns([0.1, 0.05, 0.025]),
    },
    full: {
      common: {
        ...{ problem: "curves", "train-cases": 8192, "eval-cases": 2000, updates: 20_000 },
        ...{ "schedule-period": 250, seed: [1, 2, 3, 4, 5, 6] },
        ...{ "curvature-every": 500, "curvature-figures": "minibatches" },
      },
      rows: {
        "batch 50": { "batch-size": 50 },
        "batch 200": { "batch-size": 200 },
        "batch 1024": { "batch-size": 1024 },
        "all cases": { "batch-size": 8192 },
      },
      columns: columns([0.2, 0.1, 0.05, 0.02]),
    },
  },
  claims: [
    ["NAG gains most over SGD where gradients agree most", gainsMost, "all rows"],
  ],
  figures: [
    columnsFigure({ title: "optimizer", rows: "minibatches" }),
    measuredFigure({
      name: "correlation",
      title: "how much the gradients of minibatches agree",
      axis: ["sum of gᵢ·gⱼ over i ≠ j", "/ sum of |gᵢ|², of 8"],
      of: correlation.of,
      isLinear: true,
    }),
    ratesFigure(),
  ],
};

/** Of the rows whose SGD has the least and the greatest correlation. */
function gainsMost({ entries }: Row): Finding {
  const pairs = entries.filter(({ column }) => column === "NAG").flatMap((nag) => {
    const sgd = entries.find(({ row, column }) => row === nag.row && column === "SGD");
    return sgd ? [{ sgd, nag, agreement: meanOf(sgd, correlation) }] : [];
  }).toSorted((a, b) => a.agreement - b.agreement);
  const least = pairs[0], most = pairs.at(-1);
  if (!least || !most || least === most) return undecided("there is one size of minibatches");
  const found = isFactorAsLow([most.nag, most.sgd], [least.nag, least.sgd], 0);
  const told = pairs.map(({ sgd, agreement }) => `${agreement.toPrecision(3)} of ${sgd.row}`);
  return { ...found, evidence: `correlations of SGD: ${told.join(", ")}; ${found.evidence}` };
}
