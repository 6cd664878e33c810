import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { longestPermutation } from "../random.ts";

/** How a data set's values lie on the GPU: 0..255 for 0..1, half floats in pairs, or float32. */
export type DatasetFormat = "bytes" | "halves" | "floats";

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
  /** All values, case by case. */
  readonly buffer: GPUBuffer;

  /**
   * Uploads `values`, case by case: a Uint8Array stands for values / 255 and stays 8-bit, a
   * Uint32Array for pairs of half floats (the even one in the low bits), a Float32Array for itself.
   *
   * Throws an {@linkcode InputError} where the values are no whole number of cases.
   *
   * ```ts
   * import { Dataset, openGPU } from "../../mod.ts";
   *
   * using gpu = await openGPU();
   * const data = new Dataset(gpu, new Uint8Array([0, 255, 51, 0]), { width: 2 });
   * console.log(data.cases); // 2
   * ```
   */
  constructor(
    gpu: Gpu,
    values: Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>,
    { width, label = "data set" }: { width: number; label?: string },
  ) {
    const count = values instanceof Uint32Array ? 2 * values.length : values.length;
    if (!Number.isInteger(width) || width < 1 || count === 0 || count % width) {
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
    const aligned = values.byteLength % 4 ? padBytes(values) : values;
    this.buffer = gpu.upload(label, aligned);
  }

  /** Gives the buffer back. */
  free(): void {
    this.gpu.free(this.buffer);
  }
}

function padBytes(values: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.ceil(values.byteLength / 4) * 4);
  out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return out;
}
