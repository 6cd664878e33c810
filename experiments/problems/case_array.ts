import {
  InputError,
  isMAT73,
  type MATArray,
  namesInNPZ,
  type NumericArray,
  printable,
  readCSVMatrix,
  readIDX,
  readNPY,
  readNPZ,
  rowByRow,
} from "../../mod.ts";
import { readArrays } from "./matlab.ts";
import { type PlaceWords, rowAndColumn } from "./problem.ts";

/** An array of cases, as a file of the user's own holds it. */
export interface CaseArray {
  /** Of which the first counts the cases. */
  readonly dimensions: readonly number[];
  readonly data: NumericArray;
  /** Of the columns of a table, where it names them. */
  readonly names?: readonly string[] | undefined;
  /** Whether values of 0..255 are grey levels, that stand for 0..1. */
  readonly levels: boolean;
  /** What parts of the file were taken for, in words. */
  readonly taken: readonly string[];
  readonly placeOf: PlaceWords;
}

/** What is asked of a file. */
export interface ArrayRequest {
  /** Of the file, which tells the old formats of MATLAB. */
  readonly path: string;
  /** Of the array, in a file of several. */
  readonly name: string | undefined;
  /** Whether the first row of a table holds names. */
  readonly header: boolean | undefined;
  /** Values of a case, where they are known. */
  readonly width: number | undefined;
}

/** Reads an array. The format is told by the first bytes: text is CSV. Throws InputError. */
export async function readCaseArray(
  bytes: Uint8Array<ArrayBuffer>,
  request: ArrayRequest,
): Promise<CaseArray> {
  if (bytes.length === 0) throw new InputError("it is empty: give a file with data");
  const format = formatOf(bytes, request.path);
  if (request.name !== undefined && format !== "npz" && format !== "mat") {
    throw new InputError(
      `it holds one array without a name: leave #${printable(request.name)} out`,
    );
  }
  if (request.header !== undefined && format !== "csv") {
    throw new InputError("--header is for a table of text, and this is none: leave it out");
  }
  switch (format) {
    case "npy":
      return ofNPY(readNPY(bytes));
    case "npz":
      return await readNamed(bytes, request.name);
    case "mat":
      return await readMatlab(bytes, request);
    case "idx": {
      const array = readIDX(bytes);
      return { ...array, levels: array.type === "u8", taken: [], placeOf: rowAndColumn };
    }
    case "csv":
      return readTable(bytes, request.header);
  }
}

function formatOf(bytes: Uint8Array, path: string): "npy" | "npz" | "mat" | "idx" | "csv" {
  const starts = (...start: number[]) => start.every((byte, i) => bytes[i] === byte);
  if (starts(0x93)) return "npy";
  if (starts(0x50, 0x4b)) return "npz"; // PK
  const isNamedMat = /\.mat(\.gz)?$/i.test(path);
  if (isNamedMat || starts(...new TextEncoder().encode("MATLAB")) || isMAT73(bytes)) return "mat";
  if (starts(0)) return "idx";
  if (starts(0xff, 0xfe) || starts(0xfe, 0xff)) return "csv"; // of UTF-16
  const zero = bytes.subarray(0, 512).indexOf(0);
  if (zero < 0) return "csv";
  throw new InputError(
    zero === 1
      ? "it seems to be text of UTF-16 without its mark: save it as UTF-8"
      : "it is neither .npy, .npz, CSV, IDX nor .mat: save the cases as one of them",
  );
}

function ofNPY({ dimensions, data, type, trailing }: ReturnType<typeof readNPY>): CaseArray {
  const taken = trailing === undefined
    ? []
    : [`what follows the array (bytes: ${trailing}) was left out, as numpy.load does`];
  return { dimensions, data, levels: type === "u1", taken, placeOf: rowAndColumn };
}

async function readNamed(
  bytes: Uint8Array<ArrayBuffer>,
  name: string | undefined,
): Promise<CaseArray> {
  const chosen = name ?? only(namesInNPZ(bytes));
  const array = ofNPY((await readNPZ(bytes, { only: [chosen] })).get(chosen)!);
  return { ...array, taken: [`its array ${printable(chosen)} was taken`, ...array.taken] };
}

/** The name of the only array, which needs not be told. */
function only(names: readonly string[], what = "arrays"): string {
  if (names.length === 1) return names[0];
  const some = names.slice(0, 8).map((name) => printable(name)).join(", ");
  throw new InputError(
    `it holds the ${what} ${some}${names.length > 8 ? ", ..." : ""}: name one, such as ` +
      `--data FILE#${printable(names[0])}`,
  );
}

async function readMatlab(
  bytes: Uint8Array<ArrayBuffer>,
  { name, width }: ArrayRequest,
): Promise<CaseArray> {
  const arrays = await readArrays(
    bytes,
    name === undefined ? { numericOnly: true } : {
      only: [name],
    },
  );
  // A number alone is one of 1 x 1, and no data.
  const several = [...arrays].filter(([, { data }]) => data.length > 1).map(([name]) => name);
  if (arrays.size === 0) {
    throw new InputError(
      "it holds no real, full numeric array: save one, of a sparse matrix full(X)",
    );
  }
  const chosen = name ?? only(several.length > 0 ? several : [...arrays.keys()], "numeric arrays");
  const array = casesOf(arrays.get(chosen)!, width);
  return { ...array, taken: [`its array ${printable(chosen)} was taken`, ...array.taken] };
}

/**
 * MATLAB stores column by column. Cases are rows, unless only the columns are as long as a case; of
 * more dimensions, they are along the first, unless only that along the last fits.
 */
function casesOf(array: MATArray, width: number | undefined): CaseArray {
  const { dimensions, data, logical } = array;
  const levels = array.class === "uint8" && !logical;
  const [first] = dimensions, last = dimensions.at(-1)!, others = dimensions.slice(0, -1);
  const byColumns = width !== undefined && data.length > 0 && data.length / first !== width &&
    data.length / last === width;
  const [rows, columns] = dimensions.length === 2
    ? ["rows were", "columns were"]
    : ["the first of its dimensions was", "the last of its dimensions was"];
  if (!byColumns) {
    const taken = [`${rows} taken for cases`], placeOf = rowAndColumn;
    return { dimensions, data: rowByRow(array), levels, taken, placeOf };
  }
  const turned = data.slice() as NumericArray & { set(values: NumericArray, at: number): void };
  for (let at = 0; at < data.length; at += width) {
    turned.set(rowByRow({ dimensions: others, data: data.subarray(at, at + width) }), at);
  }
  return {
    dimensions: [last, ...others],
    data: turned,
    levels,
    taken: [`${columns} taken for cases`],
    placeOf: (column, row) => rowAndColumn(row, column),
  };
}

function readTable(bytes: Uint8Array, header: boolean | undefined): CaseArray {
  const { rows, columns, data, names, taken, place } = readCSVMatrix(bytes, { header });
  const words = [
    taken.header
      ? "the first row was taken for names"
      : taken.likeHeader
      ? "the first row was taken for a case, though it counts the columns: --header yes takes it " +
        "for names"
      : "the first row was taken for a case",
    ...taken.index === undefined ? [] : [
      "the first column was taken for an index" +
      (taken.index === "counting" ? ", as it counts the rows: --header yes keeps it" : ""),
    ],
    ...taken.decimalCommas ? ["commas were taken for decimal marks"] : [],
    ...taken.emptyColumn ? ["the empty last column was left out"] : [],
  ];
  return {
    dimensions: [rows, columns],
    data,
    names,
    levels: false,
    taken: words,
    placeOf: (row, column) => {
      const { line, column: inFile } = place(row, column);
      return `line ${line}, column ${inFile}`;
    },
  };
}

/** The values as float32. Throws InputError where an integer is none. */
export function float32Of({ data, placeOf }: CaseArray, width: number): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return data as Float32Array<ArrayBuffer>;
  const values = new Float32Array(data.length), isWhole = !(data instanceof Float64Array);
  for (let i = 0; i < data.length; i++) {
    values[i] = Number(data[i]);
    if (!isWhole || Math.abs(values[i]) < exactIntegers || same(values[i], data[i])) continue;
    const place = placeOf(Math.floor(i / width), i % width);
    throw new InputError(
      `${place} is ${
        data[i]
      }, which float32 does not hold exactly: scale the values, or save them ` +
        "as float32, rounded",
    );
  }
  return values;
}

/** float32 holds all integers to here. */
const exactIntegers = 2 ** 24;

function same(value: number, integer: number | bigint): boolean {
  return typeof integer === "bigint" ? BigInt(value) === integer : value === integer;
}

/** Cases, and values of each. Throws InputError where an array has none. */
export function sizesOf(dimensions: readonly number[]): { cases: number; width: number } {
  const [cases, ...others] = dimensions;
  const width = others.reduce((product, n) => product * n, 1);
  if (others.length > 0 && cases * width > 0) return { cases, width };
  const found = dimensions.length === 0 ? "a number alone" : `${dimensions.join(" x ")} values`;
  throw new InputError(`it holds ${found}, where cases x values belong, at least 1 x 1`);
}
