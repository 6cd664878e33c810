import { InputError } from "../../mod.ts";
import * as v from "valibot";
import { exists, readWhole } from "../files/files.ts";
import {
  type PhasesConfiguration,
  type PlannedPhases,
  planPhases,
} from "../studies/phases_grid.ts";
import { gitRevision, versions } from "../files/provenance.ts";
import type { PlannedTable } from "./grid.ts";
import { type AutoencoderTableName, autoencoderTables } from "./paper_tables.ts";
import { allStudies } from "./all_studies.ts";
import { table5 } from "../studies/table5.ts";
import {
  type FoundTable,
  isExperiment,
  phasesRecord,
  type TableConfiguration,
  tableRecord,
} from "./table_record.ts";

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
  name: string,
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

/** The tables that a folder holds: the paper's in its order, then the experiments. */
export function readTables(folder: string): FoundTable[] {
  const names = allStudies.map(({ heading }) => heading.name);
  return names.filter((name) => exists(`${folder}/${name}.json`)).map((name) => {
    const record = readRecord(`${folder}/${name}.json`, tableRecord);
    return { record, table: plan(name, record.configuration) };
  });
}

function plan(name: string, configuration: TableConfiguration): PlannedTable {
  if (isExperiment(configuration)) {
    const { heading } = allStudies.find(({ heading }) => heading.name === name)!;
    const columns = configuration.columns.map((column) => ({ ...column, notReached: undefined }));
    return { ...heading, ...configuration, columns };
  }
  const isRecurrent = "problems" in configuration;
  if (isRecurrent !== (name === table5.heading.name)) {
    throw new InputError(`${name}.json is the record of another table: delete it`);
  }
  if (isRecurrent) return table5.lay(configuration.problems, configuration.budget);
  return autoencoderTables[name as AutoencoderTableName].lay(configuration);
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

/** Lists of objects are compared one by one. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null &&
    (!Array.isArray(value) || value.some((entry) => typeof entry === "object"));
}

function show(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
