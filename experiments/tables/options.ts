import { InputError } from "../../mod.ts";
import { dataFlags as ofAnyProblem } from "../problems/autoencoder_flags.ts";
import {
  choice,
  choices,
  type FlagTable,
  integer,
  integers,
  number,
  numbers,
  path,
  type Values,
  yesNo,
} from "../terminal/flags.ts";
import { type AutoencoderBudget, phasesBudgets, presets, type RecurrentBudget } from "./budget.ts";
import { type AutoencoderTableName, autoencoderTables } from "./paper_tables.ts";
import { table5 } from "../studies/table5.ts";
import type { DataOptions } from "./data.ts";
import type { PhasesRequest, TableRequest } from "./requests.ts";
import { paperFlags } from "./session.ts";

const ofPreset = { shown: "the preset's" };

/** The budget as a whole. */
export const presetFlag = {
  preset: choice(presets, {
    shown: "paper, which asks first",
    help: "The budget: the paper's, or a small one that shows its claims without a GPU.",
  }),
} satisfies FlagTable;

/** What scales a budget. */
const budgetFlags = {
  ...presetFlag,
  updates: integer({ ...ofPreset, atLeast: 1, unit: "updates", help: "How long to train." }),
  "learning-rate": numbers({
    ...ofPreset,
    above: 0,
    help: "The learning rates that are tried first; the best one of an entry is reported.",
  }),
  widen: yesNo({
    default: true,
    help: "Tries more rates, by factors of 2, where the best one is at the edge of those tried.",
  }),
  seed: integers({
    ...ofPreset,
    atLeast: 0,
    help: "Of weights and minibatches: the first one chooses the learning rates, the others " +
      "confirm what it chose.",
  }),
  "batch-size": integer({ ...ofPreset, atLeast: 1, unit: "cases", help: "Cases of a minibatch." }),
} satisfies FlagTable;

/** What autoencoders learn. */
export const dataFlags = {
  problem: choice(["curves", "mnist", "faces"], {
    default: "curves",
    help: "The data, with the paper's network and loss for them.",
  }),
  data: path({
    help: "The folder with the files of mnist or faces, or with the original one of curves.",
  }),
  "data-seed": ofAnyProblem["data-seed"],
  download: ofAnyProblem.download,
} satisfies FlagTable;

/** The flags of all tables of autoencoders. */
export const autoencoderFlags = {
  ...dataFlags,
  ...budgetFlags,
  layers: integers({
    ...ofPreset,
    atLeast: 1,
    repeats: true,
    unit: "units",
    help: "The encoder from the input to the code; the decoder mirrors it.",
  }),
  "schedule-period": integer({
    ...ofPreset,
    atLeast: 1,
    unit: "updates",
    help: "Between two rises of the momentum schedule; fewer compress it into a shorter run.",
  }),
  finish: integer({
    ...ofPreset,
    atLeast: 0,
    unit: "updates",
    help: "Length of the low-momentum finish, at the smaller of 0.9 and the schedule.",
  }),
} satisfies FlagTable;

/** The columns of Hessian-free. */
export const hessianFreeFlags = {
  "hf-updates": integer({
    ...ofPreset,
    atLeast: 0,
    unit: "updates",
    help: "Of Hessian-free on all cases (HF*), some hundred gradients and more each; 0 for none.",
  }),
  "hf-dagger-updates": integer({
    ...ofPreset,
    atLeast: 0,
    unit: "updates",
    help: "Of Hessian-free on minibatches (HF†), likewise.",
  }),
} satisfies FlagTable;

/** The columns of Hessian-free as momentum. */
export const dialFlags = {
  "cg-steps": integers({
    ...ofPreset,
    atLeast: 1,
    help: "Steps of conjugate gradient in an update: with more of them it has fewer updates.",
  }),
  decay: numbers({
    ...ofPreset,
    atLeast: 0,
    atMost: 1,
    help: "The share of its last iterate that conjugate gradient begins with.",
  }),
  "gradient-cases": integer({
    ...ofPreset,
    atLeast: 1,
    unit: "cases",
    help: "Of an update of Hessian-free, of the gradient and of the curvature.",
  }),
} satisfies FlagTable;

/** The columns of CM and NAG. */
export const capFlags = {
  mu: numbers({
    ...ofPreset,
    above: 0,
    below: 1,
    help: "The caps mu_max of the momentum schedule: a column each for CM and NAG.",
  }),
} satisfies FlagTable;

/** The flags of table 3. */
export const initializationFlags = {
  ...autoencoderFlags,
  "init-scale": numbers({ ...ofPreset, above: 0, help: "The scales of sparse initialization." }),
  mu: numbers({
    ...ofPreset,
    above: 0,
    below: 1,
    help: "The cap mu_max of the momentum schedule of all networks.",
  }),
  ...paperFlags,
} satisfies FlagTable;

const sequenceProblems = ["add", "mul", "mem-5", "mem-20"] as const;

/** The flags of table 5. */
export const recurrentFlags = {
  problem: choices(sequenceProblems, {
    default: sequenceProblems,
    help: "The problems: a row each.",
  }),
  ...budgetFlags,
  length: integers({
    ...ofPreset,
    atLeast: 1,
    repeats: true,
    unit: "steps",
    help: "T of each problem of --problem, in that order.",
  }),
  hidden: integer({ ...ofPreset, atLeast: 1, unit: "units", help: "Hidden tanh units." }),
  "warm-up-updates": integer({
    ...ofPreset,
    atLeast: 0,
    unit: "updates",
    help: "At momentum 0.9, before that of the column.",
  }),
  mu: numbers({
    ...ofPreset,
    atLeast: 0,
    below: 1,
    help: "The momenta mu_0: 0 is one column, each other one of CM and one of NAG.",
  }),
  ...paperFlags,
} satisfies FlagTable;

/** The flags of the experiment on the phases of training. */
export const phasesFlags = {
  ...dataFlags,
  ...presetFlag,
  layers: autoencoderFlags.layers,
  "schedule-period": autoencoderFlags["schedule-period"],
  mu: numbers({
    ...ofPreset,
    atLeast: 0,
    below: 1,
    help: "The caps of the branches; the highest one is that of the trunk.",
  }),
  "learning-rate": number({ ...ofPreset, above: 0, help: "The learning rate of all networks." }),
  seed: integers({
    ...ofPreset,
    atLeast: 0,
    help: "Of weights and minibatches: a trunk each, with its branches.",
  }),
  "branch-at": integers({
    ...ofPreset,
    atLeast: 1,
    unit: "updates",
    help: "After which the branches leave the trunk.",
  }),
  "branch-updates": integer({
    ...ofPreset,
    atLeast: 1,
    unit: "updates",
    help: "Length of a branch.",
  }),
  "batch-size": budgetFlags["batch-size"],
  ...paperFlags,
} satisfies FlagTable;

/** The flags of the paper's statements. */
export const theoryFlags = { out: paperFlags.out, adapter: paperFlags.adapter };

/** The flags of everything together. */
export const allFlags = { ...dataFlags, ...presetFlag, ...paperFlags };

/** The table that a command line asks for. Throws InputError where its numbers make none. */
export function autoencoderRequest(
  name: AutoencoderTableName,
  options: Values<
    & typeof autoencoderFlags
    & Partial<
      typeof capFlags & typeof initializationFlags & typeof hessianFreeFlags & typeof dialFlags
    >
  >,
): TableRequest {
  const { preset = "paper", learningRate, seed, initScale, widen, ...rest } = options;
  const given = { ...rest, learningRates: learningRate, seeds: seed, scales: initScale };
  const base: AutoencoderBudget = autoencoderTables[name].budgets[preset];
  const budget = { ...override(base, given), ...!widen && { widen } };
  if (name === "table3" && budget.mu.length > 1) {
    throw new InputError(`--mu takes one cap for table3, not ${budget.mu.join(",")}`);
  }
  return { name, preset, budget, data: dataOf(options) };
}

/** Table 5, as a command line asks for it. Throws InputError where its numbers make none. */
export function recurrentRequest(options: Values<typeof recurrentFlags>): TableRequest {
  const { preset = "paper", problem: problems, length, learningRate, seed, widen, ...rest } =
    options;
  const given = { ...rest, learningRates: learningRate, seeds: seed };
  const base: RecurrentBudget = table5.budgets[preset];
  const budget = { ...override(base, given), ...!widen && { widen } };
  if (length !== undefined && length.length !== problems.length) {
    throw new InputError(
      `--length names ${length.length} of ${problems.length}: one for each of ${problems}`,
    );
  }
  const lengths = Object.fromEntries(problems.map((name, i) => [name, length?.[i]]));
  return {
    name: "table5",
    preset,
    problems,
    budget: { ...budget, lengths: override(budget.lengths, lengths) },
  };
}

/** The experiment on the phases of training, as a command line asks for it. */
export function phasesRequest(options: Values<typeof phasesFlags>): PhasesRequest {
  const { preset = "paper", seed, ...rest } = options;
  const budget = override(phasesBudgets[preset], { ...rest, seeds: seed });
  return { preset, budget, data: dataOf(options) };
}

/** Everything, with the budgets of the preset. */
export function requestsOfAll(
  options: Values<typeof allFlags>,
): { tables: TableRequest[]; phases: PhasesRequest } {
  const { preset = "paper" } = options, data = dataOf(options);
  const autoencoders = (Object.keys(autoencoderTables) as AutoencoderTableName[]).map((name) => (
    { preset, data, name, budget: autoencoderTables[name].budgets[preset] }
  ));
  const recurrent = {
    name: "table5" as const,
    preset,
    problems: sequenceProblems,
    budget: table5.budgets[preset],
  };
  return {
    tables: [...autoencoders, recurrent],
    phases: { preset, data, budget: phasesBudgets[preset] },
  };
}

function dataOf({ problem, data, dataSeed, download }: Values<typeof dataFlags>): DataOptions {
  return { problem, data, dataSeed, download };
}

/** `base`, with what `options` say of its parts. */
function override<T extends object>(base: T, options: Partial<Record<keyof T, unknown>>): T {
  const given = Object.keys(base).filter((key) => options[key as keyof T] !== undefined);
  return { ...base, ...Object.fromEntries(given.map((key) => [key, options[key as keyof T]])) };
}
