import type { Row } from "../report/claims.ts";
import { bestOf, incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { ratesFigure } from "../report/figures/rates.ts";
import { type Finding, isFactorAsLow } from "../report/verdicts.ts";
import type { Configuration } from "../study/cell.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

const velocities: Record<string, Flags> = {
  "all": { optimizer: "cm" },
  "rank 16": { optimizer: "low-rank", rank: 16 },
  "rank 4": { optimizer: "low-rank", rank: 4 },
  "rank 1": { optimizer: "low-rank", rank: 1 },
  "weights": { optimizer: "cm", "momentum-in": "weights" },
  "hidden": { optimizer: "cm", "momentum-in": "hidden" },
  "ends": { optimizer: "cm", "momentum-in": "ends" },
  "biases": { optimizer: "cm", "momentum-in": "biases" },
};

function columns(mu: number): Record<string, Flags> {
  const entries = Object.entries(velocities).map(([name, flags]) => [name, { ...flags, mu }]);
  return { ...Object.fromEntries(entries), none: { optimizer: "sgd" } };
}

const rows = { curves: { problem: "curves" } };

/** M7: how much of the velocity is needed, and of which layers. */
export const buffer: Experiment = {
  heading: {
    name: "buffer",
    title: "The memory of momentum",
    figure: squaredError,
    question: "how much of the gain is left of a velocity of low rank, or of some tensors alone?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ layers: [784, 50, 20, 6], updates: 1500, "schedule-period": 10 },
        ...{ "learning-rate": [0.1, 0.05, 0.02], seed: [1, 2, 3, 4], "eval-cases": 600 },
      },
      rows,
      columns: columns(0.9),
    },
    full: {
      common: {
        ...{ updates: 75_000, "schedule-period": 25 },
        ...{ "learning-rate": [0.05, 0.02, 0.01, 0.005], seed: [1, 2, 3, 4, 5, 6] },
      },
      rows: { ...rows, mnist: { problem: "mnist" } },
      columns: columns(0.99),
    },
  },
  claims: [
    ["A velocity of rank 4 gives most of the gain", (row) => givesMost(row, "rank 4")],
    ["That of the hidden layers gives most of the gain", (row) => givesMost(row, "hidden")],
  ],
  figures: [
    columnsFigure({ title: "what has a velocity" }),
    columnsFigure({
      name: "bytes",
      title: "velocity (bytes a parameter)",
      at: ({ configuration }) => bytesOf(configuration),
      ticks: [0, 1, 2, 3, 4],
    }),
    ratesFigure(),
  ],
};

/** Closer to the momentum of all tensors than to none, in proportion. */
function givesMost({ entries }: Row, column: string): Finding {
  const [some, all, none] = [column, "all", "none"].map((name) => bestOf(entries, [name]));
  if (!some || !all || !none) return incomparable;
  return isFactorAsLow([some, all], [none, some], 0);
}

/** Bytes of velocity a parameter: 4 for each number that is kept. */
function bytesOf(configuration: Configuration): number {
  const { optimizer, momentumIn = "all", own } = configuration;
  const encoder = configuration.layers as readonly number[];
  const units = [...encoder, ...encoder.toReversed().slice(1)];
  const layers = units.slice(1).map((outputs, i) => {
    const inputs = units[i], isEnd = i === 0 || i === units.length - 2;
    return { weights: inputs * outputs, biases: outputs, sides: inputs + outputs, isEnd };
  });
  const { rank } = own as { readonly rank?: number };
  const kept = layers.map(({ weights, biases, sides, isEnd }) => {
    if (optimizer === "sgd") return 0;
    if (rank !== undefined) return Math.min(rank * sides, weights) + biases;
    if (momentumIn === "weights") return weights;
    if (momentumIn === "biases") return biases;
    return momentumIn === "all" || (momentumIn === "ends") === isEnd ? weights + biases : 0;
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return 4 * sum(kept) / sum(layers.map(({ weights, biases }) => weights + biases));
}
