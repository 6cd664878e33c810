import { allBut, betweenBest } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { tuningFigure } from "../report/figures/tuning.ts";
import { isAsLow } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

/** NAG and CM follow the paper's schedule and have its finish. */
const rules = [
  ...["nag", "cm", "sgd", "qhm", "aggmo", "lookahead", "adamw", "nadamw", "adan", "ademamix"],
  ...["lion", "schedule-free-sgd", "schedule-free-adamw", "muon"],
];

function columns(rules: readonly string[], finish: number): Record<string, Flags> {
  const ofPaper = (rule: string) => rule === "nag" || rule === "cm";
  return Object.fromEntries(
    rules.map((optimizer) => [optimizer, { optimizer, ...ofPaper(optimizer) && { finish } }]),
  );
}

/** M1: Table 1 with the rules of today, each of them tuned as much. */
export const modern: Experiment = {
  heading: {
    name: "modern",
    title: "Modern rules, equally tuned",
    figure: squaredError,
    question:
      "of as many random settings each, the same draws for all, does NAG with its schedule " +
      "and finish stay within 20 % of the best rule of today?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ layers: [784, 50, 20, 6], updates: 1000, "schedule-period": 8, draws: 32 },
        ...{ seed: [1, 2, 3, 4], "eval-cases": 600 },
      },
      rows: { curves: { problem: "curves" } },
      columns: columns(rules, 70),
    },
    full: {
      common: { updates: 75_000, "schedule-period": 25, draws: 32, seed: [1, 2, 3, 4, 5, 6] },
      rows: { curves: { problem: "curves" }, mnist: { problem: "mnist" } },
      columns: columns(rules, 1000),
    },
  },
  join: (optimizer) => ({ optimizer }),
  claims: [[
    "NAG is within 20 % of the best other rule",
    betweenBest(["nag"], allBut("nag"), (nag, best) => isAsLow(nag, best, 0.2)),
  ]],
  figures: [tuningFigure, columnsFigure({ title: "rule" })],
};
