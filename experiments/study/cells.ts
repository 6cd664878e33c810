import { InputError } from "../../mod.ts";
import * as v from "valibot";
import { list, makeFolder } from "../files/disk.ts";
import { readWhole, sha256, writeWhole } from "../files/files.ts";
import type { CellConfiguration } from "../studies/configuration.ts";

/** A figure; null where it was not finite. */
const figure = v.nullable(v.number());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The figure reported, squared error or zero-one loss, on training and on test cases. */
const errors = v.strictObject({ train: figure, test: figure });

/** How a network came out. */
const result = v.strictObject({
  status: v.picklist(["ok", "diverged"]),
  /** The update at which a loss or a parameter was first found not finite. */
  divergedAt: v.nullable(count),
  /** What the momentum schedule reached before the low-momentum finish. */
  reachedMomentum: v.number(),
  /** At the end, over all cases of each split. */
  final: errors,
  /** The same where the low-momentum finish began; null where there is none. */
  beforeFinish: v.nullable(errors),
  /** Reports on the way, on a part of the cases; none after a divergence. */
  curve: v.array(v.strictObject({
    update: count,
    momentum: v.number(),
    /** Of the last minibatch. */
    loss: figure,
    ...errors.entries,
  })),
});

/** How and where it was trained: what does not change its figures. */
const training = v.strictObject({
  adapter: v.string(),
  nagare: v.string(),
  deno: v.string(),
  /** When it was finished, as ISO 8601 has it. */
  finished: v.string(),
  /** Networks trained side by side. */
  replicas: count,
  /** Of all of them, reports and evaluations included. */
  seconds: v.number(),
});

const content = v.strictObject({
  id: v.string(),
  configuration: v.record(v.string(), v.unknown()),
  result,
  training,
  sha256: v.string(),
});

/** {@linkcode Cell.result} */
export type CellResult = v.InferOutput<typeof result>;

/** {@linkcode Cell.training} */
export type CellTraining = v.InferOutput<typeof training>;

/** The figure reported, on training and on test cases. */
export type Errors = v.InferOutput<typeof errors>;

/** A finished network: what it was, how it came out, and where. */
export interface Cell {
  /** Of the whole configuration: {@linkcode cellId}. */
  readonly id: string;
  readonly configuration: CellConfiguration;
  readonly result: CellResult;
  readonly training: CellTraining;
}

/** Names a network by all that its figures depend on: 16 hexadecimal digits of a SHA-256. */
export function cellId(configuration: CellConfiguration): string {
  return sha256(bytesOf(canonical(configuration))).slice(0, 16);
}

/** The file of a cell within the folder of results. */
export function cellPath(folder: string, id: string): string {
  return `${folder}/cells/${id}.json`;
}

/** Writes a cell: under its name it is complete or not there. */
export function writeCell(folder: string, cell: Cell): void {
  makeFolder(`${folder}/cells`);
  writeWhole(cellPath(folder, cell.id), encodeCell(cell));
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

/** The text of a cell's file, with the check sum of what it says. */
export function encodeCell({ id, configuration, result, training }: Cell): string {
  const said = { id, configuration, result, training };
  return JSON.stringify({ ...said, sha256: checkSum(said) }, null, 1) + "\n";
}

/** Reads the text of a cell's file. Throws InputError where it is not as it was written. */
export function decodeCell(bytes: Uint8Array): Cell {
  const { sha256, ...said } = parse(bytes);
  if (!fits(said, sha256)) throw new InputError("its content does not fit its check sum");
  // What the check sum and the ID fit was written here.
  const configuration = said.configuration as unknown as CellConfiguration;
  if (cellId(configuration) !== said.id) {
    throw new InputError("its configuration does not fit its ID");
  }
  return { ...said, configuration };
}

function parse(bytes: Uint8Array): v.InferOutput<typeof content> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new InputError("it is not JSON");
  }
  const { success, output, issues } = v.safeParse(content, json);
  if (success) return output;
  const [issue] = issues;
  throw new InputError(`${v.getDotPath(issue) ?? "it"}: ${issue.message.replace(/\s+/g, " ")}`);
}

/** Files that a write was working on carry another ending. */
function cellNames(folder: string): string[] {
  try {
    return list(`${folder}/cells`).filter((name) => name.endsWith(".json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function fits(said: object, sha256: string): boolean {
  try {
    return checkSum(said) === sha256;
  } catch (error) {
    if (error instanceof RangeError) return false; // nested deeper than anything that is written
    throw error;
  }
}

function checkSum(said: object): string {
  return sha256(bytesOf(canonical(said)));
}

/** JSON with its keys in order: the same text however an object was put together. */
function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) =>
      part !== null && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => a < b ? -1 : 1))
        : part,
  );
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
