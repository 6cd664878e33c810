import { adaptive } from "../studies/adaptive.ts";
import { agreement } from "../studies/agreement.ts";
import { attention } from "../studies/attention.ts";
import { automatic } from "../studies/automatic.ts";
import { automaticSequences } from "../studies/automatic_sequences.ts";
import { buffer } from "../studies/buffer.ts";
import { convolution } from "../studies/convolution.ts";
import { digitRows } from "../studies/digit_rows.ts";
import { edge } from "../studies/edge.ts";
import type { Experiment } from "./experiment.ts";
import { fineTuning } from "../studies/fine_tuning.ts";
import { finishOrAveraging } from "../studies/finish_or_averaging.ts";
import { flatness } from "../studies/flatness.ts";
import { initialization } from "../studies/initialization.ts";
import { interactions } from "../studies/interactions.ts";
import { lead } from "../studies/lead.ts";
import { marginalValue } from "../studies/marginal_value.ts";
import { modern } from "../studies/modern.ts";
import { table4 } from "../studies/table4.ts";
import { theorem } from "../studies/theorem.ts";
import { visionTransformers } from "../studies/vision_transformer.ts";

const all = [
  ...[automatic, automaticSequences, modern, marginalValue, lead, buffer, initialization],
  ...[finishOrAveraging, table4, theorem, flatness, interactions, convolution, attention, edge],
  ...[visionTransformers, agreement, adaptive, digitRows, fineTuning],
];

/** The experiments beyond the paper, and its Table 4, by name. */
export const experiments: Readonly<Record<string, Experiment>> = Object.fromEntries(
  all.map((experiment) => [experiment.heading.name, experiment]),
);
