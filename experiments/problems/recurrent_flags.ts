import { InputError, timeLoops } from "../../mod.ts";
import { gridFlags } from "../study/grid.ts";
import {
  choice,
  choices,
  type FlagTable,
  integer,
  number,
  path,
  type Values,
  yesNo,
} from "../terminal/flags.ts";
import { fileFlags, layeredFlags } from "./layered_flags.ts";
import { sequenceProblems } from "./sequences.ts";

/** Of a hidden unit, where --fan-in does not say (paper, Table 4). */
const mostConnections = 15;

/** The flags of recurrent networks, those of a grid among them. */
export const recurrentFlags = {
  ...gridFlags,
  problem: choice([...sequenceProblems, "mnist-rows", "custom"], {
    default: "add",
    help:
      "Adding, multiplication, or memorization of 5 of 2, 10 of 5 or other numbers of symbols; " +
      "mnist-rows are handwritten digits, read row after row; custom is the next row of a series of " +
      "your own.",
  }),
  data: path({
    help:
      "Of custom: the CSV file of the series, a row a step, or an .npy, IDX, .npz or .mat file. Of " +
      "mnist-rows: the folder with the files of mnist.",
  }),
  header: fileFlags.header,
  download: fileFlags.download,
  "train-cases": layeredFlags["train-cases"],
  "test-share": number({
    default: 0.2,
    above: 0,
    below: 1,
    help: "Of custom: the last rows, as a share of all, are kept to test on.",
  }),
  length: integer({
    atLeast: 1,
    unit: "steps",
    shown: "the paper's: 80, for mem-5 200",
    help:
      "T: the shortest sequence of add and mul, the blanks of memorization; of custom the rows " +
      "of a window.",
  }),
  symbols: integer({ atLeast: 2, help: "Of memorization: different symbols." }),
  items: integer({ atLeast: 1, help: "Of memorization: symbols to be remembered." }),
  hidden: integer({ default: 100, atLeast: 1, unit: "units", help: "Hidden tanh units." }),
  "batch-size": integer({
    default: 100,
    atLeast: 1,
    unit: "sequences",
    help: "Fresh sequences of a minibatch, or windows of custom.",
  }),
  "warm-up-updates": integer({ default: 1000, atLeast: 0, unit: "updates", help: "Of warm-up." }),
  "warm-up-momentum": number({ default: 0.9, atLeast: 0, below: 1, help: "Of warm-up." }),
  init: choices(["echo-state", "gaussian", "orthogonal"], {
    default: ["echo-state"],
    help: "Recurrent weights: sparse and rescaled to the spectral radius, Gaussian N(0, 1) / " +
      "sqrt(units) times it, whose radius is about that, or an orthogonal matrix times it.",
  }),
  "spectral-radius": number({ default: 1.1, above: 0, help: "Of the recurrent weights." }),
  "fan-in": integer({
    atLeast: 1,
    unit: "connections",
    shown: `${mostConnections}, or as many as there are units`,
    help: "Incoming recurrent connections of a hidden unit under echo-state.",
  }),
  "input-scale": number({
    above: 0,
    shown: "0.001 for add and mul, else 0.1",
    help: "Standard deviation of the input weights.",
  }),
  "output-scale": number({
    default: 0.1,
    above: 0,
    help: "Standard deviation of the output weights.",
  }),
  centre: yesNo({ default: true, help: "Subtracts the mean of the inputs." }),
  cue: yesNo({
    default: false,
    help: "Of add and mul: marks the first and the last step with -1.",
  }),
  "clip-norm": number({ above: 0, shown: "off", help: "Shortens longer gradients to this norm." }),
  "time-loop": choice(timeLoops, {
    shown: "the faster one, measured",
    help: "Whether the loop over time runs inside a kernel or is a dispatch a step: the same bits.",
  }),
  "eval-cases": integer({
    default: 1000,
    atLeast: 1,
    unit: "sequences",
    help: "Test sequences, always the same, that a report evaluates; the last one takes 10,000.",
  }),
  schedule: choices(["warm-up", "paper", "nesterov1983", "constant"], {
    default: ["warm-up"],
    help: "How the momentum runs: a smaller one first, as for the paper's recurrent networks, or " +
      "as for its autoencoders.",
  }),
} satisfies FlagTable;

/** Incoming connections of a hidden unit. Throws InputError where there are fewer units. */
export function chooseFanIn(
  { hidden, init, fanIn = Math.min(mostConnections, hidden) }: Pick<
    Values<typeof recurrentFlags>,
    "hidden" | "init" | "fanIn"
  >,
): number {
  if (!init.includes("echo-state") || fanIn <= hidden) return fanIn;
  throw new InputError(
    `--fan-in ${fanIn} is more than the ${hidden} hidden units: it may be 1 to ${hidden}`,
  );
}

/** Flags that mean nothing to these, with what they are for. */
export function idleFlags(
  { problem, init, schedule }: Pick<
    Values<typeof recurrentFlags>,
    "problem" | "init" | "schedule"
  >,
): Record<string, string | false> {
  const warms = schedule.includes("warm-up");
  const isOwn = problem === "custom",
    areDigits = problem === "mnist-rows",
    isLoaded = isOwn || areDigits;
  const [ofOwn, ofDigits] = [!isOwn && "--problem custom", !areDigits && "--problem mnist-rows"];
  const ofPaper = isLoaded && "the paper's problems";
  return {
    data: !isLoaded && "--problem custom and mnist-rows",
    ...{ header: ofOwn, "test-share": ofOwn, download: ofDigits, "train-cases": ofDigits },
    length: areDigits && "problems of any length",
    ...{ symbols: ofPaper, items: ofPaper, centre: ofPaper, cue: ofPaper },
    "fan-in": !init.includes("echo-state") && "--init echo-state",
    "schedule-period": !schedule.includes("paper") && "--schedule paper",
    "warm-up-updates": !warms && "--schedule warm-up",
    "warm-up-momentum": !warms && "--schedule warm-up",
  };
}
