import { InputError } from "../errors.ts";
import type { NumericArray } from "./numeric.ts";
import { printable, shapeWords } from "./wording.ts";

/** The classes of real numeric arrays in MATLAB. A logical array is read as `uint8`. */
export type MATClass =
  | "double"
  | "single"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64";

/** A real numeric array of a MATLAB file. */
export interface MATArray {
  /** The class in MATLAB. */
  readonly class: MATClass;
  /** Rows, columns and, where there are more, the dimensions after them. */
  readonly dimensions: readonly number[];
  /** The elements column by column: row r, column c of a matrix lies at r + c * rows. */
  readonly data: NumericArray;
  /** The array is logical in MATLAB: its numbers are 0 and 1. */
  readonly logical?: true;
}

/** Settings of `readMAT` and `readMAT73`. */
export interface ReadMATOptions {
  /** The variables to read; all must be there. Others are not decoded. Default: all. */
  only?: readonly string[];
  /** What is no real numeric array is left out, where it is not named. Default: it is refused. */
  numericOnly?: boolean;
  /** The most bytes that one array may take in memory. Default: 2^31, two gibibytes. */
  limit?: number;
}

/**
 * Checks that a file holds the variables asked for.
 *
 * @throws {InputError} If one of them is not there.
 */
export function requireVariables(wanted: readonly string[], present: readonly string[]): void {
  const missing = wanted.find((name) => !present.includes(name));
  if (missing === undefined) return;
  const found = present.slice(0, 8).map((name) => printable(name)).join(", ") || "no variable";
  throw new InputError(
    `the MATLAB file has no variable ${printable(missing)}, it holds ${found}; give another file`,
  );
}

/** A variable that is no real numeric array. */
export class NotNumericError extends InputError {}

/** The error for a variable that is not what can be read. */
export function notNumeric(name: string, what: string): NotNumericError {
  return new NotNumericError(
    `variable ${printable(name)} is ${what}; only real, full numeric arrays are read: ` +
      `convert it, or name the variables to read`,
  );
}

/** The error for a variable larger than the caller allows. */
export function tooLarge(
  name: string,
  dimensions: readonly number[],
  limit: number,
): InputError {
  return new InputError(
    `variable ${printable(name)} (${shapeWords(dimensions)}) is larger than the ${limit} bytes ` +
      `allowed; raise the limit`,
  );
}
