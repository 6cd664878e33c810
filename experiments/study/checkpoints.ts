import {
  decodeCheckpoint,
  encodeCheckpoint,
  InputError,
  type Model,
  type Trainer,
  type TrainerState,
  type VectorLayout,
} from "../../mod.ts";
import { type Cadence, signalAfter } from "../terminal/durations.ts";
import { list } from "../files/disk.ts";
import { exists, isVisible, naming, readWhole, sha256, writeWhole } from "../files/files.ts";
import type { Run } from "./run_folder.ts";
import type { Setting } from "./settings.ts";
import { saveRequest } from "../terminal/signals.ts";
import type { Table } from "../files/tables.ts";

/** What the reports of one network leave behind. */
export interface Tally {
  /** The lowest figure of a report; null before there was one. */
  best: number | null;
  /** The last report of which everything was finite; null before there was one. */
  lastFinite: { update: number; figures: Readonly<Record<string, number>> } | null;
  /** The first report whose evaluation was not finite, where there was one. */
  notFiniteAt?: number;
}

/** Where a round of networks stands, besides its state: what the files of the run go on from. */
export interface Standing {
  /** By network. */
  readonly tallies: readonly Tally[];
  /** Bytes of curve.csv up to the last report. */
  readonly curveLength: number;
  /** How long it was trained, reports and checkpoints included. */
  readonly seconds: number;
  /** Whether all its networks had diverged at a report, so that nothing more is trained. */
  readonly allDiverged: boolean;
}

/** A round of networks of an earlier session; its state is left in the file. */
export interface FoundRound extends Standing {
  readonly settings: readonly Setting[];
  /** Updates done. */
  readonly update: number;
}

/** What a folder holds of an earlier session. */
export interface Found {
  readonly rounds: readonly FoundRound[];
  /** curve.csv up to the last checkpoint; empty where there is none. */
  readonly curve: string;
}

/** What the checkpoint of a run holds. */
export interface RunCheckpoint {
  readonly state: TrainerState;
  readonly run: Standing & { readonly settings: readonly Setting[] };
  readonly curve: CurveCopy;
}

/** curve.csv up to a checkpoint; of a long one, by what its beginning in the folder is known. */
type CurveCopy = { readonly text: string } | { readonly length: number; readonly sha256: string };

/** As many bytes of curve.csv as a checkpoint holds; the header of its file has at most 16 MiB. */
const longestCurve = 2 ** 23;

/** The checkpoints of a run: a file for each round of networks, and when one is due. */
export class Checkpoints {
  /** Aborted when the next one is due by the time or a signal, and where the run is to end. */
  pause!: AbortSignal;
  /** Aborted when a signal asks for one. */
  #request!: AbortSignal;
  readonly #run: Run;
  readonly #cadence: Cadence;
  readonly #ending: AbortSignal;

  /** `ending` is aborted where the run is to end. */
  constructor(run: Run, cadence: Cadence, ending: AbortSignal) {
    this.#run = run;
    this.#cadence = cadence;
    this.#ending = ending;
    this.#restart();
  }

  /** Whether there are any. */
  get enabled(): boolean {
    return !("never" in this.#cadence);
  }

  /** The update at which the next one is due, where that is fixed. */
  after(update: number): number {
    if (!("updates" in this.#cadence)) return Infinity;
    const { updates } = this.#cadence;
    return (Math.floor(update / updates) + 1) * updates;
  }

  /** Whether one is due after so many updates: where a signal asks for it, or the run is to end, as well. */
  isDue(update: number): boolean {
    if (this.#request.aborted) return true;
    if (!this.enabled) return false;
    const byUpdates = "updates" in this.#cadence && update % this.#cadence.updates === 0;
    return byUpdates || this.pause.aborted;
  }

  /**
   * Whether a round that ends leaves one: not where the whole run took less than the time between
   * two.
   */
  isDueAtEnd(rounds: number): boolean {
    if (!("time_ms" in this.#cadence)) return this.enabled;
    return rounds > 1 || performance.now() >= this.#cadence.time_ms ||
      isVisible(`${this.#run.folder}/${fileName(0)}`);
  }

  /** Writes that of a round, with a copy of curve.csv, and tells whether it could. */
  async write(
    round: number,
    trainer: Trainer,
    { settings, standing, curve }: {
      settings: readonly Setting[];
      standing: Standing;
      curve: Table<string>;
    },
  ): Promise<boolean> {
    const run = JSON.stringify({ settings, ...standing });
    const curveCopy = JSON.stringify(copyOf(curve));
    const bytes = await encodeCheckpoint(await trainer.save(), { run, curve: curveCopy });
    const name = fileName(round);
    this.#restart();
    return this.#run.attempt(name, () => {
      curve.save();
      writeWhole(`${this.#run.folder}/${name}`, bytes);
    });
  }

  /** Reads that of a round. */
  read(round: number): Promise<RunCheckpoint> {
    return readCheckpoint(`${this.#run.folder}/${fileName(round)}`);
  }

  #restart(): void {
    this.#request = saveRequest();
    const signals = [this.#ending, this.#request];
    if ("time_ms" in this.#cadence) signals.push(signalAfter(this.#cadence.time_ms));
    this.pause = AbortSignal.any(signals);
  }
}

/** The files are numbered as the rounds, from 1. */
function fileName(round: number): string {
  return `checkpoint-${round + 1}.safetensors`;
}

function copyOf({ text, length }: Table<string>): CurveCopy {
  if (length <= longestCurve) return { text };
  return { length, sha256: sha256(new TextEncoder().encode(text)) };
}

/**
 * The rounds of which a folder holds checkpoints. Throws InputError, in words that name it, for a
 * file that is damaged or not of the run, or for one that is missing before others.
 */
export async function findRounds(
  folder: string,
  { settings, model }: { settings: readonly Setting[]; model: Model },
): Promise<Found> {
  const rounds: FoundRound[] = [];
  let last: { length: number; copy: CurveCopy } = { length: 0, copy: { text: "" } };
  for (let first = 0; exists(`${folder}/${fileName(rounds.length)}`);) {
    const path = `${folder}/${fileName(rounds.length)}`;
    const { state, run, curve } = await readCheckpoint(path, model.layout);
    const found = run.settings.length;
    const expected = settings.slice(first, first + found);
    if (JSON.stringify(expected) !== JSON.stringify(run.settings)) {
      throw new InputError(`${path} is of other networks than those of the run; ${advice}`);
    }
    first += found;
    rounds.push({ ...run, update: state.update });
    if (run.curveLength > last.length) last = { length: run.curveLength, copy: curve };
  }
  checkGap(folder, rounds.length);
  return { rounds, curve: textOf(last.copy, `${folder}/curve.csv`) };
}

/** The copy, or what the file itself holds of it. */
function textOf(copy: CurveCopy, path: string): string {
  if ("text" in copy) return copy.text;
  const kept = readWhole(path).subarray(0, copy.length);
  if (sha256(kept) === copy.sha256) return new TextDecoder().decode(kept);
  throw new InputError(
    `${path} is not as it was written, and too long for its checkpoint to hold a copy: put it back, ` +
      "or remove the checkpoints to have the networks trained anew",
  );
}

/** Refuses checkpoints beyond the first so many: one before them is missing. */
function checkGap(folder: string, found: number): void {
  const numbers = list(folder)
    .map((name) => Number(name.match(/^checkpoint-(\d+)\.safetensors$/)?.[1] ?? 0));
  const last = Math.max(...numbers, 0);
  if (last <= found) return;
  throw new InputError(
    `${folder} holds ${fileName(last - 1)}, but not ${fileName(found)}: put that back, or remove ` +
      "all after it too, to have their networks trained anew",
  );
}

const advice = "put it back as it was, or remove it and those of higher numbers, to have their " +
  "networks trained anew";

function readCheckpoint(path: string, layout?: VectorLayout): Promise<RunCheckpoint> {
  const bytes = readWhole(path);
  return naming(path, async () => {
    const { state, metadata } = await decodeCheckpoint(bytes, layout);
    const run = parseOwn(metadata.run), curve = parseOwn(metadata.curve);
    const counts = [run?.settings?.length, run?.tallies?.length];
    if (!counts.every((count) => count === state.replicas.length)) {
      throw new InputError(`this is not the checkpoint of a run; ${advice}`);
    }
    if (curve !== null) return { state, run, curve };
    throw new InputError(
      "this is the checkpoint of an older version of Nagare, without the rows of curve.csv: go on " +
        "with that version (run.json names it), or remove it and those of higher numbers, to have " +
        "their networks trained anew",
    );
  });
}

/** What was written here is as it was written; another program's may be anything. */
function parseOwn(text = "null") {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
