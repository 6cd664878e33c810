import type { Row } from "../report/claims.ts";
import { pairedDifference, rankCorrelation, seedErrors } from "../report/comparison.ts";
import { incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { measuredFigure } from "../report/figures/measured.ts";
import { type AlongRun, isLess } from "../report/measured.ts";
import type { EntrySummary } from "../report/summary.ts";
import { formatFigure } from "../report/text_table.ts";
import { type Finding, verdictOf } from "../report/verdicts.ts";
import type { Cell } from "../study/cell.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { errorRate } from "../tables/grid.ts";

/** Of all networks: the learning rate over 1 - mu. */
const EFFECTIVE = 0.1;

const columns: Record<string, Flags> = Object.fromEntries(
  [0, 0.5, 0.9, 0.99].map((mu) => [nameOf(mu), {
    ...mu === 0 ? { optimizer: "sgd" } : { optimizer: "cm", mu, schedule: "constant" },
    "learning-rate": Number((EFFECTIVE * (1 - mu)).toPrecision(6)),
  }]),
);

const rows: Record<string, Flags> = {
  "all labels": {},
  "a tenth": { "train-cases": 6000 },
  "20 % wrong": { "label-noise": 0.2 },
  "both": { "train-cases": 6000, "label-noise": 0.2 },
};

const top: AlongRun = {
  words: "largest eigenvalue of the Hessian at the end",
  of: ({ curvature }) => curvature?.hessianTop,
  over: (values) => values[values.length - 1],
};

const angles: AlongRun = {
  words: "mean |cos| between incoming weights at the end",
  of: ({ curvature }) => curvature?.meanAbsCosine,
  over: (values) => values[values.length - 1],
};

const measured = { "curvature-figures": ["spectrum", "angles"] };
const common = { problem: "mnist", layers: [784, 100, 100, 10] };

/** M5 and M6: whether momentum ends flatter, and its units less alike, and what that is worth. */
export const flatness: Experiment = {
  heading: {
    name: "flatness",
    title: "Momentum and flat minima",
    figure: errorRate,
    isLinear: true,
    question: "at the same effective rate, does momentum end where the loss is flatter, and do " +
      "such networks make fewer errors on other cases?",
  },
  program: "classifier",
  layouts: {
    small: {
      common: {
        ...{ ...common, updates: 1500, "batch-size": 100, seed: [1, 2, 3, 4] },
        ...{ "eval-cases": 600, "curvature-every": 500, ...measured },
      },
      rows,
      columns,
    },
    full: {
      common: {
        ...{ ...common, updates: 20_000, seed: [1, 2, 3, 4, 5, 6] },
        ...{ "eval-cases": 2000, "curvature-every": 5000, ...measured },
      },
      rows,
      columns,
    },
  },
  claims: [
    ["Momentum of 0.9 ends flatter than none", isFlatter],
    ["Its gap between test and training is no larger", hasNoLargerGap],
    ["Sharper networks make more errors on test cases", (row) => goesWithErrors(row, top)],
    ["The units of a layer are less alike without momentum", isLessAlike],
    [
      "Networks of units that are more alike make more errors on test cases",
      (row) => goesWithErrors(row, angles),
    ],
  ],
  figures: [
    columnsFigure({ title: `momentum, at ε / (1 - μ) = ${EFFECTIVE}`, rows: "labels" }),
    measuredFigure({
      ...{ name: "top", title: "the largest eigenvalue", of: top.of },
      axis: ["largest eigenvalue of the Hessian"],
    }),
    measuredFigure({
      ...{ name: "angles", title: "how alike the units of a layer are", of: angles.of },
      axis: ["mean |cos| between", "incoming weights"],
    }),
  ],
};

function nameOf(mu: number): string {
  return `mu ${mu}`;
}

function pairOf({ entries }: Row): [EntrySummary, EntrySummary] | undefined {
  const [high, none] = [0.9, 0].map((mu) => entries.find(({ column }) => column === nameOf(mu)));
  return high && none && [high, none];
}

function isFlatter(row: Row): Finding {
  const pair = pairOf(row);
  return pair ? isLess(pair, top) : incomparable;
}

function isLessAlike(row: Row): Finding {
  const pair = pairOf(row);
  return pair ? isLess([pair[1], pair[0]], angles) : incomparable;
}

/** By the error rates of all cases, with the same margin as errors have. */
function hasNoLargerGap(row: Row): Finding {
  const pair = pairOf(row);
  if (!pair) return incomparable;
  const [own, other] = pair.map(({ confirmation }) => seedErrors(confirmation, gapOf));
  const mean = [...other.values()].reduce((sum, gap) => sum + gap, 0) / other.size;
  const difference = pairedDifference(own, other), margin = 0.05 * Math.abs(mean);
  const [at, half] = [difference.mean, (difference.high - difference.low) / 2].map(formatFigure);
  return {
    verdict: verdictOf(difference, margin),
    evidence: `difference of gaps ${at} ± ${half} (${difference.count} seeds), of ` +
      `${formatFigure(mean)} without momentum; allowed: ${formatFigure(margin)}`,
  };
}

function gapOf({ result: { final } }: Cell): number {
  return final ? final.test.errorRate - final.train.errorRate : Infinity;
}

/** Over the networks of all momenta and confirmation seeds. */
function goesWithErrors({ entries }: Row, { of, over }: AlongRun): Finding {
  const networks = entries.flatMap(({ confirmation }) => confirmation).flatMap((cell) => {
    const { configuration, result: { curve, final } } = cell;
    const number = over(curve.flatMap((report) => of(report, configuration) ?? []));
    return final && Number.isFinite(number) ? [{ number, error: final.test.errorRate }] : [];
  });
  const correlation = rankCorrelation(
    networks.map(({ number }) => number),
    networks.map(({ error }) => error),
  );
  const { count, mean, low, high } = correlation;
  return {
    verdict: low > 0 ? "holds" : high < 0 ? "does not hold" : "not decided",
    evidence: `Spearman's rank correlation ${formatFigure(mean)} (95 %: ${formatFigure(low)} to ` +
      `${formatFigure(high)}), n = ${count} networks`,
  };
}
