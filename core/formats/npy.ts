import { InputError } from "../errors.ts";
import { widenHalves } from "./half_float.ts";
import { numbersIn, type NumericArray, type NumericType, rowMajor } from "./numeric.ts";
import { printable, shapeWords } from "./wording.ts";
import { isZip, readZipDirectory, unpackZipMember, type ZipMember } from "./zip.ts";

/** The element types of NumPy that {@linkcode readNPY} reads, and how each lies in the file. */
const storage = {
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  b1: Uint8Array,
} as const satisfies Record<NPYType, NumericType>;

/** An element type as NumPy names it: kind and bytes. `f2` is float16, `b1` is bool. */
export type NPYType =
  | "f2"
  | "f4"
  | "f8"
  | "i1"
  | "u1"
  | "i2"
  | "u2"
  | "i4"
  | "u4"
  | "i8"
  | "u8"
  | "b1";

/** What {@linkcode readNPY} reads. */
export interface NPYArray {
  /** How the elements were stored. */
  readonly type: NPYType;
  /** Its shape; empty for a single number. */
  readonly dimensions: readonly number[];
  /**
   * The elements, row-major. Half floats (f2) become float32, bool becomes 0 and 1; the integers of
   * 64 bits (i8, u8), NumPy's own, stay exact as bigint.
   */
  readonly data: NumericArray;
  /** Bytes after the array, such as a second one: passed over, as `numpy.load` does. Not 0. */
  readonly trailing?: number;
}

/** \x93NUMPY */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** What NumPy itself reads by default. */
const longestHeader = 10_000;

/** What the dictionary that describes the array says of its three keys, which stand in any order. */
const text = String.raw`(?:'[^']*'|"[^"]*")`;
const tuple = String.raw`\((?:[^()]|\([^()]*\))*\)`;
const value = `(?:${text}|True|False|${tuple})`;
const key = (name: string) => String.raw`(?:'${name}'|"${name}")\s*:\s*`;
const dictionary = new RegExp(
  String.raw`^\{\s*(?:${key("(?:descr|fortran_order|shape)")}${value}\s*(?:,\s*|(?=\}))){3}\}\s*$`,
);
const fortranOrder = new RegExp(`${key("fortran_order")}(True|False)`);
const shape = new RegExp(`${key("shape")}(${tuple})`);
const description = new RegExp(String.raw`${key("descr")}(${text}|\[)`);

/**
 * Reads an array that `numpy.save` wrote (NumPy Enhancement Proposal 1, versions 1 to 3), of
 * either byte order and either order of elements; the result is row-major.
 *
 * The data share the memory of `bytes` where nothing has to be changed. Nothing is allocated before
 * the file is found to be as long as the dimensions that it claims.
 *
 * @throws {InputError} If the file is damaged or cut short, or of a type that is not read: objects,
 * records, text and complex numbers.
 *
 * @example
 * ```ts
 * const { dimensions, data } = readNPY(bytes); // [1000, 784], Float32Array
 * ```
 */
export function readNPY(bytes: Uint8Array): NPYArray {
  const { text, start, version } = readHeader(bytes);
  const { type, littleEndian, fortran, dimensions } = parseHeader(text, version);
  const length = lengthOf(dimensions, type, bytes.length - start), end = start + length;
  const numbers = numbersIn(bytes.subarray(start, end), { type: storage[type], littleEndian });
  const elements = convert(numbers, type);
  const data = fortran ? rowMajor(elements, dimensions) : elements;
  return { type, dimensions, data, ...end < bytes.length && { trailing: bytes.length - end } };
}

/** Settings of {@linkcode readNPZ}. */
export interface ReadNPZOptions {
  /** The arrays to read; all must be there. Others are not unpacked. Default: all. */
  only?: readonly string[];
  /** The most bytes that one array may take in memory. Default: 2^31, two gibibytes. */
  limit?: number;
}

/**
 * The names of the arrays in a file that `numpy.savez` wrote, in the order of the file. Nothing is
 * unpacked.
 *
 * @throws {InputError} If the file is no zip archive, is damaged, or holds no array.
 *
 * @example
 * ```ts
 * namesInNPZ(bytes); // ["x_train", "y_train"]
 * ```
 */
export function namesInNPZ(bytes: Uint8Array): string[] {
  return [...membersOf(bytes).keys()];
}

/**
 * Reads the arrays of a file that `numpy.savez` or `savez_compressed` wrote: a zip archive of .npy
 * files. Checksums are checked.
 *
 * @returns The arrays by name, in the order of the file.
 * @throws {InputError} If the file is no zip archive, is damaged, lacks an array named in `only`, or
 * if one of those read is what {@linkcode readNPY} refuses, or larger than the limit.
 *
 * @example
 * ```ts
 * const arrays = await readNPZ(bytes, { only: ["x_train"] });
 * const { dimensions, data } = arrays.get("x_train")!; // [60000, 28, 28], Uint8Array
 * ```
 */
export async function readNPZ(
  bytes: Uint8Array,
  { only, limit = 2 ** 31 }: ReadNPZOptions = {},
): Promise<Map<string, NPYArray>> {
  const members = membersOf(bytes);
  const missing = only?.find((name) => !members.has(name));
  if (missing !== undefined) {
    const found = [...members.keys()].slice(0, 8).map((name) => printable(name)).join(", ");
    throw new InputError(
      `the .npz file has no array ${printable(missing)}, it holds ${found}; name one of these`,
    );
  }
  const arrays = new Map<string, NPYArray>();
  for (const [name, member] of members) {
    if (only && !only.includes(name)) continue;
    arrays.set(name, readMember(name, await unpackZipMember(bytes, member, { limit })));
  }
  return arrays;
}

function readMember(name: string, bytes: Uint8Array): NPYArray {
  try {
    return readNPY(bytes);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`array ${printable(name)}: ${error.message}`);
  }
}

/** The .npy files of an archive, by the name of their arrays. */
function membersOf(bytes: Uint8Array): Map<string, ZipMember> {
  if (!isZip(bytes)) {
    throw new InputError("this is not a .npz file, by its first bytes; write one with numpy.savez");
  }
  const members = new Map<string, ZipMember>();
  for (const member of readZipDirectory(bytes)) {
    if (!member.name.endsWith(".npy")) continue;
    const name = member.name.slice(0, -".npy".length);
    if (members.has(name)) {
      throw new InputError(`the .npz file holds ${printable(name)} twice; save it again`);
    }
    members.set(name, member);
  }
  if (members.size > 0) return members;
  throw new InputError(
    "the zip archive holds no .npy file, so it is none of numpy.savez; unpack it and give a file " +
      "of data, a table of a spreadsheet as CSV",
  );
}

/** The text that describes the array, and where the array begins. */
function readHeader(bytes: Uint8Array): { text: string; start: number; version: number } {
  if (!magic.every((byte, i) => bytes[i] === byte)) {
    throw new InputError("this is not a .npy file, by its first bytes; write one with numpy.save");
  }
  if (bytes.length < 12) throw damaged("is cut short");
  const version = bytes[6];
  if (version < 1 || version > 3) {
    throw new InputError(`the .npy file is of version ${version}, not 1 to 3; save it again`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader) throw damaged(`claims ${length} bytes, above ${longestHeader}`);
  if (at + length > bytes.length) throw damaged("is cut short");
  const start = at + length;
  return { text: new TextDecoder().decode(bytes.subarray(at, start)), start, version };
}

function damaged(what: string): InputError {
  return new InputError(`the header of the .npy file ${what}; save it again with numpy.save`);
}

function parseHeader(header: string, version: number) {
  const [, fortran] = header.match(fortranOrder) ?? [];
  const [, sizes] = header.match(shape) ?? [];
  const [, descr] = header.match(description) ?? [];
  if (descr === "[") throw wrongType("records");
  if (!dictionary.test(header) || !descr || !fortran || sizes === undefined) {
    throw damaged("is not what NumPy writes");
  }
  const [, order, name] = descr.match(/^.([<>|=]?)(\w+|\?).$/) ?? [];
  const type = name === "?" ? "b1" : name;
  if (!type || !Object.hasOwn(storage, type)) throw wrongType(descr);
  return {
    type: type as NPYType,
    littleEndian: order !== ">",
    fortran: fortran === "True",
    dimensions: parseShape(sizes, version),
  };
}

/** The sizes of a tuple of Python: (4, 3), (4,) or (). Python 2 wrote (4L, 3L). */
function parseShape(sizes: string, version: number): number[] {
  const parts = sizes.slice(1, -1).split(",").map((part) => part.trim());
  const integer = version < 3 ? /^(0|[1-9]\d*)L?$/ : /^(0|[1-9]\d*)$/;
  const isTuple = parts.length > 1 || parts[0] === "";
  if (parts.at(-1) === "") parts.pop();
  const dimensions = parts.map((part) => Number(part.match(integer)?.[1] ?? NaN));
  if (isTuple && dimensions.every(Number.isSafeInteger)) return dimensions;
  throw damaged(`has the shape ${printable(sizes)}, which NumPy does not read either`);
}

function wrongType(description: string): InputError {
  const types = Object.keys(storage).join(", ");
  return new InputError(
    `the .npy file holds ${printable(description)}, not one of ${types}; ` +
      `save array.astype("float32") instead`,
  );
}

/** In integers of any size: a product of claimed dimensions knows no bounds. */
function lengthOf(dimensions: number[], type: NPYType, found: number): number {
  const width = BigInt(storage[type].BYTES_PER_ELEMENT);
  const expected = dimensions.reduce((product, n) => product * BigInt(n), width);
  if (expected <= BigInt(found)) return Number(expected);
  throw new InputError(
    `${shapeWords(dimensions)} elements of ${type} take ${printable(String(expected))} bytes ` +
      `after the header, this .npy file has ${found}; save it again`,
  );
}

function convert(numbers: NumericArray, type: NPYType): NumericArray {
  if (type === "f2") return widenHalves(numbers as Uint16Array);
  if (type === "b1" && (numbers as Uint8Array).some((n) => n > 1)) {
    throw damaged("says bool, but others follow");
  }
  return numbers;
}
