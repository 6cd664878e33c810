import type { Row } from "../report/claims.ts";
import { betweenBest } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { type Finding, isAsLow, isLower, together, undecided } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

/** Rules whose momentum follows the schedule, and the rates that suit them. */
const scheduled: Readonly<Record<string, readonly number[]>> = {
  nag: [0.05, 0.02, 0.01],
  cm: [0.02, 0.01, 0.005],
  qhm: [4, 2, 1],
  aggmo: [0.1, 0.05, 0.02],
  lookahead: [0.05, 0.02, 0.01],
};

/** Rules that average in a finish's place. */
const averaging: Readonly<Record<string, readonly number[]>> = {
  "schedule-free-sgd": [0.5, 1, 2],
  "schedule-free-adamw": [0.003, 0.01, 0.03],
};

function columns(finish: number): Record<string, Flags> {
  const ofFinish = Object.entries(scheduled).flatMap(([optimizer, rates]) => {
    const flags = { optimizer, mu: 0.99, "learning-rate": rates };
    return [[optimizer, flags], [withFinish(optimizer), { ...flags, finish }]] as const;
  });
  const averages = Object.entries(averaging).map(([optimizer, rates]) =>
    [optimizer, { optimizer, "learning-rate": rates }] as const
  );
  return Object.fromEntries<Flags>([...ofFinish, ...averages]);
}

const rows = { curves: { problem: "curves" } };

/** M15: whether averaging takes the place of a finish. */
export const finishOrAveraging: Experiment = {
  heading: {
    name: "finish_or_averaging",
    title: "Finish or averaging",
    figure: squaredError,
    question: "does every rule gain from a finish at a low momentum, and do averages of the " +
      "parameters reach without one what NAG reaches with it?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ layers: [784, 50, 20, 6], updates: 1500, "schedule-period": 12 },
        ...{ seed: [1, 2, 3, 4], "eval-cases": 600 },
      },
      rows,
      columns: columns(100),
    },
    full: {
      common: { updates: 75_000, "schedule-period": 25, seed: [1, 2, 3, 4, 5, 6] },
      rows: { ...rows, mnist: { problem: "mnist" } },
      columns: columns(1000),
    },
  },
  claims: [
    ["Every rule with a schedule gains from a finish", allGain],
    [
      "An average of the parameters is as good as NAG with a finish",
      betweenBest(Object.keys(averaging), [withFinish("nag")], isAsLow),
    ],
  ],
  figures: [columnsFigure({ title: "rule" }), ratesFigure()],
};

function withFinish(optimizer: string): string {
  return `${optimizer} + finish`;
}

function allGain({ entries }: Row): Finding {
  const of = (name: string) => entries.find(({ column }) => column === name);
  return together(
    Object.keys(scheduled).map((name) => {
      const without = of(name), finished = of(withFinish(name));
      return without && finished
        ? isLower(finished, without)
        : undecided(`${name} has nothing to be compared with`);
    }),
  );
}
