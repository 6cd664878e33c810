// The worker that core/formats/hdf5.ts starts for a file: it reads the file with h5wasm.

// deno-lint-ignore no-import-prefix -- library code resolves no bare specifier
import { type Dataset, type Entity, File, ready } from "npm:h5wasm@0.10.3";
import { InputError } from "../errors.ts";
import { type HDF5Reply, type HDF5Request, unreadable } from "./hdf5.ts";
import {
  type MATArray,
  type MATClass,
  notNumeric,
  NotNumericError,
  requireVariables,
  tooLarge,
} from "./mat_array.ts";
import { nodeThreads } from "./node_threads.ts";
import type { NumericArray, NumericType } from "./numeric.ts";
import { printable, shapeWords } from "./wording.ts";
import { mostInflation } from "./zlib.ts";

type H5Module = Awaited<typeof ready>;

/** What variables are read from. */
interface Source {
  module: H5Module;
  file: File;
  limit: number;
  fileSize: number;
}

const fileName = "variables.mat";

const mostDimensions = 32;

/** The attributes of MATLAB are a word or a number. */
const longestAttribute = 64;

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

/** Who started the worker. */
const asking =
  ("postMessage" in globalThis ? globalThis : nodeThreads()!.parentPort) as MessagePort;

asking.addEventListener("message", async ({ data: request }: MessageEvent<HDF5Request>) => {
  const reply = await answer(request);
  const arrays = reply.kind === "arrays" ? [...reply.arrays.values()] : [];
  const transfer = arrays.map(({ data }) => data.buffer as ArrayBuffer);
  asking.postMessage(reply, { transfer });
});
asking.postMessage({ kind: "ready" } satisfies HDF5Reply);

async function answer({ bytes, only, numericOnly, limit }: HDF5Request): Promise<HDF5Reply> {
  try {
    const module = await ready;
    module.activate_throwing_error_handler(); // by default a failed read prints, and returns noise
    module.FS.createDataFile("/", fileName, bytes, true, false, true);
    const file = new File(fileName, "r");
    const source = { module, file, limit, fileSize: bytes.length };
    return { kind: "arrays", arrays: readVariables(source, only, numericOnly) };
  } catch (error) {
    const { message } = error instanceof InputError ? error : unreadable(reason(error));
    return { kind: "refusal", message };
  }
}

/** The library's errors are traces of many lines; the first names what failed. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.match(/\(\): (.*)/)?.[1] ?? message.split("\n")[0];
}

function readVariables(
  source: Source,
  only: HDF5Request["only"],
  numericOnly: boolean,
): Map<string, MATArray> {
  const names = source.file.keys().filter((name) => !name.startsWith("#")); // MATLAB's own
  requireVariables(only ?? [], names);
  const wanted = names.filter((name) => only?.includes(name) ?? true);
  const arrays = new Map<string, MATArray>();
  for (const name of wanted) {
    try {
      arrays.set(name, readVariable(source, name));
    } catch (error) {
      if (!numericOnly || !(error instanceof NotNumericError)) throw error;
    }
  }
  return arrays;
}

function readVariable(source: Source, name: string): MATArray {
  const dataset = source.file.get(name);
  if (!isDataset(dataset)) throw notNumeric(name, "a structure or a sparse matrix");
  const className = attributeOf(dataset, "MATLAB_class");
  const stored = classes.get(className), logical = className === "logical";
  if (!stored) throw notNumeric(name, `of class ${printable(String(className ?? "unknown"))}`);
  if (attributeOf(dataset, "MATLAB_empty") === 1) {
    return {
      class: stored.name,
      dimensions: emptyShape(name, dataset),
      data: new stored.array(0),
      ...logical && { logical },
    };
  }
  checkType(name, dataset, stored);
  const dimensions = (dataset.shape ?? []).toReversed();
  checkSize(source, name, dataset);
  const data = new stored.array(dataset.metadata.total_size);
  if (data.length > 0) copySlabs(source.module, dataset, data);
  return { class: stored.name, dimensions, data, ...logical && { logical } };
}

function isDataset(entity: Entity | null): entity is Dataset {
  return entity !== null && "type" in entity && String(entity.type) === "Dataset";
}

/** Text of variable length, which MATLAB has not, leads the library through heaps of the file. */
function attributeOf(dataset: Dataset, name: string): unknown {
  const attribute = dataset.attrs[name];
  if (attribute === undefined) return undefined;
  const { vlen, size, total_size: count } = attribute.metadata;
  return vlen || size * count > longestAttribute ? undefined : attribute.value;
}

/** In place of the elements of an empty array, its dimensions are stored. */
function emptyShape(name: string, dataset: Dataset): number[] {
  const stored = dataset.slice([[0, mostDimensions]]);
  const dimensions = stored instanceof BigUint64Array ? Array.from(stored, Number) : [];
  if (dimensions.includes(0)) return dimensions;
  throw new InputError(
    `variable ${printable(name)} is empty, but its sizes are not; save it again`,
  );
}

/** The numbers must be of the class that MATLAB's attribute names. */
function checkType(name: string, dataset: Dataset, { array, type, signed }: StoredType): void {
  const { metadata } = dataset;
  if (metadata.type === compoundType) throw notNumeric(name, "complex");
  const fits = metadata.type === type && metadata.size === array.BYTES_PER_ELEMENT;
  if (fits && (type === floatType || metadata.signed === signed)) return;
  throw new InputError(
    `variable ${printable(name)} is stored as ${
      printable(JSON.stringify(dataset.dtype))
    }, not as ` +
      `its class says; save it again`,
  );
}

/** Memory is taken for an array that its file can hold and the limit allows, and for its chunks. */
function checkSize({ limit, fileSize }: Source, name: string, { metadata }: Dataset): void {
  const { shape, chunks, size: width } = metadata;
  if (!shape?.length) throw notNumeric(name, "no array");
  const dimensions = shape.toReversed();
  const size = width * product(shape);
  if (Math.max(size, width * product(chunks ?? [])) > mostInflation * fileSize) {
    throw new InputError(
      `variable ${printable(name)} (${shapeWords(dimensions)}) cannot be in a file of ` +
        `${fileSize} bytes; get it again`,
    );
  }
  if (size > limit) throw tooLarge(name, dimensions, limit);
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((product, n) => product * n, 1);
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
      asking.postMessage({ kind: "progress" } satisfies HDF5Reply);
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
