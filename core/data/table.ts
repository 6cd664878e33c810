import { InputError } from "../errors.ts";
import type { NumericArray } from "../formats/numeric.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Dataset } from "./dataset.ts";

/**
 * Numbers case by case: a data set on the GPU, what `readIDX()`, `readNPY()` and `readCSVMatrix()`
 * give, or an array and the values of a case. 8-bit numbers stand for 0..255 / 255.
 */
export type Table =
  | Dataset
  | { readonly data: NumericArray; readonly dimensions: readonly number[] }
  | { readonly data: NumericArray; readonly rows: number; readonly columns: number }
  | { readonly data: NumericArray; readonly width: number };

/** A table whose shape is known. */
export interface Shaped {
  /** How many cases there are. */
  readonly cases: number;
  /** Values of a case. */
  readonly width: number;
  /** The values where they lie on the host, and what they are on the GPU. */
  readonly data: NumericArray | Dataset;
}

/** The shape of a table; throws an {@linkcode InputError} where its values do not fill it. */
export function shapeOf(name: string, table: Table): Shaped {
  if (table instanceof Dataset) return { cases: table.cases, width: table.width, data: table };
  const { data } = table ?? {};
  if (!ArrayBuffer.isView(data)) {
    throw new InputError(
      `${name} must be a Dataset, what a reader of files gives, or { data, width } with a typed array`,
    );
  }
  const width = "width" in table
    ? table.width
    : "columns" in table
    ? table.columns
    : table.dimensions.slice(1).reduce((product, size) => product * size, 1);
  const cases = data.length / width;
  if (!(Number.isInteger(width) && width > 0 && Number.isInteger(cases) && cases > 0)) {
    throw new InputError(
      `${name}: ${data.length} values are no whole number of cases of ${width}: give rows of ` +
        "equal width",
    );
  }
  return { cases, width, data };
}

/** The table as a data set; `owned` where it was uploaded here and is to be freed. */
export function upload(
  gpu: Gpu,
  label: string,
  { width, data }: Shaped,
  { isCount = false } = {},
): { dataset: Dataset; owned: boolean } {
  if (data instanceof Dataset) return { dataset: data, owned: false };
  const values = data instanceof Uint8Array && !isCount
    ? data as Uint8Array<ArrayBuffer>
    : data instanceof Float32Array
    ? data as Float32Array<ArrayBuffer>
    : Float32Array.from(data as ArrayLike<number>, Number);
  return { dataset: new Dataset(gpu, values, { width, label }), owned: true };
}
