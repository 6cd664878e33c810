import { InputError } from "../errors.ts";
import { widenHalves } from "./half_float.ts";
import { numbersIn, type NumericArray, type NumericType, rowMajor } from "./numeric.ts";
import { printable, shapeWords } from "./wording.ts";

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
  b1: Uint8Array,
} as const satisfies Record<NPYType, NumericType>;

/** An element type as NumPy names it: kind and bytes. `f2` is float16, `b1` is bool. */
export type NPYType = "f2" | "f4" | "f8" | "i1" | "u1" | "i2" | "u2" | "i4" | "u4" | "b1";

/** What {@linkcode readNPY} reads. */
export interface NPYArray {
  /** How the elements were stored. */
  readonly type: NPYType;
  /** Its shape; empty for a single number. */
  readonly dimensions: readonly number[];
  /** The elements, row-major. Half floats (f2) become float32, bool becomes 0 and 1. */
  readonly data: Exclude<NumericArray, BigInt64Array | BigUint64Array>;
}

/** \x93NUMPY */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** What NumPy itself reads by default. */
const longestHeader = 10_000;

/** The dictionary that describes the array: three keys, in any order. */
const value = String.raw`(?:'[^']*'|True|False|\([\d,\s]*\))`;
const dictionary = new RegExp(
  String.raw`^\{\s*(?:'(?:descr|fortran_order|shape)'\s*:\s*${value}\s*(?:,\s*|(?=\}))){3}\}\s*$`,
);

/**
 * Reads an array that `numpy.save` wrote (NumPy Enhancement Proposal 1, versions 1 to 3), of
 * either byte order and either order of elements; the result is row-major.
 *
 * The data share the memory of `bytes` where nothing has to be changed. Nothing is allocated before
 * the dimensions that the file claims are found to agree with its length.
 *
 * @throws {InputError} If the file is damaged or cut short, or of a type that is not read: objects,
 * records, text, complex numbers and 64-bit integers.
 *
 * @example
 * ```ts
 * const { dimensions, data } = readNPY(bytes); // [1000, 784], Float32Array
 * ```
 */
export function readNPY(bytes: Uint8Array): NPYArray {
  const { text, start } = readHeader(bytes);
  const { type, littleEndian, fortran, dimensions } = parseHeader(text);
  const body = bytes.subarray(start);
  checkLength(dimensions, type, body.length);
  const numbers = numbersIn(body, { type: storage[type], littleEndian });
  const elements = convert(numbers as NPYArray["data"], type);
  return { type, dimensions, data: fortran ? rowMajor(elements, dimensions) : elements };
}

/** The text that describes the array, and where the array begins. */
function readHeader(bytes: Uint8Array): { text: string; start: number } {
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
  return { text: new TextDecoder().decode(bytes.subarray(at, at + length)), start: at + length };
}

function damaged(what: string): InputError {
  return new InputError(`the header of the .npy file ${what}; save it again with numpy.save`);
}

function parseHeader(text: string) {
  const fortran = text.match(/'fortran_order'\s*:\s*(True|False)/)?.[1];
  const shape = text.match(/'shape'\s*:\s*\(([^)]*)\)/)?.[1];
  const description = text.match(/'descr'\s*:\s*('[^']*'|\[)/)?.[1];
  if (description === "[") throw wrongType("records");
  if (!dictionary.test(text) || !description || !fortran || shape === undefined) {
    throw damaged("is not what NumPy writes");
  }
  const [, order, type] = description.match(/^'([<>|=]?)(\w+)'$/) ?? [];
  if (!type || !Object.hasOwn(storage, type)) throw wrongType(description);
  const dimensions = shape.split(",").filter((n) => n.trim() !== "").map(Number);
  if (!dimensions.every(Number.isSafeInteger)) throw damaged("has no sensible shape");
  return {
    type: type as NPYType,
    littleEndian: order !== ">",
    fortran: fortran === "True",
    dimensions,
  };
}

function wrongType(description: string): InputError {
  const types = Object.keys(storage).join(", ");
  return new InputError(
    `the .npy file holds ${printable(description)}, not one of ${types}; ` +
      `save array.astype("float32") instead`,
  );
}

/** In integers of any size: a product of claimed dimensions knows no bounds. */
function checkLength(dimensions: number[], type: NPYType, found: number): void {
  const width = BigInt(storage[type].BYTES_PER_ELEMENT);
  const expected = dimensions.reduce((product, n) => product * BigInt(n), width);
  if (expected === BigInt(found)) return;
  throw new InputError(
    `${shapeWords(dimensions)} elements of ${type} take ${printable(String(expected))} bytes ` +
      `after the header, this .npy file has ${found}; save it again`,
  );
}

function convert(numbers: NPYArray["data"], type: NPYType): NPYArray["data"] {
  if (type === "f2") return widenHalves(numbers as Uint16Array);
  if (type === "b1" && numbers.some((n) => n > 1)) throw damaged("says bool, but others follow");
  return numbers;
}
