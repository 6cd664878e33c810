import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { longestPermutation } from "../random.ts";
import { shapeOf, type Table } from "./table.ts";

/** How a data set's values lie on the GPU: 0..255 for 0..1, half floats in pairs, or float32. */
export type DatasetFormat = "bytes" | "halves" | "floats";

/** Settings of a {@linkcode Dataset}. */
export interface DatasetOptions {
  /** Values of a case; a table tells them itself. */
  width?: number;
  /** What messages call it. */
  label?: string;
  /** Bytes of one buffer at most; by default what the adapter binds. */
  largestPart?: number;
}

/** Arrays that a data set may be made of. */
const arrays = [Uint8Array, Uint32Array, Float32Array];

/** One of them. */
export type DatasetArray =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>;

/** Storage buffers that `gather()` binds besides the parts of a data set. */
const OTHER_BUFFERS = 3;

/** Cases of `width` values each, on the GPU. */
export class Dataset {
  /** Where it lies. */
  readonly gpu: Gpu;
  /** How many cases there are. */
  readonly cases: number;
  /** Values of a case. */
  readonly width: number;
  /** How a value is stored. */
  readonly format: DatasetFormat;
  /** All values, case by case, in as few buffers as the adapter's largest binding asks for. */
  readonly parts: readonly GPUBuffer[];
  /** Cases of each part but the last, which may hold fewer. */
  readonly casesPerPart: number;

  /**
   * Uploads `values`, case by case: a Uint8Array stands for values / 255 and stays 8-bit, a
   * Uint32Array for pairs of half floats (the even one in the low bits), a Float32Array for itself.
   *
   * Throws an {@linkcode InputError} where the values are no such array or no whole number of cases,
   * and where they take more buffers than a kernel may bind.
   *
   * ```ts
   * import { Dataset, openGPU, readCSVMatrix } from "../../mod.ts";
   *
   * using gpu = await openGPU();
   * const data = new Dataset(gpu, new Uint8Array([0, 255, 51, 0]), { width: 2 });
   * const table = new Dataset(gpu, readCSVMatrix(new TextEncoder().encode("1,2\n3,4\n5,6\n")));
   * console.log(data.cases, table.cases); // 2 and 3
   * ```
   */
  constructor(gpu: Gpu, values: DatasetArray, options: DatasetOptions & { width: number });
  /** Uploads the numbers of a table, whatever their type, such as `readNPY()` gives them. */
  constructor(gpu: Gpu, table: Table, options?: Omit<DatasetOptions, "width">);
  constructor(gpu: Gpu, given: DatasetArray | Table, options: DatasetOptions = {}) {
    const { label = "data set", largestPart = gpu.maxBinding } = options;
    const { values, width } = valuesOf(label, given, options);
    if (!(Number.isFinite(largestPart) && largestPart > 0)) {
      throw new InputError(
        `the largest part of ${label} must be a finite number of bytes above 0, not ${largestPart}; ` +
          `leave it out for ${gpu.maxBinding}`,
      );
    }
    const count = values instanceof Uint32Array ? 2 * values.length : values.length;
    if (!(Number.isInteger(width) && width >= 1) || count === 0 || count % width) {
      throw new InputError(
        `${count} values are no whole number of cases of ${width} values: give rows of equal width`,
      );
    }
    this.gpu = gpu;
    this.width = width;
    this.cases = count / width;
    this.format = values instanceof Uint8Array
      ? "bytes"
      : values instanceof Uint32Array
      ? "halves"
      : "floats";
    if (this.cases > longestPermutation) {
      throw new InputError(`${label} has ${this.cases} cases, of at most ${longestPermutation}`);
    }
    const bytesPerCase = values.byteLength / this.cases;
    // Four cases end on a whole word, whatever their width and format.
    this.casesPerPart = Math.max(4, Math.floor(largestPart / bytesPerCase / 4) * 4);
    const elements = this.casesPerPart * values.length / this.cases;
    const parts = Math.ceil(values.length / elements);
    const most = gpu.device.limits.maxStorageBuffersPerShaderStage - OTHER_BUFFERS;
    if (parts > most) {
      throw new InputError(
        `${label} takes ${parts} buffers, of at most ${most} on this adapter: use fewer cases, or ` +
          "8-bit values",
      );
    }
    this.parts = Array.from(
      { length: parts },
      (_, p) => gpu.upload(label, wholeWords(values.subarray(p * elements, (p + 1) * elements))),
    );
  }

  /** Gives the buffer back. */
  free(): void {
    for (const part of this.parts) this.gpu.free(part);
  }
}

/** What is stored of what is given, and the values of a case. */
function valuesOf(
  label: string,
  given: DatasetArray | Table,
  { width = NaN }: DatasetOptions,
): { values: DatasetArray; width: number } {
  if (isArray(given)) return { values: given, width };
  if (!ArrayBuffer.isView(given?.data)) {
    throw new InputError(
      `${label} must be a Uint8Array, a Uint32Array of half floats, a Float32Array or what a reader ` +
        "of files gives: convert other numbers by Float32Array.from()",
    );
  }
  const { data, width: own } = shapeOf(label, given);
  const isStored = data instanceof Uint8Array || data instanceof Float32Array;
  const values = isStored ? data : Float32Array.from(data as ArrayLike<number>, Number);
  return { values: values as DatasetArray, width: own };
}

function isArray(given: DatasetArray | Table): given is DatasetArray {
  return arrays.some((array) => given instanceof array);
}

function wholeWords(values: ArrayBufferView<ArrayBuffer>): ArrayBufferView<ArrayBuffer> {
  if (values.byteLength % 4 === 0) return values;
  const out = new Uint8Array(Math.ceil(values.byteLength / 4) * 4);
  out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return out;
}
