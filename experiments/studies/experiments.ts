import { agreement } from "./agreement.ts";
import { attention } from "./attention.ts";
import { automatic } from "./automatic.ts";
import { buffer } from "./buffer.ts";
import { convolution } from "./convolution.ts";
import { edge } from "./edge.ts";
import type { Experiment } from "./experiment.ts";
import { finishOrAveraging } from "./finish_or_averaging.ts";
import { flatness } from "./flatness.ts";
import { initialization } from "./initialization.ts";
import { interactions } from "./interactions.ts";
import { lead } from "./lead.ts";
import { marginalValue } from "./marginal_value.ts";
import { modern } from "./modern.ts";
import { table4 } from "./table4.ts";
import { theorem } from "./theorem.ts";

const all = [
  ...[automatic, modern, marginalValue, lead, buffer, initialization, finishOrAveraging],
  ...[table4, theorem, flatness, interactions, convolution, attention, edge, agreement],
];

/** The experiments beyond the paper, and its Table 4, by name. */
export const experiments: Readonly<Record<string, Experiment>> = Object.fromEntries(
  all.map((experiment) => [experiment.heading.name, experiment]),
);
