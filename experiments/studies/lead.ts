import { allBut, betweenBest } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { isAsLow, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

const leads = [0, 0.25, 0.5, 0.75, 1, 1.5, 2];

const columns: Record<string, Flags> = Object.fromEntries(
  leads.map((lead) => [nameOf(lead), { lead }]),
);

/** M3: how far ahead of the parameters the gradient is best taken. */
export const lead: Experiment = {
  heading: {
    name: "lead",
    title: "The lead between CM and NAG",
    figure: squaredError,
    question: "how far ahead of the parameters is the gradient best taken: at theta + lead mu v, " +
      "which is CM at 0 and NAG at 1?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ problem: "curves", optimizer: "lead", layers: [784, 50, 20, 6] },
        ...{ updates: 1000, "schedule-period": 10, finish: 70, "eval-cases": 600 },
        ...{ "learning-rate": [0.05, 0.02, 0.01], seed: [1, 2, 3, 4] },
      },
      rows: { "mu 0.9": { mu: 0.9 }, "mu 0.99": { mu: 0.99 } },
      columns,
    },
    full: {
      common: {
        ...{ problem: "curves", optimizer: "lead", updates: 75_000, finish: 1000 },
        ...{ "schedule-period": 25, "eval-cases": 2000 },
        ...{ "learning-rate": [0.05, 0.02, 0.01, 0.005], seed: [1, 2, 3, 4, 5, 6] },
      },
      rows: { "mu 0.9": { mu: 0.9 }, "mu 0.99": { mu: 0.99 }, "mu 0.999": { mu: 0.999 } },
      columns,
    },
  },
  claims: [
    ["A lead is better than none", betweenBest(allBut(nameOf(0)), [nameOf(0)], isLower)],
    [
      "NAG's lead is at least as good as the best other one",
      betweenBest([nameOf(1)], allBut(nameOf(1)), isAsLow),
    ],
  ],
  figures: [
    columnsFigure({
      title: "lead, as a share of μ (0: CM, 1: NAG)",
      at: ({ configuration: { own } }) => (own as { readonly lead: number }).lead,
      ticks: leads,
      rows: "cap of the momentum",
    }),
    ratesFigure(),
  ],
};

function nameOf(lead: number): string {
  return { 0: "0 (CM)", 1: "1 (NAG)" }[lead] ?? `lead ${lead}`;
}
