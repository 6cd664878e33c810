import { InputError, printable } from "../../mod.ts";
import { exists, naming, readUnpacked } from "../files/files.ts";
import { type CaseArray, float32Of, readCaseArray, sizesOf } from "./case_array.ts";
import {
  type CaseValues,
  fileRecords,
  type ImageShape,
  LoadedProblem,
  type Problem,
  type ProblemOptions,
  rangeOf,
  requireValues,
} from "./problem.ts";

/**
 * The user's own data: cases to train on, from an .npy, an .npz, a CSV, an IDX or a MATLAB file. What
 * was taken for what is said, and recorded.
 */
export const custom: Problem = {
  async load(options) {
    const { data, outputUnit, header, width: expected } = options;
    if (data === undefined) {
      throw new InputError("custom needs --data: name an .npy, .npz, .csv, IDX or .mat file");
    }
    const { path, name } = splitName(data);
    const file = await readUnpacked(path);
    const { train, width, shape, told, record } = await naming(path, async () => {
      const array = await readCaseArray(file.bytes, { path, name, header, width: expected });
      const { cases, width } = sizesOf(array.dimensions);
      const told = [`${count(cases, "case")} of ${count(width, "value")}`, ...array.taken].join(
        "; ",
      );
      const taken = array.taken.length > 0 && { taken: array.taken.join("; ") };
      const record = { cases, values: width, ...taken };
      return { ...checkedCases(array, options, told), told, record };
    });
    const image = shape && {
      ...shape,
      ...outputUnit === "linear" && train instanceof Float32Array && { range: rangeOf(train) },
    };
    const source = { kind: "own", files: fileRecords(file), ...record } as const;
    const remark = `${printable(path, 160)}: ${told}`;
    return new LoadedProblem({
      name: "custom",
      width,
      train,
      source,
      remark,
      ...image && { image },
    });
  },
};

/** FILE or FILE#NAME. A file whose own name has a # is taken as it is. */
function splitName(data: string): { path: string; name: string | undefined } {
  const at = data.lastIndexOf("#"), path = data.slice(0, at), name = data.slice(at + 1);
  if (isThere(data)) return { path: data, name: undefined };
  if (at > 0 && name !== "" && isThere(path)) return { path, name };
  throw new InputError(
    `there is no file ${
      printable(data, 160)
    }: name it with --data where it lies now; a run that goes on takes the ` +
      "same file from any place",
  );
}

/** What may not be read is there, for all that is known, unless it is the file with a name behind. */
function isThere(path: string): boolean {
  try {
    return exists(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable && path.includes("#")) return false;
    throw error;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The cases of an array. An error says how the file was read, where that might be why. */
function checkedCases(array: CaseArray, options: ProblemOptions, told: string) {
  try {
    requireWidth(array.dimensions, options.width);
    return casesOf(array, options);
  } catch (error) {
    if (!(error instanceof InputError) || array.taken.length === 0) throw error;
    throw new InputError(`${error.message} (read as ${told})`);
  }
}

function casesOf(array: CaseArray, { outputUnit }: ProblemOptions): {
  train: CaseValues;
  width: number;
  shape: Pick<ImageShape, "width" | "height"> | undefined;
} {
  const { dimensions, data, levels, placeOf } = array, { width } = sizesOf(dimensions);
  const [, height, imageWidth] = dimensions;
  const shape = dimensions.length === 3 ? { width: imageWidth, height } : undefined;
  if (levels) return { train: data as Uint8Array<ArrayBuffer>, width, shape };
  const train = float32Of(array, width);
  requireValues(train, { width, outputUnit, placeOf });
  return { train, width, shape };
}

function requireWidth(dimensions: readonly number[], expected: number | undefined): void {
  const { cases, width } = sizesOf(dimensions);
  if (expected === undefined || width === expected) return;
  const hint = cases === expected
    ? "it seems to be transposed: save cases as rows"
    : "begin --layers with the values of a case";
  throw new InputError(
    `it holds ${dimensions.join(" x ")} values, and --layers begins with ${expected}: ${hint}`,
  );
}
