import type { TableClaim } from "../report/claims.ts";
import { betweenBest } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { isAsLow, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";

/** The rules that are tried in Transformers; AdamW without its momentum is AdamW with beta1 0. */
export const transformerRules: Record<string, Flags> = {
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

const withMomentum = ["CM 0.9", "NAG 0.9"];

/** What is claimed of them. */
export const claimsOfRules: readonly TableClaim[] = [
  ["Momentum is better than none", betweenBest(withMomentum, ["SGD"], isLower)],
  ["AdamW is better than momentum", betweenBest(["AdamW"], withMomentum, isLower)],
  [
    "AdamW without momentum is as good as AdamW",
    betweenBest(["AdamW, beta1 0"], ["AdamW"], isAsLow),
  ],
];

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
      columns: transformerRules,
    },
    full: {
      common: {
        ...{ blocks: 2, width: 64, heads: 2, length: 64, updates: 20_000 },
        seed: [1, 2, 3, 4, 5, 6],
      },
      rows: { "batch 32": { "batch-size": 32 }, "batch 512": { "batch-size": 512 } },
      columns: transformerRules,
    },
  },
  claims: claimsOfRules,
  figures: [columnsFigure({ title: "rule", rows: "batch" }), ratesFigure()],
};
