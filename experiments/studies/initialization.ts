import type { Row } from "../report/claims.ts";
import { betweenBest, incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { byChoosingError, type Finding, isFactorAsLow, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

const rows: Record<string, Flags> = {
  "sparse": { init: "sparse" },
  "sparse x 2": { init: "sparse", "init-scale": 2 },
  "Glorot": { init: "glorot" },
  "He": { init: "he" },
  "orthogonal x 4": { init: "orthogonal", "init-scale": 4 },
  "LSUV": { init: "lsuv" },
};

/** Each with rates that suit it. */
function columns(rates: readonly number[]): Record<string, Flags> {
  return {
    "SGD": { optimizer: "sgd", "learning-rate": rates.map((rate) => 2 * rate) },
    "NAG 0.9": { optimizer: "nag", mu: 0.9, "learning-rate": rates },
    "NAG 0.99": { optimizer: "nag", mu: 0.99, "learning-rate": rates },
    "NAdamW": { optimizer: "nadamw", "learning-rate": [0.01, 0.005, 0.002] },
  };
}

/** M9: whether good initial weights and momentum help each other. */
export const initialization: Experiment = {
  heading: {
    name: "initialization",
    title: "Initialization and momentum",
    figure: squaredError,
    question: "do good initial weights and momentum help together, as the paper says, and is any " +
      "of today's initializations as good as sparse weights?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ problem: "curves", layers: [784, 50, 20, 6], updates: 1000 },
        ...{ "schedule-period": 8, seed: [1, 2, 3, 4], "eval-cases": 600 },
      },
      rows,
      columns: columns([0.05, 0.02, 0.01]),
    },
    full: {
      common: {
        ...{ problem: "curves", updates: 75_000, "schedule-period": 25 },
        seed: [1, 2, 3, 4, 5, 6],
      },
      rows,
      columns: columns([0.05, 0.02, 0.01, 0.005]),
    },
  },
  claims: [
    ["Momentum helps", betweenBest((name) => name.startsWith("NAG"), ["SGD"], isLower)],
    ["Momentum gains more on sparse weights than on Glorot's", helpEachOther, "all rows"],
    ["Sparse weights are better than any other with momentum", sparseIsBest, "all rows"],
  ],
  figures: [columnsFigure({ title: "rule", rows: "initial weights" }), ratesFigure()],
};

/** Their interaction: the factor that one gives is lower where the other one is there. */
function helpEachOther({ entries }: Row): Finding {
  const of = (row: string, column: string) =>
    entries.find((entry) => entry.row === row && entry.column === column);
  const [a, b, c, d] = [
    of("sparse", "NAG 0.99"),
    of("sparse", "SGD"),
    of("Glorot", "NAG 0.99"),
    of("Glorot", "SGD"),
  ];
  return a && b && c && d ? isFactorAsLow([a, b], [c, d], 0) : incomparable;
}

function sparseIsBest({ entries }: Row): Finding {
  const all = entries.filter(({ column }) => column === "NAG 0.99");
  const sparse = all.find(({ row }) => row === "sparse");
  const [other] = byChoosingError(all.filter(({ row }) => !row.startsWith("sparse")));
  return sparse && other ? isLower(sparse, other) : incomparable;
}
