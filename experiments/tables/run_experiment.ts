import { InputError } from "../../mod.ts";
import { nameOf } from "../study/grid.ts";
import type { PlannedCell } from "../study/ledger.ts";
import type { NetworkKind } from "../study/network_kind.ts";
import { optimizerName } from "../study/optimizer_flags.ts";
import {
  choice,
  type FlagTable,
  integer,
  integers,
  path,
  several,
  type Values,
} from "../terminal/flags.ts";
import {
  type Experiment,
  type ExperimentPreset,
  experimentPresets,
  type Flags,
  type LaidExperiment,
  layExperiment,
} from "./experiment.ts";
import { networkOf, type PlannedEntry } from "./grid.ts";
import { layTable } from "./records.ts";
import { presetFlag } from "./options.ts";
import { agreePaper, paperFlags, paperSession } from "./session.ts";
import { trainTables } from "./tables.ts";

/** The flags of an experiment. */
export const experimentFlags = {
  preset: choice(experimentPresets, {
    default: "small",
    help: "The budget: one for two cores, or one for a GPU, which asks first.",
  }),
  data: path({ help: "Of experiments on digits: the folder with the files of mnist." }),
  text: path({ help: "Of experiments on a text: its file." }),
  updates: integer({
    atLeast: 1,
    shown: "the preset's",
    unit: "updates",
    help: "How long to train.",
  }),
  seed: integers({
    atLeast: 0,
    shown: "the preset's",
    help: "The first one chooses what is searched, the others confirm what it chose.",
  }),
  ...paperFlags,
  out: path({
    default: "results/studies",
    help: "The folder for the results. What it holds is not trained again.",
  }),
} satisfies FlagTable;

/** The flag of experiments that compare optimizers. */
export const joinFlag = {
  optimizer: several<string, readonly string[] | undefined>(optimizerName, {
    help: "More optimizers to compare, shipped ones or files of your own, such as ./mine.ts.",
  }),
} satisfies FlagTable;

/** The flags of an experiment in a folder of the paper's tables. */
export const paperExperimentFlags = {
  ...{ preset: presetFlag.preset, updates: experimentFlags.updates, seed: experimentFlags.seed },
  ...paperFlags,
} satisfies FlagTable;

/** The values of {@linkcode experimentFlags}. */
export type ExperimentOptions = Values<typeof experimentFlags>;

/** Whether a problem is one of digits: mnist, or its rows. */
function areDigits(problem: string): boolean {
  return problem.startsWith("mnist");
}

/** What experiments learn from that lies in files, and the flag that names it. */
const files = [
  {
    flag: "data",
    words: "digits: name the folder with MNIST's files by --data",
    isOf: ({ layouts }: Experiment, preset: ExperimentPreset) => {
      const { common, rows } = layouts[preset];
      return [common, ...Object.values(rows)].some(({ problem }) => areDigits(String(problem)));
    },
  },
  {
    flag: "text",
    words: "a text: name its file by --text",
    isOf: ({ program }: Experiment) => program === "language",
  },
] as const;

/** Refuses experiments on files that no flag names, before any of several is begun. */
export function requireFiles(
  experiments: readonly Experiment[],
  options: Pick<ExperimentOptions, "preset" | "data" | "text">,
): void {
  for (const { flag, words, isOf } of files) {
    const needing = experiments.filter((experiment) => isOf(experiment, options.preset));
    if (options[flag] !== undefined || needing.length === 0) continue;
    const names = needing.map(({ heading }) => heading.name).join(", ");
    throw new InputError(`${names} ${needing.length > 1 ? "learn" : "learns"} from ${words}`);
  }
}

/** {@linkcode runExperiment} in a folder of the paper's tables. */
export function runPaperExperiment(
  experiment: Experiment,
  { preset, ...options }: Values<typeof paperExperimentFlags>,
  interruption: AbortSignal,
): Promise<boolean> {
  const ownPreset = preset === "small" ? "small" : "full";
  return runExperiment(
    experiment,
    { ...options, preset: ownPreset, data: undefined, text: undefined },
    interruption,
    {
      program: "paper",
    },
  );
}

/**
 * Trains what the folder still lacks of an experiment, stage after stage, and makes the report of what
 * it then holds. Gives whether it came to its end.
 */
export async function runExperiment(
  experiment: Experiment,
  options: ExperimentOptions & Partial<Values<typeof joinFlag>>,
  interruption: AbortSignal,
  { program = "studies" } = {},
): Promise<boolean> {
  requireFiles([experiment], options);
  const { preset, data, text, updates, seed, out } = options;
  const session = paperSession(options, interruption, program);
  const given: Flags = { ...updates !== undefined && { updates }, ...seed && { seed } };
  const { table, kinds, remarks } = await layExperiment(experiment, {
    ...{ preset, given, interruption },
    ...options.optimizer && { optimizers: options.optimizer },
    data: (problem) => ({
      ...areDigits(problem) && data !== undefined && { data },
      ...experiment.program === "language" && text !== undefined && { text },
    }),
  });
  const { shared = "", rows, columns, entries } = table;
  const plan = {
    ...{ shared, rows: [...rows] },
    columns: columns.map(({ name, flags = "" }) => ({ name, flags })),
    // As a record gives them back: without what is undefined.
    entries: JSON.parse(JSON.stringify(entries)),
  };
  const laid = layTable(out, table.name, { preset, configuration: plan });
  return await trainTables([laid], {
    kindOf: kindsBy(kinds),
    nameOf: (cell) => `${cell.configuration.problem}, ${nameOf(cell)}`,
    ...remarks.length > 0 && { remark: remarks.join("\n") },
    ...preset === "full" && { agree: agreePaper(interruption, "a budget for a GPU") },
  }, session);
}

/** The kind of a network: that of the entry that asks for it. */
function kindsBy(kinds: LaidExperiment["kinds"]): (cell: PlannedCell) => NetworkKind {
  const found = new Map<string, NetworkKind>();
  return ({ id: own, wonIn: id = own, configuration: { learningRate, seed } }) => {
    const asksFor = (entry: PlannedEntry) =>
      [learningRate, ...entry.learningRates].some((rate) => networkOf(entry, rate, seed).id === id);
    const kind = found.get(id) ?? [...kinds].find(([entry]) => asksFor(entry))?.[1];
    if (!kind) throw new RangeError(`no entry asks for the network ${id}`);
    found.set(id, kind);
    return kind;
  };
}
