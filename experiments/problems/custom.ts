import { InputError, readCSVMatrix, readIDX, readNPY } from "../../mod.ts";
import { naming, readUnpacked } from "../shared/files.ts";
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

/** An array as the readers give it. */
interface CaseArray {
  /** Of which the first counts the cases. */
  readonly dimensions: readonly number[];
  readonly data: ArrayLike<number>;
  /** Whether values of 0..255 are grey levels, that stand for 0..1. */
  readonly levels: boolean;
}

/** The user's own data: cases to train on, from an .npy, a CSV or an IDX file. */
export const custom: Problem = {
  async load(options) {
    const { data, outputUnit } = options;
    if (data === undefined) {
      throw new InputError("custom needs --data: name an .npy, a .csv or an IDX file");
    }
    const file = await readUnpacked(data);
    const { train, width, shape } = await naming(data, () => casesOf(file.bytes, options));
    const image = shape && {
      ...shape,
      ...outputUnit === "linear" && train instanceof Float32Array && { range: rangeOf(train) },
    };
    const source = { kind: "own", files: fileRecords(file) } as const;
    return new LoadedProblem({ name: "custom", width, train, source, ...image && { image } });
  },
};

function casesOf(bytes: Uint8Array<ArrayBuffer>, { width: expected, outputUnit }: ProblemOptions): {
  train: CaseValues;
  width: number;
  shape: Pick<ImageShape, "width" | "height"> | undefined;
} {
  const { dimensions, data, levels } = readArray(bytes);
  const width = widthOf(dimensions, expected);
  const [, height, imageWidth] = dimensions;
  const shape = dimensions.length === 3 ? { width: imageWidth, height } : undefined;
  if (levels) return { train: data as Uint8Array<ArrayBuffer>, width, shape };
  const train = data instanceof Float32Array ? data : Float32Array.from(data);
  requireValues(train, { width, outputUnit });
  return { train: train as Float32Array<ArrayBuffer>, width, shape };
}

/** The format is told by the first bytes: text is CSV. */
function readArray(bytes: Uint8Array): CaseArray {
  if (bytes.length === 0) throw new InputError("it is empty: give a file with data");
  if (bytes[0] === 0x93) {
    const array = readNPY(bytes);
    return { ...array, levels: array.type === "u1" };
  }
  if (bytes[0] === 0) {
    const array = readIDX(bytes);
    return { ...array, levels: array.type === "u8" };
  }
  if (bytes.subarray(0, 512).includes(0)) {
    throw new InputError(
      "it is neither an .npy file, nor CSV, nor IDX: save the cases as one of them",
    );
  }
  const { rows, columns, data } = readCSVMatrix(bytes);
  return { dimensions: [rows, columns], data, levels: false };
}

/** Values of a case: of all dimensions but the first. */
function widthOf(dimensions: readonly number[], expected: number | undefined): number {
  const [cases, ...others] = dimensions;
  const width = others.reduce((product, n) => product * n, 1);
  const found = dimensions.join(" x ");
  if (others.length === 0 || cases * width === 0) {
    throw new InputError(`it holds ${found} values, where cases x values belong, at least 1 x 1`);
  }
  if (expected !== undefined && width !== expected) {
    const hint = cases === expected
      ? "it seems to be transposed: save cases as rows"
      : "begin --layers with the values of a case";
    throw new InputError(`it holds ${found} values, and --layers begins with ${expected}: ${hint}`);
  }
  return width;
}
