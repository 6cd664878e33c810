import type { Row } from "../report/claims.ts";
import { allBut, bestOf, betweenBest, incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { type Finding, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { errorRate } from "../tables/grid.ts";

const rows: Record<string, Flags> = {
  "echo state": { init: "echo-state" },
  "Gaussian": { init: "gaussian" },
};

/** A gradient moves all as far in the end. */
const effective = [0.8, 0.4, 0.2];

const columns: Record<string, Flags> = {
  "SGD": { optimizer: "sgd", "learning-rate": effective },
  "NAG 0.9": withMomentum(0.9),
  "NAG 0.98": withMomentum(0.98),
};

function withMomentum(mu: number): Flags {
  const rates = effective.map((rate) => Number((rate * (1 - mu)).toPrecision(6)));
  return { optimizer: "nag", mu, schedule: "constant", "learning-rate": rates };
}

const common = { problem: "mnist-rows", "clip-norm": 1 };

/** M19: whether what helps on made-up sequences helps on real ones. */
export const digitRows: Experiment = {
  heading: {
    name: "digit_rows",
    title: "Digits read row after row",
    figure: errorRate,
    isLinear: true,
    question: "do momentum and the echo-state initialization help recurrent networks on real " +
      "sequences too?",
  },
  program: "rnn",
  layouts: {
    small: {
      common: {
        ...{ ...common, hidden: 50, "train-cases": 10_000, updates: 800, every: 80 },
        ...{ "eval-cases": 500, seed: [1, 2, 3, 4] },
      },
      rows,
      columns,
    },
    full: {
      common: { ...common, hidden: 100, updates: 30_000, seed: [1, 2, 3, 4, 5, 6] },
      rows,
      columns,
    },
  },
  claims: [
    ["Momentum is better than none", betweenBest(allBut("SGD"), ["SGD"], isLower)],
    ["The echo-state initialization is better than a Gaussian one", isBetter, "all rows"],
  ],
  figures: [columnsFigure({ title: "rule", rows: "initialization" }), ratesFigure()],
};

/** The best of each initialization, as the first seed chose it. */
function isBetter({ entries }: Row): Finding {
  const [echoState, gaussian] = Object.keys(rows).map((name) =>
    bestOf(entries.filter(({ row }) => row === name), () => true)
  );
  return echoState && gaussian ? isLower(echoState, gaussian) : incomparable;
}
