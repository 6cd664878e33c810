import type { Row } from "../report/claims.ts";
import { bestOf, betweenBest, incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import type { EntrySummary } from "../report/summary.ts";
import { type Finding, isAsLow, isFactorAsLow } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";

/** Learning rates over 1 - mu: what a gradient moves the parameters by in the end. */
const effective = [0.4, 0.2, 0.1], [, ofTheFirst] = effective;

const momenta: Readonly<Record<string, number>> = { "mu 0.9": 0.9, "mu 0.99": 0.99 };

const rows: Record<string, Flags> = Object.fromEntries(
  Object.entries(momenta).map((
    [name, mu],
  ) => [name, { mu, "learning-rate": ratesOf(mu, effective) }]),
);

const columns: Record<string, Flags> = {
  "velocity kept": { states: "kept" },
  "velocity zeroed": { states: "anew" },
};

/** Updates on the first digits, and where those that follow count as learned. */
const FIRST = 600, LEARNED = 0.03;

const common = {
  ...{ problem: "mnist", layers: [784, 100, 100, 10], "batch-size": 100, classes: [5, 6, 7, 8, 9] },
  ...{ optimizer: "nag", schedule: "constant" },
};

/** The digits that come first, by networks that are trained for so long. */
function before(updates: number): (row: string) => Flags {
  return (row) => (
    { classes: [0, 1, 2, 3, 4], updates, "learning-rate": ratesOf(momenta[row], [ofTheFirst]) }
  );
}

function ratesOf(mu: number, rates: readonly number[]): number[] {
  return rates.map((rate) => Number((rate * (1 - mu)).toPrecision(6)));
}

/** M18: what the velocity is worth where a network goes on with other digits. */
export const fineTuning: Experiment = {
  heading: {
    name: "fine_tuning",
    title: "The velocity in fine-tuning",
    figure: { name: "updates", unit: `until the error rate is below ${100 * LEARNED} %, or all` },
    reach: LEARNED,
    question:
      "is the velocity of the first digits worth keeping where a classifier of 0 to 4 goes " +
      "on with 5 to 9?",
  },
  program: "classifier",
  layouts: {
    small: {
      common: {
        ...{ ...common, updates: FIRST + 600, every: 10, "eval-cases": 500 },
        seed: [1, 2, 3, 4],
      },
      ...{ rows, columns, before: before(FIRST) },
    },
    full: {
      common: {
        ...{ ...common, updates: 10 * FIRST + 6000, every: 20, "eval-cases": 2000 },
        seed: [1, 2, 3, 4, 5, 6],
      },
      ...{ rows, columns, before: before(10 * FIRST) },
    },
  },
  claims: [
    [
      "Zeroing the velocity is at least as good as keeping it",
      betweenBest(["velocity zeroed"], ["velocity kept"], isAsLow),
    ],
    ["The higher the momentum, the more the velocity kept costs", costsMore, "all rows"],
  ],
  figures: [columnsFigure({ title: "between the two", rows: "momentum" }), ratesFigure()],
};

/** What is kept over what is zeroed: the factor is lower at the lower momentum. */
function costsMore({ entries }: Row): Finding {
  const [low, high] = Object.keys(rows).map((name) =>
    pairOf(entries.filter(({ row }) => row === name))
  );
  return low && high ? isFactorAsLow(low, high, 0) : incomparable;
}

function pairOf(entries: readonly EntrySummary[]): [EntrySummary, EntrySummary] | undefined {
  const [kept, zeroed] = Object.keys(columns).map((column) => bestOf(entries, [column]));
  return kept && zeroed && [kept, zeroed];
}
