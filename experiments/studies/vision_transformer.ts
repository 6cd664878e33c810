import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import type { Experiment } from "../tables/experiment.ts";
import { errorRate } from "../tables/grid.ts";
import { claimsOfRules, transformerRules } from "./attention.ts";

const common = { problem: "mnist", layers: ["28x28", 10], "patch-size": 7, init: "gaussian" };

/** M11 with images: the same rules in a vision Transformer. */
export const visionTransformers: Experiment = {
  heading: {
    name: "vision_transformer",
    title: "Momentum in a vision Transformer",
    figure: errorRate,
    isLinear: true,
    question:
      "is what classical momentum lacks in a Transformer the same where it reads patches of " +
      "images?",
  },
  program: "classifier",
  layouts: {
    small: {
      common: {
        ...{ ...common, blocks: 1, width: 32, "batch-size": 50, "train-cases": 10_000 },
        ...{ updates: 600, every: 60, "eval-cases": 500, seed: [1, 2, 3, 4] },
      },
      rows: { "small batch": {} },
      columns: transformerRules,
    },
    full: {
      common: { ...common, updates: 20_000, seed: [1, 2, 3, 4, 5, 6] },
      rows: { "batch 50": { "batch-size": 50 }, "batch 1024": { "batch-size": 1024 } },
      columns: transformerRules,
    },
  },
  claims: claimsOfRules,
  figures: [columnsFigure({ title: "rule", rows: "batch" }), ratesFigure()],
};
