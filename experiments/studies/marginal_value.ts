import type { Row } from "../report/claims.ts";
import { bestOf, betweenBest, incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import type { EntrySummary } from "../report/summary.ts";
import { type Finding, isAsLow, isFactorAsLow, isLower, together } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { errorRate } from "../tables/grid.ts";

const momenta = [0, 0.9, 0.99];
/** Learning rates over 1 - mu: what a gradient moves the parameters by in the end. */
const effective = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8], low = effective[0];

const searched = Object.fromEntries(
  momenta.map((mu) => [`mu ${mu}`, withMomentum(mu, effective)]),
);
const fixed = Object.fromEntries(
  momenta.map((mu) => [`mu ${mu} at ${low}`, withMomentum(mu, [low])]),
);
const columns: Record<string, Flags> = { ...searched, ...fixed };

function withMomentum(mu: number, rates: readonly number[]): Flags {
  return {
    ...mu === 0 ? { optimizer: "sgd" } : { optimizer: "cm", mu, schedule: "constant" },
    "learning-rate": rates.map((rate) => Number((rate * (1 - mu)).toPrecision(6))),
  };
}

const high = momenta.slice(1).map((mu) => `mu ${mu}`);

const common = { problem: "mnist", layers: [784, 100, 100, 10], "eval-cases": 1000 };

/** M2: what momentum is worth at equal effective rates, and at larger batches. */
export const marginalValue: Experiment = {
  heading: {
    name: "marginal_value",
    title: "The marginal value of momentum",
    figure: errorRate,
    isLinear: true,
    question:
      "what is momentum worth beside the same effective rate eps/(1 - mu) without it, and " +
      "is it worth more at larger batches?",
  },
  program: "classifier",
  layouts: {
    small: {
      common: { ...common, updates: 500, seed: [1, 2, 3, 4] },
      rows: batches([50, 200, 1024]),
      columns,
    },
    full: {
      common: { ...common, updates: 20_000, seed: [1, 2, 3, 4, 5, 6] },
      rows: batches([50, 200, 1024, 8192]),
      columns,
    },
  },
  claims: [
    ["At a small effective rate momentum changes nothing", changesNothing],
    [
      "At their best rates momentum is better than none",
      betweenBest(high, ["mu 0"], isLower),
    ],
    ["Momentum gains more at the largest batch than at the smallest", gainsMore, "all rows"],
  ],
  figures: [
    ratesFigure({
      title: "effective rate, ε / (1 - μ)",
      of: (rate, { configuration: { mu } }) => rate / (1 - mu),
    }),
    columnsFigure({ title: "momentum, or momentum at an effective rate", rows: "cases a batch" }),
  ],
};

function batches(sizes: readonly number[]): Record<string, Flags> {
  return Object.fromEntries(sizes.map((size) => [`batch ${size}`, { "batch-size": size }]));
}

/** The best with momentum, as the first seed chose it, and the one without. */
function pairOf(entries: readonly EntrySummary[]) {
  const [best, none] = [high, ["mu 0"]].map((columns) => bestOf(entries, columns));
  return none && best ? { none, best } : undefined;
}

/** Neither is worse than the other by more than 5 %. */
function changesNothing({ entries }: Row): Finding {
  const names = [`mu 0.9 at ${low}`, `mu 0 at ${low}`];
  const [some, none] = names.map((name) => bestOf(entries, [name]));
  return some && none ? together([isAsLow(some, none), isAsLow(none, some)]) : incomparable;
}

function gainsMore({ entries }: Row): Finding {
  const rows = [...new Set(entries.map(({ row }) => row))];
  const [small, large] = [rows[0], rows[rows.length - 1]]
    .map((row) => pairOf(entries.filter((entry) => entry.row === row)));
  if (!small || !large) return incomparable;
  return isFactorAsLow([large.best, large.none], [small.best, small.none], 0);
}
