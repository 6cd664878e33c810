import { InputError } from "../errors.ts";
import type { NumericArray } from "../formats/numeric.ts";

/**
 * Numbers case by case: what `readIDX()`, `readNPY()` and `readCSVMatrix()` give, or an array and the
 * values of a case. 8-bit numbers stand for 0..255 / 255.
 */
export type Table =
  | { readonly data: NumericArray; readonly dimensions: readonly number[] }
  | { readonly data: NumericArray; readonly rows: number; readonly columns: number }
  | { readonly data: NumericArray; readonly width: number };

/** A table whose shape is known. */
export interface Shaped {
  /** How many cases there are. */
  readonly cases: number;
  /** Values of a case. */
  readonly width: number;
  /** All of them. */
  readonly data: NumericArray;
}

/** The shape of a table; throws an {@linkcode InputError} where its values do not fill it. */
export function shapeOf(name: string, table: Table): Shaped {
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
