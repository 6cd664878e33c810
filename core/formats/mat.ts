import { InputError } from "../errors.ts";
import { type MATArray, type ReadMATOptions, requireVariables } from "./mat_array.ts";
import { type NumericArray, rowMajor } from "./numeric.ts";
import { readVariable } from "./mat_variable.ts";
import { printable } from "./wording.ts";

export type { MATArray, MATClass, ReadMATOptions } from "./mat_array.ts";

const headerSize = 128;
const hdf5Signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Codes of the data elements that a file is made of. */
const matrixElement = 14, compressedElement = 15;

/**
 * Tells if a file is of MATLAB 7.3, which is HDF5 inside: `readMAT73` of core/formats/hdf5.ts reads
 * it, {@linkcode readMAT} all that MATLAB 5 to 7.2 wrote and `save` still writes by default.
 *
 * @example
 * ```ts
 * isMAT73(new Uint8Array(128)); // false
 * ```
 */
export function isMAT73(bytes: Uint8Array): boolean {
  const signed = [0, 512].some((at) => hdf5Signature.every((byte, i) => bytes[at + i] === byte));
  return signed || (bytes.length >= headerSize && readVersion(bytes)?.version === 0x0200);
}

/**
 * Reads the real numeric arrays of a MATLAB 5 file (MathWorks, "MAT-File Format"), compressed or
 * not, of either byte order.
 *
 * Arrays that are not compressed share the memory of `bytes` where their byte order and alignment
 * are those of the machine. Nothing is allocated for a size that the file only claims: an array is
 * at most as large as its bytes in the file, or 1032 times its compressed bytes, can make it.
 *
 * @returns The arrays by name, in the order of the file.
 * @throws {InputError} If the file is damaged, cut short or of another format, if a variable named
 * in `only` is missing, if one to be read is complex, sparse, or no numeric array, or if it is
 * larger than the limit.
 *
 * @example
 * ```ts
 * const arrays = await readMAT(bytes, { only: ["bdata"] });
 * const { dimensions, data } = arrays.get("bdata")!; // [20000, 784], Float64Array
 * ```
 */
export async function readMAT(
  bytes: Uint8Array,
  { only, numericOnly = false, limit = 2 ** 31 }: ReadMATOptions = {},
): Promise<Map<string, MATArray>> {
  const littleEndian = readHeader(bytes);
  const isWanted = (name: string) => only?.includes(name) ?? true;
  const arrays = new Map<string, MATArray>();
  const others: string[] = [];
  for (const { type, content, at } of elements(bytes, littleEndian)) {
    const compressed = type === compressedElement;
    const variable = { content, compressed, at, littleEndian };
    const { name, array } = await readVariable(variable, { isWanted, limit, numericOnly });
    if (name === "") continue; // what objects elsewhere in the file refer to
    if (arrays.has(name)) {
      throw new InputError(`the MATLAB file holds ${printable(name)} twice; save it again`);
    }
    if (array) arrays.set(name, array);
    else others.push(name);
  }
  requireVariables(only ?? [], [...arrays.keys(), ...others]);
  return arrays;
}

/**
 * The elements of a MATLAB array row by row: the last index varies fastest, not the first.
 *
 * @example
 * ```ts
 * rowByRow({ dimensions: [2, 2], data: Float32Array.of(1, 2, 3, 4) }); // [1, 3, 2, 4]
 * ```
 */
export function rowByRow<T extends NumericArray>(
  { dimensions, data }: { readonly dimensions: readonly number[]; readonly data: T },
): T {
  return rowMajor(data, dimensions);
}

/** Checks the first 128 bytes and tells if the file is little-endian. */
function readHeader(bytes: Uint8Array): boolean {
  if (isMAT73(bytes)) {
    throw new InputError(
      "this file is of MATLAB 7.3 (HDF5), not of MATLAB 5; " +
        "read it with readMAT73, or save it with -v7",
    );
  }
  const found = bytes.length < headerSize ? undefined : readVersion(bytes);
  if (found?.version === 0x0100) return found.littleEndian;
  throw new InputError(foreignFormat(bytes, found !== undefined));
}

function foreignFormat(bytes: Uint8Array, marked: boolean): string {
  // A MATLAB 4 file begins with a number below 5000, a MATLAB 5 file with text.
  if (!marked && bytes.length >= 20 && bytes.subarray(0, 4).includes(0)) {
    return "this seems to be a MATLAB 4 file, which is not read; save it with -v7";
  }
  if (bytes.length < headerSize) {
    return `a MATLAB 5 file has a header of ${headerSize} bytes, this has ${bytes.length}; ` +
      `get it again`;
  }
  return "this is not a MATLAB 5 file, by its first 128 bytes; give one, saved with -v7";
}

/** The version in the header and the byte order it is written in, if the header has the mark. */
function readVersion(bytes: Uint8Array) {
  const mark = String.fromCharCode(bytes[126], bytes[127]);
  if (mark !== "IM" && mark !== "MI") return undefined;
  const littleEndian = mark === "IM";
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerSize);
  return { littleEndian, version: view.getUint16(124, littleEndian) };
}

/** The data elements after the header; each is a variable. */
function* elements(bytes: Uint8Array, littleEndian: boolean) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = headerSize; at < bytes.length;) {
    const start = at + 8;
    if (start > bytes.length) throw cutShort(at, bytes.length, 8);
    const type = view.getUint32(at, littleEndian), size = view.getUint32(at + 4, littleEndian);
    if (type !== matrixElement && type !== compressedElement) {
      throw new InputError(
        `the MATLAB file has an element of type ${type} at byte ${at}, where only variables ` +
          `(${matrixElement}, ${compressedElement}) may be; get it again`,
      );
    }
    if (start + size > bytes.length) throw cutShort(at, bytes.length, size + 8);
    yield { type, at, content: bytes.subarray(start, start + size) };
    at = start + size;
  }
}

function cutShort(at: number, length: number, size: number): InputError {
  return new InputError(
    `the MATLAB file is cut short: ${size} bytes should begin at byte ${at}, ` +
      `it ends after ${length}; get it again`,
  );
}
