import { InputError } from "../errors.ts";
import { type MATArray, type MATClass, notNumeric, tooLarge } from "./mat_array.ts";
import { numbersIn, type NumericArray, type NumericType } from "./numeric.ts";
import { printable, shapeWords } from "./wording.ts";
import { ZlibReader } from "./zlib.ts";

/** Where a variable lies in a MATLAB 5 file. */
export interface VariableElement {
  /** Its bytes, without the tag. */
  content: Uint8Array;
  compressed: boolean;
  /** Its place in the file, for the errors. */
  at: number;
  littleEndian: boolean;
}

/** Codes of the data elements of a variable that are no numbers of the array. */
const int8Data = 1, int32Data = 5, uint32Data = 6, matrixElement = 14, utf8Data = 16;

/** The types that numbers are stored in, by the code of their data element. */
const storageTypes: Record<number, NumericType> = {
  1: Int8Array,
  2: Uint8Array,
  3: Int16Array,
  4: Uint16Array,
  5: Int32Array,
  6: Uint32Array,
  7: Float32Array,
  9: Float64Array,
  12: BigInt64Array,
  13: BigUint64Array,
};

/** The classes of numeric arrays, by their code in the array's flags. */
const numericClasses: Record<number, { name: MATClass; type: NumericType }> = {
  6: { name: "double", type: Float64Array },
  7: { name: "single", type: Float32Array },
  8: { name: "int8", type: Int8Array },
  9: { name: "uint8", type: Uint8Array },
  10: { name: "int16", type: Int16Array },
  11: { name: "uint16", type: Uint16Array },
  12: { name: "int32", type: Int32Array },
  13: { name: "uint32", type: Uint32Array },
  14: { name: "int64", type: BigInt64Array },
  15: { name: "uint64", type: BigUint64Array },
};

const otherClasses: Record<number, string> = {
  1: "a cell array",
  2: "a structure",
  3: "an object",
  4: "text",
  5: "a sparse matrix",
  16: "a function handle",
  17: "an object",
};

/** The class whose variables have no dimensions. */
const opaqueClass = 17;

/** Far beyond the 32 dimensions and the 63 letters of a name that programs write. */
const longestHeaderField = 1024;

/** Takes bytes in their order, from the file itself or from a compressed part of it. */
interface ByteReader {
  readonly owned: boolean;
  take(length: number): Promise<Uint8Array>;
  finish(): Promise<void>;
  cancel(): Promise<void>;
}

/** What comes before the numbers of an array. */
interface ArrayHeader {
  name: string;
  classCode: number;
  complex: boolean;
  logical: boolean;
  dimensions: number[];
}

/**
 * Reads one variable: its name, and its array if the name is wanted.
 *
 * @throws {InputError} If the variable is damaged, or wanted and no real numeric array.
 */
export async function readVariable(
  element: VariableElement,
  { isWanted, limit, numericOnly }: {
    isWanted: (name: string) => boolean;
    limit: number;
    numericOnly: boolean;
  },
): Promise<{ name: string; array?: MATArray }> {
  const fields = await FieldReader.open(element);
  try {
    const header = await readArrayHeader(fields);
    if (header.name === "" || !isWanted(header.name)) return { name: header.name };
    if (numericOnly && !isNumeric(header)) return { name: header.name };
    return { name: header.name, array: await readArray(fields, header, limit) };
  } finally {
    await fields.close();
  }
}

async function readArrayHeader(fields: FieldReader): Promise<ArrayHeader> {
  const flags = await fields.header("flags", [uint32Data]);
  if (flags.length !== 8) throw fields.damaged("flags");
  const [word] = fields.numbers(flags, Uint32Array) as Uint32Array;
  const classCode = word & 0xff;
  const dimensions = classCode === opaqueClass ? [] : await readDimensions(fields);
  const name = new TextDecoder().decode(await fields.header("name", [int8Data, utf8Data]));
  const [complex, logical] = [(word & 0x0800) !== 0, (word & 0x0200) !== 0];
  return { name, classCode, complex, logical, dimensions };
}

function isNumeric({ classCode, complex }: ArrayHeader): boolean {
  return Object.hasOwn(numericClasses, classCode) && !complex;
}

async function readDimensions(fields: FieldReader): Promise<number[]> {
  const bytes = await fields.header("dimensions", [int32Data]);
  if (bytes.length < 8 || bytes.length % 4 !== 0) throw fields.damaged("dimensions");
  const dimensions = Array.from(fields.numbers(bytes, Int32Array) as Int32Array);
  if (dimensions.some((n) => n < 0)) throw fields.damaged("dimensions");
  return dimensions;
}

async function readArray(
  fields: FieldReader,
  { name, classCode, complex, logical, dimensions }: ArrayHeader,
  limit: number,
): Promise<MATArray> {
  const numeric = numericClasses[classCode];
  if (!numeric) throw notNumeric(name, otherClasses[classCode] ?? `of class ${classCode}`);
  if (complex) throw notNumeric(name, "complex");
  const count = dimensions.reduce((product, n) => product * n, 1);
  if (count * numeric.type.BYTES_PER_ELEMENT > limit) {
    throw tooLarge(name, dimensions, limit);
  }
  const tag = await fields.tag();
  const storage = storageTypes[tag.type];
  if (!storage || !holds(numeric.type, storage)) {
    throw new InputError(
      `variable ${printable(name)} of class ${numeric.name} is stored as type ${tag.type}, ` +
        `which does not fit in it; get the file again`,
    );
  }
  if (tag.size !== count * storage.BYTES_PER_ELEMENT) {
    throw new InputError(
      `variable ${printable(name)} is ${shapeWords(dimensions)}, but ${tag.size} bytes are ` +
        `stored where these take ${count * storage.BYTES_PER_ELEMENT}; get the file again`,
    );
  }
  const stored = fields.numbers(await fields.body(tag), storage);
  await fields.finish();
  const data = convert(stored, numeric.type);
  return { class: numeric.name, dimensions, data, ...logical && { logical } };
}

/** MATLAB stores an array in a smaller type where that keeps its values. */
function holds(type: NumericType, storage: NumericType): boolean {
  if (storage === type) return true;
  if (is64BitInteger(storage) || is64BitInteger(type)) return false;
  if (isFloat(type)) return storage.BYTES_PER_ELEMENT <= type.BYTES_PER_ELEMENT;
  if (isFloat(storage) || storage.BYTES_PER_ELEMENT >= type.BYTES_PER_ELEMENT) return false;
  return isUnsigned(storage) || !isUnsigned(type);
}

function isFloat(type: NumericType): boolean {
  return type === Float32Array || type === Float64Array;
}

function is64BitInteger(type: NumericType): boolean {
  return type === BigInt64Array || type === BigUint64Array;
}

function isUnsigned(type: NumericType): boolean {
  return type === Uint8Array || type === Uint16Array || type === Uint32Array;
}

function convert(stored: NumericArray, type: NumericType): NumericArray {
  if (stored instanceof type) return stored;
  const converted = new type(stored.length) as Float64Array;
  converted.set(stored as Float64Array); // 64-bit integers are never converted
  return converted;
}

/** Reads the data elements within a variable: a tag, then numbers, then padding to 8 bytes. */
class FieldReader {
  readonly #bytes: ByteReader;
  readonly #element: VariableElement;
  /** Bytes of the variable that are still to come. */
  #left: number;

  private constructor(bytes: ByteReader, element: VariableElement, size: number) {
    this.#bytes = bytes;
    this.#element = element;
    this.#left = size;
  }

  /** A compressed variable has its tag within the compressed bytes. */
  static async open(element: VariableElement): Promise<FieldReader> {
    const { content, compressed } = element;
    if (!compressed) return new FieldReader(new PlainReader(content), element, content.length);
    const zlib = new ZlibReader(content, `the variable at byte ${element.at}`);
    const fields = new FieldReader(zlib, element, 8);
    try {
      const [type, size] = fields.numbers(await fields.#take(8), Uint32Array) as Uint32Array;
      if (type !== matrixElement) throw fields.damaged("type");
      fields.#left = size;
    } catch (error) {
      await zlib.cancel();
      throw error;
    }
    return fields;
  }

  /** A tag: the type and the size of what follows. Up to four bytes may lie in the tag itself. */
  async tag(): Promise<{ type: number; size: number; inline?: Uint8Array }> {
    const bytes = await this.#take(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    const type = view.getUint32(0, this.#element.littleEndian);
    if (type <= 0xffff) return { type, size: view.getUint32(4, this.#element.littleEndian) };
    const size = type >>> 16;
    if (size > 4) throw this.damaged("tag");
    return { type: type & 0xffff, size, inline: bytes.subarray(4, 4 + size) };
  }

  /** The bytes that a tag announces. */
  async body({ size, inline }: { size: number; inline?: Uint8Array }): Promise<Uint8Array> {
    if (inline) return inline;
    const bytes = await this.#take(size);
    await this.#take(Math.min(-size & 7, this.#left));
    return bytes;
  }

  /** A short field of one of the given types. */
  async header(what: string, types: number[]): Promise<Uint8Array> {
    const tag = await this.tag();
    if (!types.includes(tag.type) || tag.size > longestHeaderField) throw this.damaged(what);
    return await this.body(tag);
  }

  numbers(bytes: Uint8Array, type: NumericType): NumericArray {
    const { littleEndian } = this.#element;
    return numbersIn(bytes, { type, littleEndian, owned: this.#bytes.owned });
  }

  /** Checks that all of the variable was read. */
  async finish(): Promise<void> {
    if (this.#left > 0) throw this.damaged("size");
    await this.#bytes.finish();
  }

  async close(): Promise<void> {
    await this.#bytes.cancel();
  }

  damaged(what: string): InputError {
    return new InputError(
      `the ${what} of the variable at byte ${this.#element.at} of the MATLAB file cannot be ` +
        `right; get the file again`,
    );
  }

  async #take(length: number): Promise<Uint8Array> {
    if (length > this.#left) throw this.damaged("size");
    this.#left -= length;
    return await this.#bytes.take(length);
  }
}

class PlainReader implements ByteReader {
  readonly owned = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Promise<Uint8Array> {
    return Promise.resolve(this.#bytes.subarray(this.#at, this.#at += length));
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }
}
