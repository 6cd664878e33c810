import type { Row } from "../report/claims.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { byChoosingError, type Finding, isAsLow, isLower, undecided } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";

/** AdamW without its momentum is AdamW with beta1 0. */
const columns: Record<string, Flags> = {
  "SGD": { optimizer: "sgd", "learning-rate": [0.4, 0.2, 0.1] },
  "CM 0.9": { optimizer: "cm", mu: 0.9, schedule: "constant", "learning-rate": [0.1, 0.05, 0.02] },
  "NAG 0.9": {
    optimizer: "nag",
    mu: 0.9,
    schedule: "constant",
    "learning-rate": [0.1, 0.05, 0.02],
  },
  "AdamW": { optimizer: "adamw", "learning-rate": [0.01, 0.005, 0.002] },
  "AdamW, beta1 0": { optimizer: "adamw", beta1: 0, "learning-rate": [0.01, 0.005, 0.002] },
};

/** M11: what momentum lacks in a Transformer. */
export const attention: Experiment = {
  heading: {
    name: "attention",
    title: "Momentum in a Transformer",
    figure: { name: "bits per character", unit: "of windows of the text" },
    isLinear: true,
    question: "is it Adam's scale and not its momentum that classical momentum lacks in a " +
      "Transformer?",
  },
  program: "language",
  layouts: {
    small: {
      common: {
        ...{ blocks: 1, width: 32, heads: 2, length: 32, "batch-size": 16, updates: 400 },
        ...{ seed: [1, 2, 3, 4], "eval-cases": 100 },
      },
      rows: { "small batch": {} },
      columns,
    },
    full: {
      common: {
        ...{ blocks: 2, width: 64, heads: 2, length: 64, updates: 20_000 },
        seed: [1, 2, 3, 4, 5, 6],
      },
      rows: { "batch 32": { "batch-size": 32 }, "batch 512": { "batch-size": 512 } },
      columns,
    },
  },
  claims: [
    ["Momentum is better than none", (row) => isBelow(row, ["CM 0.9", "NAG 0.9"], ["SGD"])],
    ["AdamW is better than momentum", (row) => isBelow(row, ["AdamW"], ["CM 0.9", "NAG 0.9"])],
    ["AdamW without momentum is as good as AdamW", withoutIsAsGood],
  ],
  figures: [columnsFigure({ title: "rule", rows: "batch" }), ratesFigure()],
};

/** The best of some below the best of others. */
function isBelow({ entries }: Row, ours: readonly string[], others: readonly string[]): Finding {
  const [[own], [other]] = [ours, others].map((names) =>
    byChoosingError(entries.filter(({ column }) => names.includes(column)))
  );
  return own && other ? isLower(own, other) : undecided("there is nothing to compare");
}

function withoutIsAsGood({ entries }: Row): Finding {
  const [adam, without] = ["AdamW", "AdamW, beta1 0"]
    .map((name) => entries.find(({ column }) => column === name));
  return adam && without ? isAsLow(without, adam) : undecided("there is nothing to compare");
}
