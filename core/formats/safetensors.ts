import { InputError } from "../errors.ts";
import { roundToHalves, widenHalves } from "./half_float.ts";
import { numbersIn, type NumericArray } from "./numeric.ts";
import { printable } from "./wording.ts";

/** An element type by its name in the format. A BOOL is a byte, 0 or 1. */
export type SafetensorsType =
  | "F64"
  | "F32"
  | "F16"
  | "I64"
  | "U64"
  | "I32"
  | "U32"
  | "I16"
  | "U16"
  | "I8"
  | "U8"
  | "BOOL";

/** The array that holds the elements of each type; of half floats, their bits. */
const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<SafetensorsType, unknown>;

/** Not every platform has it. */
const { Float16Array: Halves } = globalThis as { Float16Array?: Float16ArrayConstructor };

/** A tensor of a safetensors file. */
export interface SafetensorsTensor {
  /** How an element is stored. */
  readonly type: SafetensorsType;
  /** Its shape; empty for a single number. */
  readonly shape: readonly number[];
  /**
   * The elements, row-major. Those of F16 are read as a Float16Array, or as the same numbers in a
   * Float32Array where the platform has none; either is written, rounded to nearest, ties to even.
   */
  readonly data: NumericArray | Float16Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Texts beside the tensors, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Far beyond the header of any model: some 100,000 tensors. */
const longestHeader = 2 ** 24;

const metadataKey = "__metadata__";

/**
 * Reads a file in the safetensors format: eight bytes that count the bytes of the header, the
 * header in JSON, and the elements of all tensors one after another, little-endian. The header gives
 * the type, the shape and the place of each tensor, and texts under `__metadata__`.
 *
 * The data share the memory of `bytes` wherever their alignment allows it. Nothing that the header
 * says is trusted: the tensors must fill the file without a gap or an overlap.
 *
 * @throws {InputError} If the file is damaged, cut short or of another format, names something
 * twice, or holds a type that is not read: the 8-bit floats and BF16.
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "../../mod.ts";
 *
 * const data = Float32Array.of(1, 2, 3, 4, 5, 6);
 * const bytes = writeSafetensors([["weights", { type: "F32", shape: [2, 3], data }]]);
 * console.log(readSafetensors(bytes).tensors.get("weights")?.shape); // [2, 3]
 * ```
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { text, end } = readHeader(bytes);
  const { [metadataKey]: metadata = {}, ...entries } = parseHeader(text);
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw damaged("has a __metadata__ that does not hold texts alone");
  }
  const body = bytes.subarray(end);
  const places = Object.entries(entries).map(([name, entry]) => placeOf(name, entry, body.length))
    .toSorted((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(places, body.length);
  const tensors = new Map(places.map(({ name, type, shape, start, end }) => [
    name,
    { type, shape, data: elementsOf(body.subarray(start, end), type) },
  ]));
  return { tensors, metadata: metadata as Record<string, string> };
}

/**
 * Writes tensors, a name with each, and texts as {@linkcode readSafetensors} reads them, with wide
 * elements first, so that each tensor is aligned. The header is filled up with spaces to a multiple
 * of eight bytes.
 *
 * @throws {RangeError} If a name stands twice or is `__metadata__`, or if a tensor's data are not of
 * its type or do not fill its shape.
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: SafetensorsTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].toSorted(([, a], [, b]) => widthOf(b.type) - widthOf(a.type));
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header[metadataKey] = metadata;
  let length = 0;
  for (const [name, { type, shape, data }] of ordered) {
    const size = widthOf(type) * elementCount(shape);
    const stores = type === "F16" ? isHalves(data) : data instanceof arrays[type];
    if (!stores || data.length !== elementCount(shape)) {
      throw new RangeError(`${name} is no tensor of ${type} and of shape ${shape.join(" x ")}`);
    }
    if (name === metadataKey || Object.hasOwn(header, name)) {
      throw new RangeError(`there can be no two tensors ${name}, nor one called ${metadataKey}`);
    }
    header[name] = { dtype: type, shape, data_offsets: [length, length += size] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + length).fill(" ".charCodeAt(0), 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let at = start;
  for (const [, { type, data }] of ordered) {
    // To and from the order of the machine's bytes it is the same turn.
    const block = type === "F16" && data instanceof Float32Array ? roundToHalves(data) : data;
    const stored = numbersIn(bytesOf(block), { type: arrays[type], littleEndian: true });
    bytes.set(bytesOf(stored), at);
    at += stored.byteLength;
  }
  return bytes;
}

function readHeader(bytes: Uint8Array): { text: string; end: number } {
  if (bytes.length < 8) {
    throw new InputError(
      `a safetensors file has at least 8 bytes, this has ${bytes.length}; name another file`,
    );
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > longestHeader || (bytes.length > 8 && bytes[8] !== "{".charCodeAt(0))) {
    throw new InputError("this is not a safetensors file, by its first bytes; name another file");
  }
  if (8 + length > bytes.length) throw damaged("is cut short");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    return { text, end: 8 + length };
  } catch {
    throw damaged("is not UTF-8");
  }
}

function damaged(what: string): InputError {
  return new InputError(`the header of the safetensors file ${what}; write or fetch it again`);
}

function parseHeader(text: string): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw damaged("is not JSON");
  }
  if (!isRecord(header)) throw damaged("is no JSON object");
  const entries = Object.values(header);
  if (!entries.every(isRecord)) throw damaged("has an entry that is no JSON object");
  const kept = entries.reduce(
    (sum, entry) => sum + Object.keys(entry).length,
    Object.keys(header).length,
  );
  // JSON.parse() keeps the last of several values of one name without a word.
  if (countKeys(text) !== kept) throw damaged("names something twice");
  return header;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names in a JSON text, each as often as it stands there. */
function countKeys(text: string): number {
  const colon = /\s*:/y;
  let count = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (quoted && text[at] === "\\") {
      at++;
    } else if (text[at] === '"') {
      quoted = !quoted;
      colon.lastIndex = at + 1;
      if (!quoted && colon.test(text)) count++;
    }
  }
  return count;
}

/** Where a tensor lies, in bytes after the header. */
interface Place {
  name: string;
  type: SafetensorsType;
  shape: readonly number[];
  start: number;
  end: number;
}

function placeOf(name: string, entry: unknown, available: number): Place {
  const { dtype, shape, data_offsets: offsets, ...others } = entry as Record<string, unknown>;
  const quoted = `"${printable(name)}"`;
  if (
    !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2 || Object.keys(others).length > 0
  ) {
    throw damaged(`does not give ${quoted} a dtype, a shape and data_offsets alone`);
  }
  if (typeof dtype !== "string" || !Object.hasOwn(arrays, dtype)) {
    throw new InputError(
      `the tensor ${quoted} is of type "${printable(String(dtype))}", not one of ${
        Object.keys(arrays).join(", ")
      }; convert it first`,
    );
  }
  const type = dtype as SafetensorsType;
  const [start, end] = offsets;
  if (end > available) {
    throw new InputError(
      `the tensor ${quoted} ends ${end} bytes after the header, the file ${available}: ` +
        "it is cut short; write or fetch it again",
    );
  }
  if (widthOf(type) * elementCount(shape) !== end - start) {
    throw damaged(`gives ${quoted} ${end - start} bytes, which its shape does not take`);
  }
  return { name, type, shape, start, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function checkCoverage(places: readonly Place[], length: number): void {
  let at = 0;
  for (const { start, end } of places) {
    if (start !== at) throw damaged("leaves gaps between the tensors, or lets them overlap");
    at = end;
  }
  if (at !== length) {
    throw new InputError(
      `the tensors of the safetensors file end ${length - at} bytes before it; ` +
        "write or fetch it again",
    );
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

function widthOf(type: SafetensorsType): number {
  return arrays[type].BYTES_PER_ELEMENT;
}

function isHalves(data: SafetensorsTensor["data"]): boolean {
  return data instanceof Float32Array || (Halves !== undefined && data instanceof Halves);
}

function elementsOf(bytes: Uint8Array, type: SafetensorsType): SafetensorsTensor["data"] {
  const numbers = numbersIn(bytes, { type: arrays[type], littleEndian: true });
  if (type !== "F16") return numbers;
  return Halves
    ? new Halves(numbers.buffer, numbers.byteOffset, numbers.length)
    : widenHalves(numbers as Uint16Array);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
