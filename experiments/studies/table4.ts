import type { Row } from "../report/claims.ts";
import { incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import type { EntrySummary } from "../report/summary.ts";
import { byChoosingError, type Finding, isLower } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { zeroOneLoss } from "../tables/grid.ts";

const usual = "as in the paper";

/** One factor at a time. */
function columns(
  { radii, scales }: { radii: readonly number[]; scales: readonly number[] },
): Record<string, Flags> {
  return {
    [usual]: {},
    ...Object.fromEntries(radii.map((radius) => [
      `radius ${radius}`,
      { "spectral-radius": radius },
    ])),
    ...Object.fromEntries(scales.map((scale) => [`inputs ${scale}`, { "input-scale": scale }])),
    "not centred": { centre: "no" },
    "Gaussian": { init: "gaussian" },
    "orthogonal": { init: "orthogonal" },
  };
}

function rows(problems: readonly string[], lengths: readonly number[]): Record<string, Flags> {
  return Object.fromEntries(
    problems.flatMap((problem) =>
      lengths.map((length) => [`${problem}, T = ${length}`, { problem, length }])
    ),
  );
}

/** The paper's Table 4, which says how its recurrent networks begin, tried one factor at a time. */
export const table4: Experiment = {
  heading: {
    name: "table4",
    title: "Table 4: the initialization of recurrent networks",
    figure: zeroOneLoss,
    isLinear: true,
    question: "which parts of the initialization of recurrent networks matter: the spectral " +
      "radius of 1.1, the scale of the inputs, centring, the sparseness?",
  },
  program: "rnn",
  layouts: {
    small: {
      common: {
        ...{ hidden: 50, "batch-size": 50, updates: 1500, "warm-up-updates": 200, mu: 0.98 },
        ...{ optimizer: "nag", "learning-rate": [0.01, 0.003, 0.001], seed: [1, 2, 3, 4] },
      },
      rows: rows(["add", "mul", "mem-5"], [10, 20]),
      columns: columns({ radii: [0.7, 1.5], scales: [0.001, 0.1, 1] }),
    },
    full: {
      common: {
        ...{ updates: 50_000, mu: 0.98, optimizer: "nag" },
        ...{ "learning-rate": [1e-2, 1e-3, 1e-4, 1e-5], seed: [1, 2, 3, 4, 5, 6] },
      },
      rows: rows(["add", "mul", "mem-5"], [40, 80]),
      columns: columns({ radii: [0.7, 0.9, 1.3, 1.5], scales: [0.001, 0.01, 0.1, 1] }),
    },
  },
  claims: [
    ["The radius matters", (row) => someAreWorse(row, (name) => name.startsWith("radius"))],
    ["The input scale matters", (row) => someAreWorse(row, (name) => name.startsWith("inputs"))],
    ["Centring is needed", (row) => someAreWorse(row, (name) => name === "not centred")],
    [
      "Sparse weights are better than dense ones",
      (row) => someAreWorse(row, (name) => name === "Gaussian"),
    ],
  ],
  figures: [columnsFigure({ title: "what is another than in the paper", rows: "problem" })],
};

/** The worst of a factor, as the first seed found it, is worse than what the paper has. */
function someAreWorse({ entries }: Row, isOfFactor: (column: string) => boolean): Finding {
  const paper = entries.find(({ column }) => column === usual);
  const varied = byChoosingError(entries.filter(({ column }) => isOfFactor(column)));
  const worst: EntrySummary | undefined = varied[varied.length - 1];
  if (!paper || !worst) return incomparable;
  return isLower(paper, worst);
}
