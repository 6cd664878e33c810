import { InputError } from "../../core/errors.ts";
import { exists, tryWriting, writeWhole } from "./files.ts";
import { requirePermissions } from "./program.ts";
import { gitRevision, versions } from "./provenance.ts";
import { Table } from "./tables.ts";

/** What JSON can hold. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** An object of JSON; what is undefined is left out. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** How a run stands: running until it ends, and still so when the process was killed. */
export type RunStatus = "running" | "finished" | "interrupted" | "failed";

/** The file that makes a folder the folder of a run. */
const recordName = "run.json";

/**
 * The folder for a new run: the one given, or results/PROGRAM/DATE-TIME. It is tried out, but
 * nothing of it stays: the run may still be refused for its data or its adapter. Throws InputError
 * where the folder holds a run already or cannot be written, or a permission for it is missing.
 */
export function chooseRunFolder(program: string, out?: string, now: Date = new Date()): string {
  const reached = out ?? "results";
  requirePermissions({ name: "read", path: reached }, { name: "write", path: reached });
  const folder = out ?? unusedFolder(`results/${program}/${timeStamp(now)}`);
  if (exists(`${folder}/${recordName}`)) {
    throw new InputError(`${folder} already holds a run; name another folder with --out`);
  }
  tryWriting(folder, "--out");
  return folder;
}

/** A local time as it stands in a folder's name: 2013-06-16_09-05-00. */
export function timeStamp(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two);
  return `${date.join("-")}_${clock.join("-")}`;
}

/** A run's folder while it runs: its record, run.json, and the files that it makes. */
export class Run implements Disposable {
  readonly folder: string;
  #record: JsonObject;
  readonly #start_ms = Date.now();
  readonly #tables: Disposable[] = [];

  /**
   * Creates the folder and its record: the program, its arguments, when it began, versions, the
   * git revision, and what `details` adds (configuration, adapter).
   */
  constructor(program: string, folder: string, details: JsonObject) {
    this.folder = folder;
    this.#record = {
      program,
      status: "running",
      arguments: Deno.args,
      started: new Date(this.#start_ms).toISOString(),
      versions,
      system: `${Deno.build.os} ${Deno.build.arch}`,
      revision: gitRevision(),
      ...details,
    };
    Deno.mkdirSync(folder, { recursive: true });
    this.#save();
  }

  /** A CSV file of the run, with its columns; rows are in the file as they are appended. */
  table<Column extends string>(name: string, columns: readonly Column[]): Table<Column> {
    const table = new Table(`${this.folder}/${name}`, columns);
    this.#tables.push(table);
    return table;
  }

  /** Writes a whole file: under its name it is complete or not there. */
  write(name: string, content: string | Uint8Array): void {
    writeWhole(`${this.folder}/${name}`, content);
  }

  /** Adds to the record. */
  note(details: JsonObject): void {
    this.#record = { ...this.#record, ...details };
    this.#save();
  }

  /** Records how the run ended, and when. */
  end(status: Exclude<RunStatus, "running">, details: JsonObject = {}): void {
    const end_ms = Date.now();
    const seconds = (end_ms - this.#start_ms) / 1000;
    this.note({ status, ended: new Date(end_ms).toISOString(), seconds, ...details });
  }

  /** Closes the tables. */
  [Symbol.dispose](): void {
    for (const table of this.#tables.splice(0)) table[Symbol.dispose]();
  }

  #save(): void {
    this.write(recordName, JSON.stringify(this.#record, spellNonFinite, 2) + "\n");
  }
}

/**
 * Runs `body` in a new run folder and records how it ended: finished, interrupted where the signal
 * was aborted, or failed with the error's message. What `body` returns is added to the record.
 */
export async function recordRun(
  { program, folder, details, interruption }: {
    program: string;
    folder: string;
    details: JsonObject;
    interruption: AbortSignal;
  },
  body: (run: Run) => Promise<JsonObject | void>,
): Promise<void> {
  using run = new Run(program, folder, details);
  try {
    const results = await body(run);
    run.end(interruption.aborted ? "interrupted" : "finished", results ?? {});
  } catch (error) {
    endAfter(error, run, interruption);
    throw error;
  }
}

/** What ended the run is to be told, whether or not the record can still be written. */
function endAfter(error: unknown, run: Run, interruption: AbortSignal): void {
  try {
    if (interruption.aborted && error === interruption.reason) run.end("interrupted");
    else run.end("failed", { error: String(error) });
  } catch (unsaved) {
    console.error(`${run.folder}/${recordName} could not be written: ${unsaved}`);
  }
}

/** JSON has no NaN and no Infinity, and would say null. */
function spellNonFinite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Two runs that begin in one second get names of their own. */
function unusedFolder(name: string): string {
  let folder = name;
  for (let i = 2; exists(folder); i++) folder = `${name}-${i}`;
  return folder;
}
