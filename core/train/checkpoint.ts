import {
  readSafetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "../formats/safetensors.ts";
import { printable } from "../formats/wording.ts";
import { InputError } from "../errors.ts";
import { padded } from "../gpu/tensor.ts";
import { type TensorPlace, type TensorShape, VectorLayout } from "../gpu/vector.ts";
import type { Numbers } from "../optim/family.ts";
import {
  checkState,
  type GroupState,
  type ReplicaState,
  type StateVector,
  type TrainerState,
} from "./state.ts";

const format = "nagare-checkpoint-2";

/** Names of the metadata that a checkpoint keeps for itself. */
const reserved = ["format", "update", "layout", "statistics", "replicas", "sha256"] as const;

/** What stands where the digest goes while it is computed. */
const noDigest = "0".repeat(64);

/** Numbers that JSON has no words for, as texts: those of a network that diverged are among them. */
const spelled = new Map([NaN, Infinity, -Infinity, -0].map((value) => [spell(value), value]));

/** What the header says of a replica beside its tensors. */
type ReplicaRecord =
  & Omit<ReplicaState, "parameters" | "statistics" | "states">
  /** The tensors of each state. */
  & { readonly states: Readonly<Record<string, readonly TensorShape[]>> };

/**
 * The file of a checkpoint: a state and texts of your own in the safetensors format.
 *
 * Replica r has the tensors `r/parameters/NAME`, of each state of its optimizer `r/STATE/NAME`, and of
 * a network that keeps statistics `r/statistics/NAME`, float32, rows and columns rounded up to
 * multiples of 8; what lies beyond them is padding. The metadata beside your own are
 *
 * - `format`: `nagare-checkpoint-2`;
 * - `update`: updates done;
 * - `layout`: JSON, the `name`, `rows` and `columns` of each tensor, in order;
 * - `statistics`: the same of the statistics, where there are some;
 * - `replicas`: JSON, of each replica what {@linkcode ReplicaState} says: `seed`, `family`, `since`,
 *   `groups` (where `theta` says which sum of `parameters` and states the network is evaluated at),
 *   `measured`, `set`, `divergedAt`, and in `states` the tensors of each state; numbers that JSON
 *   lacks stand there as `"NaN"`, `"Infinity"`, `"-Infinity"` and `"-0"`;
 * - `sha256`: 64 hexadecimal digits. With 64 zeros in their place, the bytes up to the end of the
 *   header followed by the SHA-256 of all bytes after it have this SHA-256.
 *
 * @throws {RangeError} If a text of yours has one of these names.
 *
 * @example
 * ```ts
 * import { decodeCheckpoint, encodeCheckpoint, networkState, VectorLayout } from "../../mod.ts";
 *
 * const layout = new VectorLayout([{ name: "weights", rows: 2, columns: 3 }]);
 * const untrained = networkState(layout, [[[1, 2, 3, 4, 5, 6]]]); // or await trainer.save()
 * const bytes = await encodeCheckpoint(untrained, { note: "before the finish" });
 * const { state, metadata } = await decodeCheckpoint(bytes);
 * console.log(state.update, metadata.note);
 * ```
 */
export async function encodeCheckpoint(
  { update, layout, replicas }: TrainerState,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const taken = reserved.find((name) => Object.hasOwn(metadata, name));
  if (taken) throw new RangeError(`the checkpoint has a "${taken}" of its own: use another name`);
  const tensors = replicas.flatMap((replica, r) =>
    Object.entries({ ...vectorsOf(replica, layout), ...replica.states })
      .flatMap(([vector, { layout, values }]) =>
        layout.tensors.map((place) =>
          [`${r}/${vector}/${place.name}`, tensorOf(values, place)] as const
        )
      )
  );
  const records = replicas.map((
    { parameters: _, statistics: __, states, ...record },
  ): ReplicaRecord => ({
    ...record,
    states: Object.fromEntries(
      Object.entries(states).map(([name, { layout }]) => [name, shapesOf(layout)]),
    ),
  }));
  const bytes = writeSafetensors(tensors, {
    sha256: noDigest,
    format,
    update: String(update),
    layout: JSON.stringify(shapesOf(layout)),
    ...layout.statistics && { statistics: JSON.stringify(shapesOf(layout.statistics)) },
    replicas: JSON.stringify(
      records,
      (_, value) => typeof value === "number" && spelled.has(spell(value)) ? spell(value) : value,
    ),
    ...metadata,
  });
  const { digest, at } = await digestOf(bytes);
  bytes.set(new TextEncoder().encode(digest), at);
  return bytes;
}

/**
 * Reads what {@linkcode encodeCheckpoint} wrote: the state and your own texts. Every byte is
 * verified.
 *
 * @param model The layout of the model that is to go on from it. Default: any.
 * @throws {InputError} If the file is none, not what was written, or of another model.
 */
export async function decodeCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  model?: VectorLayout,
): Promise<{ state: TrainerState; metadata: Record<string, string> }> {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.format === "nagare-checkpoint-1") {
    throw new InputError(
      "this checkpoint is of an older version of Nagare, which this one cannot go on from: finish " +
        "the run with that version, or begin it anew",
    );
  }
  if (metadata.format !== format) {
    const found = metadata.format === undefined ? "not told" : `"${printable(metadata.format)}"`;
    throw new InputError(
      `this safetensors file is no checkpoint: its format is ${found}, not "${format}"`,
    );
  }
  const isDigest = /^[0-9a-f]{64}$/.test(metadata.sha256);
  if (!isDigest || metadata.sha256 !== (await digestOf(bytes)).digest) {
    throw damaged("its SHA-256 is not that of what was written");
  }
  const update = Number(metadata.update);
  if (!isCount(update)) throw damaged(wrongMetadata);
  const layout = layoutOf(
    parse(metadata.layout, isTensorShape),
    metadata.statistics === undefined ? [] : parse(metadata.statistics, isTensorShape),
  );
  const replicas = parse(metadata.replicas, isReplicaRecord).map((record, r): ReplicaState => ({
    seed: record.seed,
    family: record.family,
    since: record.since,
    groups: record.groups.map(({ tensors, running, theta }) => ({
      tensors,
      running: numbersOf(running),
      theta: numbersOf(theta),
    })),
    measured: numbersOf(record.measured),
    set: numbersOf(record.set),
    divergedAt: record.divergedAt,
    parameters: vectorOf(tensors, layout, `${r}/parameters`),
    ...layout.statistics && {
      statistics: vectorOf(tensors, layout.statistics, `${r}/statistics`),
    },
    states: Object.fromEntries(
      Object.entries(record.states).map(([name, shapes]) => {
        const layout = layoutOf(shapes);
        return [name, { layout, values: vectorOf(tensors, layout, `${r}/${name}`) }];
      }),
    ),
  }));
  const own = Object.entries(metadata).filter(([name]) => !reserved.some((one) => one === name));
  const state = { update, layout, replicas };
  if (model) checkState(state, model, replicas.length);
  return { state, metadata: Object.fromEntries(own) };
}

function shapesOf({ tensors }: VectorLayout): TensorShape[] {
  return tensors.map(({ name, rows, columns, isBias }) => ({
    name,
    rows,
    columns,
    ...isBias && { isBias },
  }));
}

/** The vectors of a replica beside the states of its optimizer. */
function vectorsOf(
  { parameters, statistics }: ReplicaState,
  layout: VectorLayout,
): Record<string, StateVector> {
  return {
    parameters: { layout, values: parameters },
    ...layout.statistics && { statistics: { layout: layout.statistics, values: statistics! } },
  };
}

function layoutOf(
  shapes: readonly TensorShape[],
  statistics: readonly TensorShape[] = [],
): VectorLayout {
  const names = [...shapes, ...statistics].map(({ name }) => name);
  if (new Set(names).size !== names.length) throw damaged(wrongMetadata);
  return new VectorLayout(shapes, statistics);
}

const wrongMetadata = "its metadata are not what a checkpoint has";

function damaged(what: string): InputError {
  return new InputError(`the checkpoint is damaged: ${what}; use another one`);
}

/** A tensor with its padding, in the memory of its vector. */
function tensorOf(vector: Float32Array, place: TensorPlace): SafetensorsTensor {
  const { offset, stride } = place;
  const rows = padded(place.rows);
  const data = vector.subarray(offset, offset + rows * stride);
  return { type: "F32", shape: [rows, stride], data };
}

function vectorOf(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  { tensors: places, length }: VectorLayout,
  prefix: string,
): Float32Array<ArrayBuffer> {
  const found = places.map(({ name, rows, stride }) => {
    const tensor = tensors.get(`${prefix}/${name}`);
    if (tensor?.type !== "F32" || tensor.shape.join() !== [padded(rows), stride].join()) {
      throw damaged(`its "${prefix}/${printable(name)}" is not what its layout says`);
    }
    return tensor.data as Float32Array;
  });
  const vector = new Float32Array(length);
  // From float32 to float32 set() copies bits, those of NaN too.
  found.forEach((data, i) => vector.set(data, places[i].offset));
  return vector;
}

/** The SHA-256 of a checkpoint with zeros for the digest in its header, and where that stands. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<{ digest: string; at: number }> {
  const end = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  // A quote within a text is written with a backslash, so that this can only be the entry itself.
  const entry = '"sha256":"';
  const header = new TextDecoder("latin1").decode(bytes.subarray(0, end)); // a character a byte
  const at = header.indexOf(entry) + entry.length;
  const hashed = new Uint8Array(end + 32);
  hashed.set(bytes.subarray(0, end));
  hashed.set(new TextEncoder().encode(noDigest), at);
  hashed.set(await sha256(bytes.subarray(end)), end);
  return { digest: hexadecimal(await sha256(hashed)), at };
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** A list in JSON whose entries are all as they should be. */
function parse<Entry>(text: string | undefined, isEntry: (value: unknown) => value is Entry) {
  let list: unknown;
  try {
    list = JSON.parse(text ?? "");
  } catch {
    // What is no JSON is no list either.
  }
  if (Array.isArray(list) && list.every(isEntry)) return list;
  throw damaged(wrongMetadata);
}

function isTensorShape(value: unknown): value is TensorShape {
  const { name, rows, columns, isBias } = Object(value);
  return typeof name === "string" && isCount(rows) && isCount(columns) &&
    (isBias === undefined || typeof isBias === "boolean");
}

function isReplicaRecord(value: unknown): value is ReplicaRecord {
  const { seed, family, since, groups, measured, set, divergedAt, states } = Object(value);
  return [seed, divergedAt].every((value) => value === undefined || isCount(value)) &&
    (family === undefined || typeof family === "string") && isCount(since) &&
    Array.isArray(groups) && groups.every(isGroupState) && isNumbers(measured) && isNumbers(set) &&
    isRecord(states) &&
    Object.entries(states).every(([name, shapes]) =>
      name !== "parameters" && name !== "statistics" && Array.isArray(shapes) &&
      shapes.every(isTensorShape)
    ) &&
    // theta is a sum of what is there.
    groups.every(({ theta }) =>
      Object.keys(theta).every((name) => name === "parameters" || Object.hasOwn(states, name))
    );
}

function isGroupState(value: unknown): value is GroupState {
  const { tensors, running, theta } = Object(value);
  return Array.isArray(tensors) && tensors.every((name) => typeof name === "string") &&
    isNumbers(running) && isNumbers(theta);
}

function isNumbers(value: unknown): value is Record<string, number> {
  return isRecord(value) &&
    Object.values(value).every((number) =>
      typeof number === "number" || spelled.has(number as string)
    );
}

/** Numbers of a header, those that JSON lacks as well. */
function numbersOf(numbers: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries<unknown>(numbers).map(([name, value]) => [
      name,
      typeof value === "string" ? spelled.get(value)! : value as number,
    ]),
  );
}

function spell(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
