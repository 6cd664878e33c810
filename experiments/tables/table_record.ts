import * as v from "valibot";
import type { Configuration } from "../study/cell.ts";
import type { PlannedTable } from "./grid.ts";

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const numbers = v.pipe(v.array(v.number()), v.minLength(1), v.readonly());
const common = {
  updates: positive,
  mu: numbers,
  learningRates: numbers,
  widen: v.optional(v.boolean()),
  seeds: numbers,
  batchSize: positive,
};

const autoencoders = v.strictObject({
  problem: v.picklist(["curves", "mnist", "faces"]),
  layers: v.pipe(v.array(positive), v.readonly()),
  data: v.string(),
  budget: v.strictObject({
    ...common,
    schedulePeriod: positive,
    finish: v.number(),
    scales: numbers,
    hfUpdates: v.optional(v.number()),
    hfDaggerUpdates: v.optional(v.number()),
    hfDaggerSteps: v.optional(v.number()),
    cgSteps: v.optional(numbers),
    decay: v.optional(numbers),
    gradientCases: v.optional(positive),
  }),
});

const recurrentNetworks = v.strictObject({
  problems: v.pipe(v.array(v.picklist(["add", "mul", "mem-5", "mem-20"])), v.readonly()),
  budget: v.strictObject({
    ...common,
    lengths: v.strictObject({
      add: positive,
      mul: positive,
      "mem-5": positive,
      "mem-20": positive,
    }),
    hidden: positive,
    warmUpUpdates: v.number(),
  }),
});

const phases = v.strictObject({
  problem: autoencoders.entries.problem,
  layers: autoencoders.entries.layers,
  data: v.string(),
  budget: v.strictObject({
    mu: numbers,
    seeds: numbers,
    branchAt: v.pipe(v.array(positive), v.minLength(1), v.readonly()),
    branchUpdates: positive,
    schedulePeriod: positive,
    learningRate: v.number(),
    batchSize: positive,
  }),
});

// What is written was laid by a program, which checked it.
const configuration = v.custom<Configuration>((value) => typeof value === "object");

const experiment = v.strictObject({
  shared: v.string(),
  rows: v.array(v.string()),
  columns: v.array(v.strictObject({ name: v.string(), flags: v.string() })),
  entries: v.array(v.strictObject({
    row: v.string(),
    column: v.string(),
    configuration,
    learningRates: numbers,
    seeds: numbers,
    widen: v.boolean(),
    isFixed: v.exactOptional(v.boolean()),
    drawn: v.exactOptional(v.array(configuration)),
    reach: v.exactOptional(v.number()),
    begins: v.exactOptional(v.strictObject({
      configuration,
      states: v.picklist(["kept", "anew"]),
    })),
  })),
});

/** An experiment as it was laid: the command lines of its networks, and what these came to. */
export type ExperimentPlan = v.InferOutput<typeof experiment>;

/** What a table of the paper is laid from. */
export type PaperConfiguration =
  | v.InferOutput<typeof autoencoders>
  | v.InferOutput<typeof recurrentNetworks>;

/** All that a table's networks depend on. */
export type TableConfiguration = PaperConfiguration | ExperimentPlan;

/** Whether a table is an experiment beyond the paper. */
export function isExperiment(of: TableConfiguration): of is ExperimentPlan {
  return "entries" in of;
}

const recordOf = <Schema extends v.GenericSchema>(configuration: Schema) =>
  v.strictObject({
    /** The budget's name, where no flag changed it. */
    preset: v.string(),
    configuration,
    /** The command line that laid the table. */
    arguments: v.array(v.string()),
    nagare: v.string(),
    revision: v.optional(v.string()),
  });

/** What TABLE.json says: how the table was laid. */
export type TableRecord = v.InferOutput<typeof tableRecord>;

/** The schema of a table's record. */
export const tableRecord = recordOf(
  v.union([autoencoders, recurrentNetworks, experiment]),
);
/** The schema of the record of the experiment on the phases of training. */
export const phasesRecord = recordOf(phases);

/** A table of a folder of results, laid anew from its record. */
export interface FoundTable {
  readonly record: TableRecord;
  readonly table: PlannedTable;
}
