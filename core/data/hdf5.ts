// deno-lint-ignore no-import-prefix -- library code resolves no bare specifier
import type { Dataset, Entity, File } from "npm:h5wasm@0.10.3";
import { InputError } from "../errors.ts";
import {
  type MATArray,
  type MATClass,
  notNumeric,
  type ReadMATOptions,
  requireVariables,
  tooLarge,
} from "./mat_array.ts";
import type { NumericArray, NumericType } from "./numeric.ts";
import { mostInflation } from "./zlib.ts";

/** The library has 4 MB: it is loaded when a file needs it. */
async function loadLibrary() {
  // deno-lint-ignore no-import-prefix -- as above
  const library = await import("npm:h5wasm@0.10.3");
  const module = await library.ready;
  module.activate_throwing_error_handler(); // by default a failed read prints, and returns noise
  return { library, module };
}

type H5Module = Awaited<ReturnType<typeof loadLibrary>>["module"];

/** What variables are read from. */
interface Source {
  module: H5Module;
  file: File;
  limit: number;
  fileSize: number;
}

const fileName = "variables.mat";

const mostDimensions = 32;

/** What is taken out of the library's memory at a time, in bytes. */
const slabSize = 2 ** 23;

/** Codes of HDF5 for kinds of types. Complex numbers are compounds of two. */
const integerType = 0, floatType = 1, compoundType = 6;

interface StoredType {
  name: MATClass;
  array: NumericType;
  type: number;
  signed: boolean;
}

/** How the classes of MATLAB are stored, by the name in the attribute. */
const classes: ReadonlyMap<unknown, StoredType> = new Map([
  ["double", { name: "double", array: Float64Array, type: floatType, signed: true }],
  ["single", { name: "single", array: Float32Array, type: floatType, signed: true }],
  ["logical", { name: "uint8", array: Uint8Array, type: integerType, signed: false }],
  ["int8", { name: "int8", array: Int8Array, type: integerType, signed: true }],
  ["uint8", { name: "uint8", array: Uint8Array, type: integerType, signed: false }],
  ["int16", { name: "int16", array: Int16Array, type: integerType, signed: true }],
  ["uint16", { name: "uint16", array: Uint16Array, type: integerType, signed: false }],
  ["int32", { name: "int32", array: Int32Array, type: integerType, signed: true }],
  ["uint32", { name: "uint32", array: Uint32Array, type: integerType, signed: false }],
  ["int64", { name: "int64", array: BigInt64Array, type: integerType, signed: true }],
  ["uint64", { name: "uint64", array: BigUint64Array, type: integerType, signed: false }],
]);

/**
 * Reads the real numeric arrays of a MATLAB 7.3 file, which is HDF5, with h5wasm. The result is
 * that of `readMAT`: elements column by column, dimensions as MATLAB has them.
 *
 * @param bytes The file. The library reads them where they are.
 * @returns The arrays by name.
 * @throws {InputError} If the file is damaged or no HDF5 file, if a variable named in `only` is
 * missing, if one to be read is complex, sparse, or no numeric array, or if it is larger than the
 * limit.
 *
 * @example
 * ```ts
 * const options = { only: ["newfaces_single"] };
 * const arrays = isMAT73(bytes) ? await readMAT73(bytes, options) : await readMAT(bytes, options);
 * ```
 */
export async function readMAT73(
  bytes: Uint8Array,
  { only, limit = 2 ** 31 }: ReadMATOptions = {},
): Promise<Map<string, MATArray>> {
  const { library, module } = await loadLibrary();
  module.FS.createDataFile("/", fileName, bytes, true, false, true);
  let file: File | undefined;
  try {
    file = new library.File(fileName, "r");
    return readVariables({ module, file, limit, fileSize: bytes.length }, only);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`the HDF5 file cannot be read (${reason(error)}); get it again`);
  } finally {
    closeQuietly(file);
    module.FS.unlink(fileName);
  }
}

/** The library's errors are traces of many lines; the first names what failed. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.match(/\(\): (.*)/)?.[1] ?? message.split("\n")[0];
}

/** The file has been read, or its error is on the way: that it does not close adds nothing. */
function closeQuietly(file: File | undefined): void {
  try {
    file?.close();
  } catch {
    // as said above
  }
}

function readVariables(source: Source, only?: readonly string[]): Map<string, MATArray> {
  const names = source.file.keys().filter((name) => !name.startsWith("#")); // MATLAB's own
  requireVariables(only ?? [], names);
  const wanted = names.filter((name) => only?.includes(name) ?? true);
  return new Map(wanted.map((name) => [name, readVariable(source, name)]));
}

function readVariable(source: Source, name: string): MATArray {
  const dataset = source.file.get(name);
  if (!isDataset(dataset)) throw notNumeric(name, "a structure or a sparse matrix");
  const className = dataset.attrs["MATLAB_class"]?.value;
  const stored = classes.get(className);
  if (!stored) throw notNumeric(name, `of class ${className ?? "unknown"}`);
  if (dataset.attrs["MATLAB_empty"]?.value === 1) {
    return { class: stored.name, dimensions: emptyShape(dataset), data: new stored.array(0) };
  }
  checkType(name, dataset, stored);
  const dimensions = (dataset.shape ?? []).toReversed();
  const count = countElements(source, { name, dimensions, width: stored.array.BYTES_PER_ELEMENT });
  const data = new stored.array(count);
  if (count > 0) copySlabs(source.module, dataset, data);
  return { class: stored.name, dimensions, data };
}

function isDataset(entity: Entity | null): entity is Dataset {
  return entity !== null && "type" in entity && String(entity.type) === "Dataset";
}

/** In place of the elements of an empty array, its dimensions are stored. */
function emptyShape(dataset: Dataset): number[] {
  return Array.from(dataset.slice([[0, mostDimensions]]) as BigUint64Array, Number);
}

/** The numbers must be of the class that MATLAB's attribute names. */
function checkType(name: string, dataset: Dataset, { array, type, signed }: StoredType): void {
  const { metadata } = dataset;
  if (metadata.type === compoundType) throw notNumeric(name, "complex");
  const fits = metadata.type === type && metadata.size === array.BYTES_PER_ELEMENT;
  if (fits && (type === floatType || metadata.signed === signed)) return;
  throw new InputError(
    `variable ${name} is stored as ${JSON.stringify(dataset.dtype)}, not as its class says; ` +
      `save it again`,
  );
}

/** The elements of an array that may be allocated: its file can hold it, and the limit allows it. */
function countElements(
  { limit, fileSize }: Source,
  { name, dimensions, width }: { name: string; dimensions: number[]; width: number },
): number {
  const size = dimensions.join(" x "), count = dimensions.reduce((product, n) => product * n, 1);
  if (dimensions.length === 0) throw notNumeric(name, "no array");
  if (count * width > mostInflation * fileSize) {
    throw new InputError(
      `variable ${name} (${size}) cannot be in a file of ${fileSize} bytes; get it again`,
    );
  }
  if (count * width > limit) throw tooLarge(name, size, limit);
  return count;
}

/**
 * Copies a data set slab by slab out of the library's memory; its first dimension varies slowest.
 * What `Dataset.slice` returns would be garbage that piles up to hundreds of megabytes.
 */
function copySlabs(module: H5Module, dataset: Dataset, data: NumericArray): void {
  const [rows, ...columns] = dataset.shape!, rowBytes = data.byteLength / rows;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const step = rowsPerSlab(dataset, rows, rowBytes);
  const address = module._malloc(step * rowBytes);
  if (address === 0) throw new InputError("the HDF5 file needs more memory than there is");
  const zeros = columns.map(() => 0n), ones = [1n, ...columns.map(() => 1n)];
  try {
    for (let row = 0; row < rows; row += step) {
      const height = Math.min(step, rows - row);
      const counts = [height, ...columns].map(BigInt), offsets = [BigInt(row), ...zeros];
      const { file_id: id, path } = dataset;
      module.get_dataset_data(id, path, counts, offsets, ones, BigInt(address));
      const slab = module.HEAPU8.subarray(address, address + height * rowBytes);
      bytes.set(slab, row * rowBytes);
    }
  } finally {
    module._free(address);
  }
}

/** As many whole chunks as a slab takes, at least one: none is unpacked twice. */
function rowsPerSlab({ metadata }: Dataset, rows: number, rowBytes: number): number {
  const [chunk] = metadata.chunks ?? [1];
  return Math.min(rows, chunk * Math.max(1, Math.floor(slabSize / rowBytes / chunk)));
}
