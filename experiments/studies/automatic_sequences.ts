import { columnsFigure } from "../report/figures/columns.ts";
import type { Experiment } from "../tables/experiment.ts";
import { claimsOfChoice, shared, waysToChoose } from "./automatic.ts";

const rates = [0.016, 0.004, 0.001];

/** Where a problem counts as solved. */
const SOLVED = 0.02;

/** M12 with recurrent networks, whose error may come to 0: what counts is how soon. */
export const automaticSequences: Experiment = {
  heading: {
    name: "automatic_sequences",
    title: "Momentum chosen by a race, in recurrent networks",
    figure: { name: "updates", unit: `until the zero-one loss is below ${SOLVED}, or all` },
    reach: SOLVED,
    question: "does a race lead to a solution as soon as tuning by hand, and sooner than random " +
      "search?",
  },
  program: "rnn",
  layouts: {
    small: {
      common: { ...shared, hidden: 50, "batch-size": 50, every: 30 },
      rows: {
        "add, T = 20": { problem: "add", length: 20, updates: 1500 },
        "mem-5, T = 10": { problem: "mem-5", length: 10, updates: 3000 },
      },
      columns: waysToChoose({
        byHand: { "warm-up-updates": 200, "learning-rate": rates },
        ...{ ofRule: rates, places: 16 },
      }),
    },
    full: {
      common: { ...shared, updates: 50_000, every: 500 },
      rows: {
        "add, T = 80": { problem: "add", length: 80 },
        "mem-5, T = 80": { problem: "mem-5", length: 80 },
      },
      columns: waysToChoose({
        byHand: { "learning-rate": rates },
        ...{ ofRule: rates, places: 54 },
      }),
    },
  },
  claims: claimsOfChoice,
  figures: [columnsFigure({ title: "how the momentum was chosen", rows: "problem" })],
};
