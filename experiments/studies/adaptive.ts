import type { Row } from "../report/claims.ts";
import { incomparable } from "../report/decisions.ts";
import { columnsFigure } from "../report/figures/columns.ts";
import { measuredFigure } from "../report/figures/measured.ts";
import { type AlongRun, isLess, mean } from "../report/measured.ts";
import type { EntrySummary } from "../report/summary.ts";
import { type Finding, isFactorAsLow, together } from "../report/verdicts.ts";
import type { Experiment, Flags } from "../tables/experiment.ts";
import { squaredError } from "../tables/grid.ts";

const columns: Record<string, Flags> = {
  "SGD": { optimizer: "sgd" },
  "adaptive heavy ball": { optimizer: "adaptive-heavy-ball" },
  "restart": { optimizer: "restart" },
};

/** What the momentum lacks to 1, which is above 0 where there is none. */
const lack: AlongRun = {
  words: "mean 1 - mu",
  of: ({ momentum }) => momentum === null ? undefined : 1 - momentum,
  over: mean,
};

/** From a restart, or the first update, to the next. */
const stretch: AlongRun = {
  words: "mean updates from restart to restart",
  of: ({ update, told }) => told && update / (1 + told.restarts),
  over: (values) => values[values.length - 1],
};

/** M14: what is left of a momentum that is chosen by gradients where these are noisy. */
export const adaptive: Experiment = {
  heading: {
    name: "adaptive",
    title: "Momentum that gradients choose, under noise",
    figure: squaredError,
    question:
      "do the adaptive heavy ball and restarts lose their momentum, and what it gains, as " +
      "the batch shrinks?",
  },
  program: "autoencoder",
  layouts: {
    small: {
      common: {
        ...{ problem: "curves", layers: [784, 30, 6], "train-cases": 300, "eval-cases": 100 },
        ...{ updates: 2000, every: 20, "learning-rate": 0.02, seed: [1, 2, 3, 4] },
      },
      rows: {
        "batch 20": { "batch-size": 20 },
        "batch 80": { "batch-size": 80 },
        "all cases": { "batch-size": 300 },
      },
      columns,
    },
    full: {
      common: {
        ...{ problem: "curves", "train-cases": 8192, "eval-cases": 1000 },
        ...{ updates: 20_000, every: 100, "learning-rate": 0.02, seed: [1, 2, 3, 4, 5, 6] },
      },
      rows: {
        "batch 50": { "batch-size": 50 },
        "batch 200": { "batch-size": 200 },
        "batch 1024": { "batch-size": 1024 },
        "all cases": { "batch-size": 8192 },
      },
      columns,
    },
  },
  claims: [
    [
      "The smaller the batch, the less momentum the adaptive heavy ball has",
      (row) =>
        asBatchesShrink(
          row,
          "adaptive heavy ball",
          (larger, smaller) => isLess([larger, smaller], lack),
        ),
      "all rows",
    ],
    [
      "The smaller the batch, the more often the restarted schedule restarts",
      (row) =>
        asBatchesShrink(
          row,
          "restart",
          (larger, smaller) => isLess([smaller, larger], stretch),
        ),
      "all rows",
    ],
    [
      "The adaptive heavy ball gains less over SGD at the smallest batch than with all cases",
      (row) => gainsLess(row, "adaptive heavy ball"),
      "all rows",
    ],
    [
      "The restarted schedule gains less over SGD at the smallest batch than with all cases",
      (row) => gainsLess(row, "restart"),
      "all rows",
    ],
  ],
  figures: [
    columnsFigure({ title: "rule, all at one learning rate", rows: "minibatches" }),
    measuredFigure({
      name: "momentum",
      title: "the momentum of updates",
      axis: ["μ"],
      of: ({ momentum }) => momentum ?? undefined,
      isLinear: true,
    }),
    measuredFigure({
      name: "restarts",
      title: "restarts so far",
      axis: ["restarts"],
      of: ({ told }) => told?.restarts,
      isLinear: true,
    }),
  ],
};

/** The entries of a column, that of the largest batch first. */
function byBatch({ entries }: Row, name: string): EntrySummary[] {
  return entries.filter(({ column }) => column === name)
    .toSorted((a, b) => b.configuration.batchSize - a.configuration.batchSize);
}

/** Whether it is so of all batches, each beside the next smaller one. */
function asBatchesShrink(
  row: Row,
  name: string,
  decide: (larger: EntrySummary, smaller: EntrySummary) => Finding,
): Finding {
  const entries = byBatch(row, name);
  const findings = entries.slice(1).map((smaller, i) => decide(entries[i], smaller));
  return findings.length > 0 ? together(findings) : incomparable;
}

/** Of SGD's error less is left where the batch is the largest. */
function gainsLess(row: Row, name: string): Finding {
  const [ours, sgd] = [name, "SGD"].map((column) => byBatch(row, column));
  if (ours.length < 2 || ours.length !== sgd.length) return incomparable;
  return isFactorAsLow([ours[0], sgd[0]], [ours.at(-1)!, sgd.at(-1)!], 0);
}
