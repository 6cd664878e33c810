import { InputError } from "../../mod.ts";
import * as v from "valibot";
import { sha256 } from "../files/files.ts";
import { shortestFloat32 } from "../files/tables.ts";
import type { FigureGroupName } from "./curvature_figures.ts";
import { type Json, spellNonFinite } from "./json.ts";

/** All that the numbers of one network depend on. */
export interface Configuration {
  /** Its kind: autoencoder, recurrent. */
  readonly network: string;
  readonly problem: string;
  /** A shipped optimizer, or one of a user's file. */
  readonly optimizer: string;
  /** The cap of the momentum schedule; 0 where there is none. */
  readonly mu: number;
  /** How the momentum runs up to the cap; "none" where it does not. */
  readonly schedule: string;
  /** Per update. */
  readonly learningRate: number;
  readonly init: string;
  readonly initScale: number;
  readonly seed: number;
  readonly updates: number;
  readonly batchSize: number;
  /** Updates at the end whose momentum is at most 0.9. */
  readonly finish: number;
  /** Updates between two reports. */
  readonly reportEvery: number;
  /** Cases of each split that a report evaluates. */
  readonly reportCases: number;
  /** Updates between two measurements of the curvature, which reports tell; none where left out. */
  readonly curvatureEvery?: number;
  /** What is measured then; the spectrum where left out. */
  readonly curvatureFigures?: readonly FigureGroupName[];
  readonly [setting: string]: Json | undefined;
}

/** JSON has no NaN and no Infinity: they stand as words. */
const figure = v.pipe(
  v.union([v.number(), v.picklist(["NaN", "Infinity", "-Infinity"])]),
  v.transform(Number),
);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A model's figures by name, on training and on test cases. */
const splits = v.strictObject({
  train: v.record(v.string(), figure),
  test: v.record(v.string(), figure),
});

/** What a report says of a network. */
const row = v.strictObject({
  update: count,
  /** Of the last update; null before the first. */
  momentum: v.nullable(v.number()),
  /** Of the last minibatch; null before the first. */
  loss: v.nullable(figure),
  /** Norm of the last gradient, where it was asked for. */
  gradientNorm: v.nullable(figure),
  /** On a part of the cases, always the same. */
  ...splits.entries,
  /** Of an optimizer that measures numbers: those of the last update by name. */
  told: v.exactOptional(v.record(v.string(), figure)),
  /** Figures of the curvature by name, where it was measured. */
  curvature: v.exactOptional(v.record(v.string(), figure)),
  /** How long the network had been trained. */
  seconds: v.number(),
});

/** A learning rate, a cap and a period of the paper's schedule. */
const setting = { learningRate: v.number(), cap: v.number(), period: count };

/** What a race has come to: its networks at its rungs, and at the end who has won. */
const race = v.strictObject({
  tree: v.array(v.strictObject({
    rung: count,
    update: count,
    place: count,
    parent: v.nullable(count),
    lineage: count,
    setting: v.strictObject(setting),
    score: figure,
    scoreWithoutProbe: figure,
  })),
  winner: v.nullable(v.strictObject({
    place: count,
    score: figure,
    legs: v.array(v.strictObject({ ...setting, from: count })),
  })),
});

/** How a network came out, or stands. */
const result = v.strictObject({
  /** Updates done. */
  updates: count,
  /** Unfinished until the last update, unless a rule stopped it or it diverged. */
  status: v.picklist(["ok", "diverged", "stopped", "unfinished"]),
  /** The update at which a loss, a parameter or an evaluation was first found not finite. */
  divergedAt: v.nullable(count),
  /** At the end, over all cases of each split. */
  final: v.nullable(splits),
  /** The same where the low-momentum finish began. */
  beforeFinish: v.nullable(splits),
  curve: v.array(row),
  /** Of a race. */
  race: v.exactOptional(race),
});

/** How and where it was trained: what does not change its figures. */
const training = v.strictObject({
  adapter: v.string(),
  nagare: v.string(),
  deno: v.string(),
  /** When it was last saved, as ISO 8601 has it. */
  saved: v.string(),
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
});

/** {@linkcode Cell.result} */
export type CellResult = v.InferOutput<typeof result>;

/** {@linkcode Cell.training} */
export type CellTraining = v.InferOutput<typeof training>;

/** A report in a cell. */
export type CellRow = v.InferOutput<typeof row>;

/** Figures on training and on test cases. */
export type Splits = v.InferOutput<typeof splits>;

/** A network of a study: what it is, how it came out or stands, and where it was trained. */
export interface Cell {
  readonly id: string;
  readonly configuration: Configuration;
  readonly result: CellResult;
  readonly training: CellTraining;
}

/** Raised where the same configuration would give other numbers than before. */
const version = 2;

/**
 * Names a network by all that its figures depend on: 16 hexadecimal digits of a SHA-256. How long it
 * is trained is left out, so that it can be trained on, unless its schedule depends on it.
 */
export function cellId(configuration: Configuration): string {
  const { updates, ...rest } = configuration;
  const named = { version, ...rest, ...isFixedLength(configuration) && { updates } };
  return sha256(bytesOf(canonical(named))).slice(0, 16);
}

/** Whether a schedule depends on when the run ends, so that it cannot be made longer. */
export function isFixedLength({ finish, schedule }: Configuration): boolean {
  return schedule === "flat" || schedule === "race" || (finish > 0 && schedule !== "none");
}

/** The update at which the low-momentum finish begins; undefined where there is none. */
export function finishOf({ updates, finish }: Configuration): number | undefined {
  return finish === 0 ? undefined : updates - finish;
}

/** The cells that are finished. */
export function finishedOf(cells: ReadonlyMap<string, Cell>): ReadonlyMap<string, Cell> {
  return new Map([...cells].filter(([, { result }]) => result.status !== "unfinished"));
}

/** Figures as cells keep them: the shortest number that is the same float32. */
export function kept(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, shortestFloat32(value)]),
  );
}

/** Whether all figures are finite. */
export function areFinite({ train, test }: Splits): boolean {
  return [train, test].every((figures) => Object.values(figures).every(Number.isFinite));
}

/** The text of a cell's file, with the check sum of what it says. */
export function encodeCell({ id, configuration, result, training }: Cell): string {
  const said = JSON.parse(
    JSON.stringify({ id, configuration, result, training }, spellNonFinite),
  );
  return JSON.stringify({ ...said, sha256: checkSum(said) }, null, 1) + "\n";
}

/** Reads the text of a cell's file. Throws InputError where it is not as it was written. */
export function decodeCell(bytes: Uint8Array): Cell {
  const { sha256, ...said } = parse(bytes);
  const { success, output, issues } = v.safeParse(content, said);
  if (!success) {
    const [issue] = issues;
    throw new InputError(`${v.getDotPath(issue) ?? "it"}: ${issue.message.replace(/\s+/g, " ")}`);
  }
  if (!fits(said, sha256)) throw new InputError("its content does not fit its check sum");
  // What the check sum and the ID fit was written here.
  const configuration = output.configuration as unknown as Configuration;
  if (cellId(configuration) !== output.id) {
    throw new InputError("its configuration does not fit its ID: another version wrote it");
  }
  return { ...output, configuration };
}

function parse(bytes: Uint8Array): { readonly sha256?: unknown } {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new InputError("it is not JSON");
  }
  if (typeof json === "object" && json !== null) return json;
  throw new InputError("it is no object");
}

function fits(said: object, sha256: unknown): boolean {
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
