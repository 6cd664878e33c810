import { InputError } from "../../mod.ts";
import * as v from "valibot";
import { exists, readWhole } from "../files/files.ts";
import { type PhasesConfiguration, type PlannedPhases, planPhases } from "./phases_grid.ts";
import { gitRevision, versions } from "../files/provenance.ts";
import {
  type PlannedTable,
  table1,
  table2,
  table3,
  table5,
  type TableName,
  tableNames,
} from "./grid.ts";

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

/** All that a table's networks depend on: what its grid is laid from. */
export type TableConfiguration =
  | v.InferOutput<typeof autoencoders>
  | v.InferOutput<typeof recurrentNetworks>;

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

const tableRecord = recordOf(v.union([autoencoders, recurrentNetworks]));
const phasesRecord = recordOf(phases);

/** A table of a folder of results, laid anew from its record. */
export interface FoundTable {
  readonly record: TableRecord;
  readonly table: PlannedTable;
}

/** What a command asks to be laid. */
interface Request<Configuration> {
  readonly preset: string;
  readonly configuration: Configuration;
}

/** What is to be trained, and its record in the folder. */
export interface Laid<Plan> {
  readonly plan: Plan;
  /** Has the record written, where an earlier command has not. */
  record(write: (name: string, text: string) => void): void;
}

/**
 * Lays a table, or finds it laid in the folder by an earlier command. Throws InputError where the
 * folder holds the table with another configuration.
 */
export function layTable(
  folder: string,
  name: TableName,
  request: Request<TableConfiguration>,
): Laid<PlannedTable> {
  const record = lay(folder, name, tableRecord, request);
  return { plan: plan(name, request.configuration), record };
}

/** Lays the experiment on the phases of training, as {@linkcode layTable} does. */
export function layPhases(
  folder: string,
  request: Request<PhasesConfiguration>,
): Laid<PlannedPhases> {
  const record = lay(folder, "branches", phasesRecord, request);
  return { plan: planPhases(request.configuration), record };
}

/** Checks the record of an earlier command, or gives what writes one. */
function lay<Configuration>(
  folder: string,
  name: string,
  schema: v.GenericSchema<unknown, { configuration: Configuration }>,
  { preset, configuration }: Request<Configuration>,
): Laid<unknown>["record"] {
  const path = `${folder}/${name}.json`;
  if (exists(path)) {
    const difference = firstDifference(readRecord(path, schema).configuration, configuration);
    if (difference === undefined) return () => {};
    throw new InputError(
      `${path} was laid with ${difference}: repeat the command as it was, or name another folder ` +
        "with --out",
    );
  }
  const said = {
    preset,
    configuration,
    arguments: Deno.args,
    nagare: versions.nagare,
    revision: gitRevision(),
  };
  return (write) => write(`${name}.json`, JSON.stringify(said, null, 2) + "\n");
}

/** The tables that a folder holds, in the paper's order. */
export function readTables(folder: string): FoundTable[] {
  return tableNames.filter((name) => exists(`${folder}/${name}.json`)).map((name) => {
    const record = readRecord(`${folder}/${name}.json`, tableRecord);
    return { record, table: plan(name, record.configuration) };
  });
}

function plan(name: TableName, configuration: TableConfiguration): PlannedTable {
  const isRecurrent = "problems" in configuration;
  if (isRecurrent !== (name === "table5")) {
    throw new InputError(`${name}.json is the record of another table: delete it`);
  }
  if (isRecurrent) return table5(configuration.problems, configuration.budget);
  return { table1, table2, table3 }[name as Exclude<TableName, "table5">](configuration);
}

function readRecord<Said>(path: string, schema: v.GenericSchema<unknown, Said>): Said {
  try {
    return v.parse(schema, JSON.parse(new TextDecoder().decode(readWhole(path))));
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    throw new InputError(
      `${path} is not as it was written (${error.message.replace(/\s+/g, " ")}): name another ` +
        "folder with --out",
    );
  }
}

/** Where two configurations differ: "updates 3000, not 2000"; undefined where they do not. */
function firstDifference(laid: unknown, asked: unknown, name = ""): string | undefined {
  if (isObject(laid) && isObject(asked)) {
    for (const key of new Set([...Object.keys(laid), ...Object.keys(asked)])) {
      const difference = firstDifference(laid[key], asked[key], key);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (JSON.stringify(laid) === JSON.stringify(asked)) return undefined;
  return `${name} ${show(laid)}, not ${show(asked)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
