import { squaredError } from "./grid.ts";
import type { Experiment } from "./experiment.ts";

/** M3: how far ahead of the parameters the gradient is best taken. */
export const lead: Experiment = {
  heading: { name: "lead", title: "The lead between CM and NAG", figure: squaredError },
  question: "how far ahead of the parameters is the gradient best taken?",
  program: "autoencoder",
  layouts: {
    small: { common: {}, rows: {}, columns: {} },
    full: { common: {}, rows: {}, columns: {} },
  },
  claims: [],
  figures: [],
};
