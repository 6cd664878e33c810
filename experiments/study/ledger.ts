import {
  decodeCheckpoint,
  encodeCheckpoint,
  InputError,
  type TrainerState,
  withoutStates,
} from "../../mod.ts";
import { list, makeFolder } from "../files/disk.ts";
import { exists, naming, pathWords, readWhole, writeWhole } from "../files/files.ts";
import { isSystemError } from "../terminal/program.ts";
import { type Cell, type CellRow, type Configuration, decodeCell, encodeCell } from "./cell.ts";
import type { Run } from "./run.ts";

/** A network that a study asks for. */
export interface PlannedCell {
  /** Of its configuration: `cellId()`. */
  readonly id: string;
  readonly configuration: Configuration;
  /** Where it begins, if that is not at its initial weights. */
  readonly from?: Origin | undefined;
  /** The race that found its setting. */
  readonly wonIn?: string;
  /** Updates after which its state is kept, for others to begin there. */
  readonly keep?: readonly number[];
  /** Those of `keep` whose state is not there, and is needed. */
  readonly lacks?: readonly number[];
}

/** A state that a network begins at. */
export interface Origin {
  /** The folder of a run; default: the own one. */
  readonly folder?: string;
  /** The cell that came so far. */
  readonly cell: string;
  /** After so many updates; default: as far as it came. */
  readonly update?: number | undefined;
  /** Whether what its optimizer keeps begins anew; default: it goes on. */
  readonly states?: "anew" | undefined;
}

/** A network's state where it goes on, and the reports up to there. */
export interface Standing {
  readonly state: TrainerState;
  readonly rows: readonly CellRow[];
  readonly seconds: number;
  readonly beforeFinish: Cell["result"]["beforeFinish"];
}

/** The file of a cell within a folder. */
export function cellPath(folder: string, id: string): string {
  return `${folder}/cells/${id}.json`;
}

/** The file of a network's state: as far as it came, or after so many updates. */
export function statePath(folder: string, id: string, update?: number): string {
  return `${folder}/cells/${id}${update === undefined ? "" : `-${update}`}.safetensors`;
}

/** All cells of a folder, by ID. Throws InputError, in words that name it, for a damaged file. */
export function readCells(folder: string): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const name of cellNames(folder)) {
    const path = `${folder}/cells/${name}`;
    try {
      const cell = decodeCell(readWhole(path));
      if (name !== `${cell.id}.json`) throw new InputError(`it holds the cell ${cell.id}`);
      cells.set(cell.id, cell);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        `${path} is not a cell as it was written: ${error.message}; delete it, and it is trained ` +
          "again",
      );
    }
  }
  return cells;
}

/** Reads a state. Throws InputError, in words that name the file, where it is damaged. */
export function readState(path: string, cell: string): Promise<TrainerState> {
  const bytes = readWhole(path);
  return naming(path, async () => {
    try {
      const { state, metadata } = await decodeCheckpoint(bytes);
      if (metadata.cell === cell) return state;
      throw new InputError("this is the state of another network");
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        `${error.message}; put it back as it was, or remove it, to have the network trained anew`,
      );
    }
  });
}

/** Whether a folder keeps a state of a network: as far as it came, or after so many updates. */
export function hasState(folder: string, id: string, update?: number): boolean {
  const path = statePath(folder, id, update);
  try {
    return exists(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new InputError(`${path} cannot be read: ${error.message}`);
  }
}

/** The cells of a run's folder, as they are and as they come. */
export class Ledger {
  readonly folder: string;
  readonly #run: Run | undefined;
  readonly #cells: Map<string, Cell>;
  /** Those that wait for their states to be written. */
  readonly #waiting = new Set<string>();

  /** Without a run nothing is written. */
  constructor(folder: string, run?: Run) {
    this.folder = folder;
    this.#run = run;
    this.#cells = readCells(folder);
  }

  get cells(): ReadonlyMap<string, Cell> {
    return this.#cells;
  }

  /** Keeps a cell, and writes it: under its name it is complete, or the one before it. */
  put(cell: Cell, { write = true } = {}): void {
    this.#cells.set(cell.id, cell);
    if (write) this.#writeCell(cell);
    else this.#waiting.add(cell.id);
  }

  /** Writes what could not be written so far, and what is no longer in the folder. */
  settle(): void {
    this.#run?.tryAgain();
    for (const cell of this.#cells.values()) {
      const { id } = cell, isThere = exists(cellPath(this.folder, id));
      if (this.isSaved(id) && (this.#waiting.has(id) || !isThere)) this.#writeCell(cell);
    }
  }

  /** Writes the state of one network, as far as it came or for others to begin there. */
  async putState(id: string, state: TrainerState, update?: number): Promise<void> {
    this.putStateBytes(id, await encodeCheckpoint(state, { cell: id }), update);
  }

  /** The same of a state in the form of its file, which names the cell. */
  putStateBytes(id: string, bytes: Uint8Array<ArrayBuffer>, update?: number): void {
    const cell = this.#cells.get(id), file = cellPath("", id);
    this.#write(statePath("", id, update), bytes, () => {
      // A state that is newer than its cell would lack the reports between.
      const isBehind = update === undefined && this.#run?.unsaved.includes(file.slice(1));
      if (cell && isBehind) writeWhole(`${this.folder}${file}`, encodeCell(cell));
    });
  }

  /** Whether the state of a cell that was written last is in its file. */
  isSaved(id: string): boolean {
    return !this.#run?.unsaved.includes(statePath("", id).slice(1));
  }

  /**
   * Where a network goes on; undefined where that is its beginning. Its reports may be newer than its
   * state, as they are written first.
   */
  async standing(planned: PlannedCell): Promise<Standing | undefined> {
    const { id, from, configuration } = planned;
    const cell = this.#cells.get(id), latest = await this.#latest(planned);
    if (cell && latest) {
      const { result: { curve, beforeFinish }, training } = cell;
      const rows = curve.filter(({ update }) => update <= latest.update);
      const isFinishing = latest.update >= configuration.updates - configuration.finish;
      return {
        ...{ state: latest, rows },
        seconds: rows.length === curve.length ? training.seconds : rows.at(-1)?.seconds ?? 0,
        beforeFinish: isFinishing ? beforeFinish : null,
      };
    }
    if (!from) return undefined;
    const { folder = this.folder, cell: origin, update, states } = from;
    const kept = await readState(statePath(folder, origin, update), origin);
    const state = states === "anew" ? withoutStates(kept) : kept;
    return { state, rows: [], seconds: 0, beforeFinish: null };
  }

  /** The furthest state of a network from which all comes that it lacks. */
  async #latest({ id, keep = [], lacks = [] }: PlannedCell): Promise<TrainerState | undefined> {
    if (!hasState(this.folder, id)) return undefined;
    const last = await readState(statePath(this.folder, id), id);
    const first = Math.min(...lacks);
    if (last.update < first) return last;
    const before = keep.filter((at) => at < first && hasState(this.folder, id, at));
    const at = Math.max(...before);
    return before.length === 0 ? undefined : await readState(statePath(this.folder, id, at), id);
  }

  #writeCell(cell: Cell): void {
    this.#waiting.delete(cell.id);
    this.#write(cellPath("", cell.id), encodeCell(cell));
  }

  #write(name: string, content: string | Uint8Array, first: () => void = () => {}): void {
    this.#run?.attempt(name.slice(1), () => {
      makeFolder(`${this.folder}/cells`);
      first();
      writeWhole(`${this.folder}${name}`, content);
    });
  }
}

/** Files that a write was working on carry another ending. */
function cellNames(folder: string): string[] {
  try {
    return list(`${folder}/cells`).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (!isSystemError(error)) throw error;
    throw new InputError(`${folder}/cells cannot be read (${pathWords(error.message)})`);
  }
}
