import { lead } from "./lead.ts";
import type { Experiment } from "./experiment.ts";

/** The experiments beyond the paper, by name. */
export const experiments: Readonly<Record<string, Experiment>> = Object.fromEntries(
  [lead].map((experiment) => [experiment.heading.name, experiment]),
);
