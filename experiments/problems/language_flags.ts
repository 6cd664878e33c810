import { blockActivations } from "../../mod.ts";
import { gridFlags, initScale } from "../study/grid.ts";
import { choice, choices, type FlagTable, integer, number, path } from "../terminal/flags.ts";
import { blockFlags } from "./block_flags.ts";
import { idleOfLayers } from "./layered_flags.ts";

/** The flags of character models, those of a grid among them. */
export const languageFlags = {
  text: path({ help: "The file with the text, in UTF-8, or packed by gzip." }),
  "test-share": number({
    default: 0.1,
    above: 0,
    below: 1,
    help: "The end of the text, as a share of its characters, is held out to test on.",
  }),
  length: integer({
    default: 64,
    atLeast: 1,
    unit: "characters",
    help: "Of a window: a character is predicted from those before it in its window.",
  }),
  ...blockFlags,
  activation: choice(blockActivations, { default: "relu", help: "Of the hidden units." }),
  dropout: number({
    default: 0,
    atLeast: 0,
    below: 1,
    help:
      "The share of units that is left out of an update, behind the embeddings and each branch.",
  }),
  ...gridFlags,
  updates: integer({ default: 2000, atLeast: 1, help: "How long to train.", unit: "updates" }),
  "batch-size": integer({
    default: 32,
    atLeast: 1,
    unit: "windows",
    help: "Windows of a minibatch, each from anywhere in the text.",
  }),
  init: choices(["gaussian", "glorot", "he", "orthogonal"], {
    default: ["gaussian"],
    help: "The initial weights: Gaussian N(0, 1) / sqrt(fan-in), Glorot's uniform, He's sqrt(2) " +
      "times the first, or an orthogonal matrix, each times --init-scale; the last of each branch " +
      "is divided by sqrt(2 blocks).",
  }),
  "init-scale": initScale,
  "clip-norm": number({ above: 0, shown: "off", help: "Shortens longer gradients to this norm." }),
  "eval-cases": integer({
    default: 200,
    atLeast: 1,
    unit: "windows",
    help:
      "Windows of each split, always the same, that a report evaluates; the last one takes all " +
      "that are held out.",
  }),
} satisfies FlagTable;

/** Flags that mean nothing to these, with what they are for. */
export function idleFlags(
  { schedule }: { readonly schedule: readonly string[] },
): Record<string, string | false> {
  const { "schedule-period": period } = idleOfLayers({ init: [], schedule });
  return { "schedule-period": period };
}
