import { dirname } from "node:path";
import { InputError } from "../../mod.ts";
import { makeFolder } from "../files/disk.ts";
import {
  missingFolders,
  orUnwritable,
  removeIfEmpty,
  removeIfThere,
  removeLeftovers,
  writeWhole,
} from "../files/files.ts";
import { type FolderLock, lockFolder } from "../files/lock.ts";
import { gitRevision, versions } from "../files/provenance.ts";
import { Table } from "../files/tables.ts";
import type { Share } from "../terminal/flags.ts";
import { isSystemError } from "../terminal/program.ts";
import { say, unsaid } from "../terminal/terminal.ts";
import { withAbsolutePaths } from "./command_line.ts";
import { type JsonObject, spellNonFinite } from "./json.ts";
import {
  folderFormat,
  lockShare,
  makeUnused,
  placeOf,
  recordName,
  refuseTaken,
} from "./run_folder.ts";

/**
 * How a run stands: running until it ends, and still so when the process was killed; interrupted by
 * a signal; stopped early because a flag asked for it.
 */
export type RunStatus = "running" | "finished" | "interrupted" | "stopped" | "failed";

/**
 * A run's folder while it runs: its record, run.json, and the files that it makes. No other process
 * can open it meanwhile. Once it is open, a full disk or a folder that is gone does not end the run:
 * what could not be written is tried again, and told at the end.
 */
export class Run implements Disposable {
  readonly folder: string;
  /** Where its record and its growing tables are: of a share of a run a folder within. */
  readonly place: string;
  #record: JsonObject;
  readonly #start_ms = Date.now();
  readonly #lock: FolderLock;
  /** The lock, and the tables. */
  readonly #opened: DisposableStack;
  /** What could not be written so far. */
  readonly #unsaved = new Map<string, () => void>();
  /** Files of its own, in the order in which they came about. */
  readonly #made = new Set<string>();
  #hasBegun = false;
  #warned = false;
  #stopped: string | undefined;

  /**
   * Creates the folder and its record: the program, its arguments, when it began, versions, the
   * git revision, and what `details` adds (configuration, adapter). Where an earlier record is
   * given, the run in the folder goes on, and that is added to it. A machine's share of a run has a
   * record of its own.
   */
  constructor(
    program: string,
    folder: string,
    details: JsonObject,
    { earlier, share, isShared = false, args = Deno.args }: Partial<Recording> = {},
  ) {
    this.folder = folder;
    this.place = placeOf(folder, share);
    const session = {
      started: new Date(this.#start_ms).toISOString(),
      arguments: withAbsolutePaths(args),
      versions,
      system: `${Deno.build.os} ${Deno.build.arch}`,
      revision: gitRevision(),
    };
    this.#record = earlier
      ? resumedRecord(earlier, session, details)
      : { program, format: folderFormat, status: "running", ...session, ...details };
    const made = missingFolders(this.place);
    using opened = new DisposableStack();
    // In the other order at the end of it, whatever ends it.
    opened.defer(() => made.forEach(removeIfEmpty));
    this.#lock = orUnwritable(folder, () => {
      makeFolder(this.place);
      return opened.use(share ? lockShare(folder, this.place, share) : lockFolder(folder));
    });
    if (!earlier && !isShared) orUnwritable(folder, () => refuseTaken(this.place));
    // In what is shared others may be writing.
    const own = share ? [this.place] : [folder, `${folder}/cells`, `${folder}/networks`];
    own.forEach(removeLeftovers);
    const record = `${this.place}/${recordName}`;
    orUnwritable(record, () => {
      try {
        writeWhole(record, this.#recordText());
      } catch (error) {
        if (!earlier) removeIfThere(record);
        throw error;
      }
    }, earlier ? "--resume" : "--out");
    this.#opened = opened.move();
  }

  /** A CSV file of the run, with its columns; rows are in the file as they are appended. */
  table<Column extends string>(
    name: string,
    columns: readonly Column[],
    keep = "",
  ): Table<Column> {
    return this.#opened.use(
      new Table(`${this.place}/${name}`, columns, {
        attempt: (write) => this.attempt(name, write),
        keep,
      }),
    );
  }

  /** Writes a whole file: under its name it is complete or not there. Tells whether it is. */
  write(name: string, content: string | Uint8Array): boolean {
    const path = `${this.folder}/${name}`;
    return this.attempt(name, () => {
      makeFolder(dirname(path));
      writeWhole(path, content);
    });
  }

  /**
   * Carries out a write of the file `name`, and tells whether it came about. The user is told of the
   * first that did not.
   */
  attempt(name: string, write: () => void): boolean {
    if (this.isLost) {
      throw new InputError(
        `another run has taken ${this.folder} over, as nothing was heard of this one for long: ` +
          "this one leaves it alone",
      );
    }
    try {
      makeFolder(this.place);
      write();
      this.#made.add(name);
      this.#unsaved.delete(name);
      return true;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#unsaved.set(name, write);
      if (!this.#warned) {
        say(
          `warning: ${this.folder}/${name} could not be written (${error.message}); the run goes ` +
            "on and tries again",
        );
      }
      this.#warned = true;
      return false;
    }
  }

  /** Tries once more to write what is missing. */
  tryAgain(): void {
    for (const [name, write] of this.#unsaved) this.attempt(name, write);
  }

  /** Whether another run has taken the folder over: nothing in it is this one's any more. */
  get isLost(): boolean {
    return this.#lock.isLost;
  }

  /** Adds to the record. */
  note(details: JsonObject): void {
    this.#record = { ...this.#record, ...details };
    this.attempt(recordName, () => writeWhole(`${this.place}/${recordName}`, this.#recordText()));
  }

  /** Adds to an object of the record. */
  noteWithin(name: string, details: JsonObject): void {
    this.note({ [name]: { ...this.#record[name] as JsonObject | undefined, ...details } });
  }

  /** Has the record say that the run ends early, and why. */
  stop(reason: string): void {
    this.#stopped ??= reason;
  }

  /** Why the run ends early; undefined where it does not. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Records how the run ended, and when, and tries once more to write what is missing. */
  end(status: Exclude<RunStatus, "running">, details: JsonObject = {}): void {
    this.tryAgain();
    const end_ms = Date.now();
    const seconds = Number(this.#record.seconds ?? 0) + (end_ms - this.#start_ms) / 1000;
    const unsaved = this.#unsaved.size > 0 ? this.unsaved : undefined;
    const unheard = unsaid().length > 0 ? unsaid() : undefined;
    const ended = new Date(end_ms).toISOString();
    this.note({ status, ended, seconds, ...details, unsaved, unsaid: unheard });
  }

  /** Has the run be kept, whatever ends it. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** Whether there is something to keep. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Removes its files, and the folder where nothing else is in it. */
  discard(): void {
    removeIfThere(`${this.place}/${recordName}`);
    for (const name of this.#made) removeIfThere(`${this.folder}/${name}`);
    this.#opened.dispose();
    for (const folder of [`${this.folder}/cells`, this.place, this.folder]) removeIfEmpty(folder);
  }

  /** The files that could not be written. */
  get unsaved(): string[] {
    return [...this.#unsaved.keys()];
  }

  /** Closes the tables, and lets others open the folder. */
  [Symbol.dispose](): void {
    this.#opened.dispose();
  }

  #recordText(): string {
    return JSON.stringify(this.#record, spellNonFinite, 2) + "\n";
  }
}

/** A run to be recorded; see {@linkcode recordRun}. */
export interface Recording {
  program: string;
  folder: string;
  details: JsonObject;
  interruption: AbortSignal;
  /** The record of the run that goes on. */
  earlier?: JsonObject | undefined;
  /** The part of the run that this machine has. */
  share?: Share | undefined;
  /** Whether other commands have results in the folder too, which this one adds to. */
  isShared?: boolean | undefined;
  /** The command line that began it. Default: that of the process. */
  args?: readonly string[] | undefined;
  /** Whether the folder is a new one by a name made up here: -2, -3, ... where others were faster. */
  isMadeUp?: boolean;
}

/**
 * Runs `body` in a run folder and records how it ended: finished, interrupted where the signal was
 * aborted, stopped where `body` had it stopped, or failed with the error's message. What `body`
 * returns is added to the record. A run that is refused before it has begun leaves nothing. The
 * process ends with status 1 where a file could not be written.
 */
export async function recordRun(
  { program, folder: asked, details, interruption, isMadeUp = false, ...session }: Recording,
  body: (run: Run) => Promise<JsonObject | void>,
): Promise<void> {
  const folder = isMadeUp ? makeUnused(asked) : asked;
  const { earlier } = session;
  using run = new Run(program, folder, details, session);
  try {
    const results = await body(run) ?? {};
    const status = interruption.aborted ? "interrupted" : run.stopped ? "stopped" : "finished";
    run.end(status, run.stopped ? { ...results, reason: run.stopped } : results);
  } catch (error) {
    if (run.isLost) throw error;
    if (error instanceof InputError && earlier === undefined && !run.hasBegun) run.discard();
    else if (interruption.aborted && error === interruption.reason) run.end("interrupted");
    else run.end("failed", { error: String(error) });
    throw error;
  } finally {
    if (run.unsaved.length > 0) {
      say(`error: not saved in ${folder}: ${run.unsaved.join(", ")}`);
      Deno.exitCode = 1;
    }
  }
}

/** The record of a run that goes on: as it was, what ended it left out, with one more session. */
function resumedRecord(
  earlier: JsonObject,
  session: JsonObject,
  { configuration, ...others }: JsonObject,
): JsonObject {
  const ends = ["ended", "reason", "error", "unsaved", "unsaid"];
  const kept = Object.entries(earlier).filter(([name]) => !ends.includes(name));
  const sessions = Array.isArray(earlier.resumed) ? earlier.resumed : [];
  return {
    ...Object.fromEntries(kept),
    status: "running",
    configuration,
    resumed: [...sessions, { ...session, ...others }],
  };
}
