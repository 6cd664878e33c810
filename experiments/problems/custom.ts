import { InputError, printable } from "../../mod.ts";
import { exists, naming, readUnpacked } from "../shared/files.ts";
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
    const { train, width, shape, record } = await naming(path, async () => {
      const array = await readCaseArray(file.bytes, { path, name, header, width: expected });
      const { cases, width } = sizesOf(array.dimensions);
      const values = `${width} ${width === 1 ? "value" : "values"}`;
      const told = [`${cases} ${cases === 1 ? "case" : "cases"} of ${values}`, ...array.taken];
      console.error(`${printable(path, 160)}: ${told.join("; ")}`);
      requireWidth(array.dimensions, expected);
      const taken = array.taken.length > 0 && { taken: array.taken.join("; ") };
      return { ...casesOf(array, width, options), record: { cases, values: width, ...taken } };
    });
    const image = shape && {
      ...shape,
      ...outputUnit === "linear" && train instanceof Float32Array && { range: rangeOf(train) },
    };
    const source = { kind: "own", files: fileRecords(file), ...record } as const;
    return new LoadedProblem({ name: "custom", width, train, source, ...image && { image } });
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

function casesOf(array: CaseArray, width: number, { outputUnit }: ProblemOptions): {
  train: CaseValues;
  width: number;
  shape: Pick<ImageShape, "width" | "height"> | undefined;
} {
  const { dimensions, data, levels, placeOf } = array;
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
