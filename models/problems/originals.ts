import { InputError } from "../../core/errors.ts";
import { faces } from "./faces.ts";
import type { MATArray } from "../../core/formats/mat_array.ts";

/** Cases one after the other, in float32. */
export interface CaseSplit {
  /** The training cases. */
  readonly train: Float32Array<ArrayBuffer>;
  /** The test cases. */
  readonly test: Float32Array<ArrayBuffer>;
}

/** The cases of the original files. */
const curves = { pixels: 784, trainCases: 20_000, testCases: 10_000 };
const originalFaces = { trainCases: 103_500, testCases: 41_400, cases: 165_600 };

/**
 * The Curves problem from its original file, digs3pts_1.mat (paper, section 5): `bdata` holds
 * 20,000 training cases and `bdatatest` 10,000 test cases, one a row, of 784 pixels.
 *
 * @param arrays What `readMAT` read from the file.
 * @returns The cases row by row, values as they are in the file.
 * @throws {InputError} If a variable is missing, has another size or stands on its side, or if a
 * value is not a finite float32 number; the error names row and column, counted from 1.
 *
 * @example
 * ```ts
 * const arrays = await readMAT(bytes, { only: ["bdata", "bdatatest"] });
 * const { train, test } = curvesFromMAT(arrays); // 20,000 x 784, 10,000 x 784
 * ```
 */
export function curvesFromMAT(arrays: ReadonlyMap<string, MATArray>): CaseSplit {
  const { trainCases, testCases, pixels } = curves;
  const rows = (name: string, cases: number) => {
    const data = realMatrix(arrays, name, [cases, pixels]);
    const values = new Float32Array(data.length);
    for (let row = 0, at = 0; row < cases; row++) {
      for (let from = row; from < data.length; from += cases) values[at++] = data[from];
    }
    requireFinite(name, values, (i) => [Math.floor(i / pixels), i % pixels]);
    return values;
  };
  return { train: rows("bdata", trainCases), test: rows("bdatatest", testCases) };
}

/**
 * The Faces problem from its original file, newfaces_rot_single.mat (paper, section 5):
 * `newfaces_single` holds 165,600 cases of 625 pixels, one a column. The first 103,500 are the
 * training cases, the last 41,400 the test cases.
 *
 * @param arrays What `readMAT` read from the file.
 * @returns The cases, values as they are in the file. Both share the memory of the array if it is
 * of class single, as in the original.
 * @throws {InputError} As {@linkcode curvesFromMAT}.
 *
 * @example
 * ```ts
 * const arrays = await readMAT(bytes, { only: ["newfaces_single"] });
 * const { train, test } = facesFromMAT(arrays); // 103,500 x 625, 41,400 x 625
 * ```
 */
export function facesFromMAT(arrays: ReadonlyMap<string, MATArray>): CaseSplit {
  const name = "newfaces_single", { pixels } = faces;
  const { trainCases, testCases, cases } = originalFaces;
  const data = realMatrix(arrays, name, [pixels, cases]);
  const columns = (first: number, end: number) => {
    const part = data.subarray(first * pixels, end * pixels);
    const values = part instanceof Float32Array ? part : new Float32Array(part);
    requireFinite(name, values, (i) => [i % pixels, first + Math.floor(i / pixels)]);
    return values as Float32Array<ArrayBuffer>;
  };
  return { train: columns(0, trainCases), test: columns(cases - testCases, cases) };
}

/**
 * The Olivetti images from olivettifaces.mat, as `generateFaces` takes them. Its variable `faces`
 * holds 400 images, one a column, each 64 x 64 and column by column.
 *
 * @param arrays What `readMAT` read from the file.
 * @returns 400 x 64 x 64 grey levels, row by row.
 * @throws {InputError} If the variable is missing, has another size or stands on its side, or if a
 * value is not an integer from 0 to 255; the error names row and column, counted from 1.
 *
 * @example
 * ```ts
 * const images = olivettiFromMAT(await readMAT(bytes, { only: ["faces"] }));
 * const { train } = await generateFaces(images);
 * ```
 */
export function olivettiFromMAT(arrays: ReadonlyMap<string, MATArray>): Uint8Array<ArrayBuffer> {
  const { images, side } = faces, size = side ** 2;
  const data = realMatrix(arrays, "faces", [size, images]);
  return Uint8Array.from({ length: data.length }, (_, i) => {
    const image = Math.floor(i / size), row = Math.floor(i / side) % side, column = i % side;
    const pixel = column * side + row, level = data[image * size + pixel];
    if (Number.isInteger(level) && level >= 0 && level <= 255) return level;
    throw new InputError(
      `faces has ${level} in row ${pixel + 1}, column ${image + 1}, not an integer from 0 to ` +
        `255; get the file again`,
    );
  });
}

/** The numbers of a matrix that must have the given rows and columns. */
function realMatrix(
  arrays: ReadonlyMap<string, MATArray>,
  name: string,
  [rows, columns]: [number, number],
) {
  const array = arrays.get(name);
  if (!array) {
    throw new InputError(`there is no variable ${name} among those read; give the original file`);
  }
  const { dimensions, data } = array;
  const found = dimensions.join(" x "), expected = `${rows} x ${columns}`;
  if (found === `${columns} x ${rows}`) {
    throw new InputError(
      `${name} is ${found}, the transpose of ${expected}, so cases and pixels are exchanged; ` +
        `save ${name}' instead`,
    );
  }
  if (found !== expected) {
    throw new InputError(`${name} is ${found}, not ${expected}; give the original file`);
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    throw new InputError(`${name} is of class ${array.class}; save double(${name}) instead`);
  }
  return data;
}

/** `place` tells the row and the column, from 0, of a value. */
function requireFinite(
  name: string,
  values: Float32Array,
  place: (i: number) => [row: number, column: number],
): void {
  let bad = 0;
  while (bad < values.length && Number.isFinite(values[bad])) bad++;
  if (bad === values.length) return;
  const [row, column] = place(bad);
  throw new InputError(
    `${name} has ${values[bad]} in row ${row + 1}, column ${column + 1}, where only finite ` +
      `float32 numbers are allowed; correct it`,
  );
}
