import { readSafetensors, type SafetensorsTensor, writeSafetensors } from "../data/safetensors.ts";
import { printable } from "../data/wording.ts";
import { InputError } from "../errors.ts";
import { padded } from "../gpu/matrix.ts";
import { type TensorPlace, type TensorShape, VectorLayout } from "../optim/vector.ts";
import type { ReplicaState, TrainerState } from "./state.ts";

const format = "nagare-checkpoint-1";

/** Names of the metadata that a checkpoint keeps for itself. */
const reserved = ["format", "update", "layout", "replicas", "sha256"] as const;

/** What stands where the digest goes while it is computed. */
const noDigest = "0".repeat(64);

/** What the header says of a replica beside its tensors. */
type ReplicaRecord = Pick<ReplicaState, "seed" | "lead" | "divergedAt">;

/**
 * The file of a checkpoint: a state and texts of your own in the safetensors format.
 *
 * Replica r has the tensors `r/phi/NAME` and `r/velocity/NAME`, float32, for every tensor of the
 * model's layout, rows and columns rounded up to multiples of 8; what lies beyond them is padding.
 * theta = phi - lead velocity. The metadata beside your own are
 *
 * - `format`: `nagare-checkpoint-1`;
 * - `update`: updates done;
 * - `layout`: JSON, the `name`, `rows` and `columns` of each tensor, in order;
 * - `replicas`: JSON, the `seed`, the `lead` and, where it diverged, `divergedAt` of each replica;
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
  const tensors = replicas.flatMap(({ parameters, velocity }, r) =>
    Object.entries({ phi: parameters, velocity }).flatMap(([vector, data]) =>
      layout.tensors.map((place) =>
        [`${r}/${vector}/${place.name}`, tensorOf(data, place)] as const
      )
    )
  );
  const shapes = layout.tensors.map(({ name, rows, columns }) => ({ name, rows, columns }));
  const records = replicas.map(({ seed, lead, divergedAt }) => ({ seed, lead, divergedAt }));
  const bytes = writeSafetensors(tensors, {
    sha256: noDigest,
    format,
    update: String(update),
    layout: JSON.stringify(shapes),
    replicas: JSON.stringify(records),
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
 * @throws {InputError} If the file is none, or not what was written.
 */
export async function decodeCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ state: TrainerState; metadata: Record<string, string> }> {
  const { tensors, metadata } = readSafetensors(bytes);
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
  const shapes = parse(metadata.layout, isTensorShape);
  const update = Number(metadata.update);
  if (new Set(shapes.map(({ name }) => name)).size !== shapes.length || !isCount(update)) {
    throw damaged(wrongMetadata);
  }
  const layout = new VectorLayout(shapes);
  const replicas = parse(metadata.replicas, isReplicaRecord).map((record, r) => ({
    seed: record.seed,
    lead: record.lead,
    divergedAt: record.divergedAt,
    parameters: vectorOf(tensors, layout, `${r}/phi`),
    velocity: vectorOf(tensors, layout, `${r}/velocity`),
  }));
  const own = Object.entries(metadata).filter(([name]) => !reserved.some((one) => one === name));
  return { state: { update, layout, replicas }, metadata: Object.fromEntries(own) };
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
  const { name, rows, columns } = Object(value);
  return typeof name === "string" && isCount(rows) && isCount(columns);
}

function isReplicaRecord(value: unknown): value is ReplicaRecord {
  const { seed, lead, divergedAt } = Object(value);
  return [seed, divergedAt].every((value) => value === undefined || isCount(value)) &&
    typeof lead === "number";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
