import type { Row } from "../report/claims.ts";
import { allBut, bestOf, betweenBest, incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import type { EntrySummary } from "../report/summary.ts";
import { type Finding, isFactorAsLow, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { errorRate } from "../tables/grid.ts";

const rows: Record<string, Flags> = {
  "plain": {},
  "l2": { l2: 1e-4 },
  "dropout": { dropout: 0.2 },
  "batch norm": { "batch-norm": "yes" },
};

const columns: Record<string, Flags> = {
  "SGD": { optimizer: "sgd", "learning-rate": [0.4, 0.2, 0.1] },
  ...Object.fromEntries([0.9, 0.99].map((mu) => [
    `NAG ${mu}`,
    {
      ...{ optimizer: "nag", mu, schedule: "constant" },
      "learning-rate": [0.8, 0.4, 0.2].map((rate) => Number((rate * (1 - mu)).toPrecision(6))),
    },
  ])),
};

const common = { problem: "mnist", layers: [784, 100, 100, 10], "batch-size": 200 };

/** M8: what is left of momentum's gain beside weight decay, dropout and batch norm. */
export const interactions: Experiment = {
  heading: {
    name: "interactions",
    title: "Momentum beside weight decay, dropout and batch norm",
    figure: errorRate,
    isLinear: true,
    question:
      "is momentum's gain left under weight decay and dropout, and is it less under batch " +
      "norm?",
  },
  program: "classifier",
  layouts: {
    small: {
      common: { ...common, updates: 500, seed: [1, 2, 3, 4], "eval-cases": 600 },
      rows,
      columns,
    },
    full: { common: { ...common, updates: 20_000, seed: [1, 2, 3, 4, 5, 6] }, rows, columns },
  },
  claims: [
    ["Momentum is better than none", betweenBest(allBut("SGD"), ["SGD"], isLower)],
    [
      "Momentum gains less under batch norm than without",
      (row) => gainsLess(row, "batch norm"),
      "all rows",
    ],
  ],
  figures: [columnsFigure({ title: "rule", rows: "beside" }), ratesFigure()],
};

/** The best with momentum, as the first seed chose it, and SGD. */
function pairOf(entries: readonly EntrySummary[]): [EntrySummary, EntrySummary] | undefined {
  const [best, sgd] = [allBut("SGD"), ["SGD"]].map((columns) => bestOf(entries, columns));
  return best && sgd && [best, sgd];
}

/** The factor that momentum divides the error by is the lower where it is plain. */
function gainsLess({ entries }: Row, other: string): Finding {
  const [plain, beside] = ["plain", other]
    .map((name) => pairOf(entries.filter(({ row }) => row === name)));
  return plain && beside ? isFactorAsLow(plain, beside, 0) : incomparable;
}
