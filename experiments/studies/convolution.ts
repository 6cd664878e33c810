import { betweenBest } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { isAsLow, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { errorRate } from "../tables/grid.ts";

const columns: Record<string, Flags> = {
  "SGD": { optimizer: "sgd", "learning-rate": [0.4, 0.2, 0.1] },
  "CM 0.9": withMomentum("cm", 0.9, [0.08, 0.04, 0.02]),
  "NAG 0.9": withMomentum("nag", 0.9, [0.08, 0.04, 0.02]),
  "NAG 0.99": withMomentum("nag", 0.99, [0.008, 0.004, 0.002]),
  "NAdamW": { optimizer: "nadamw", "learning-rate": [0.01, 0.005, 0.002] },
  "schedule-free SGD": { optimizer: "schedule-free-sgd", "learning-rate": [2, 1, 0.5] },
};

function withMomentum(optimizer: string, mu: number, rates: readonly number[]): Flags {
  return { optimizer, mu, schedule: "constant", "learning-rate": rates };
}

const common = {
  problem: "mnist",
  layers: ["28x28", "conv8@5x5", "pool2", "conv16@5x5", "pool2", 10],
  "batch-size": 128,
};

/** M10: the rules on a small convolutional network. */
export const convolution: Experiment = {
  heading: {
    name: "convolution",
    title: "Momentum in a convolutional network",
    figure: errorRate,
    isLinear: true,
    question: "does momentum speed a small convolutional network up, and is that all that it does?",
  },
  program: "classifier",
  layouts: {
    small: {
      common: { ...common, updates: 200, seed: [1, 2, 3, 4], "eval-cases": 500 },
      rows: { "early": {} },
      columns,
    },
    full: {
      common: { ...common, seed: [1, 2, 3, 4, 5, 6], "eval-cases": 2000 },
      rows: { "1 epoch": { updates: 469 }, "30 epochs": { updates: 14_070 } },
      columns,
    },
  },
  claims: [
    [
      "Momentum is better than none",
      betweenBest((name) => /^(CM|NAG) /.test(name), ["SGD"], isLower),
    ],
    [
      "NAG is at least as good as NAdamW",
      betweenBest(["NAG 0.9", "NAG 0.99"], ["NAdamW"], isAsLow),
    ],
  ],
  figures: [columnsFigure({ title: "rule", rows: "trained for" }), ratesFigure()],
};
