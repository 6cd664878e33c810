import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { MATArray } from "../../../core/formats/mat.ts";
import type { NumericArray } from "../../../core/formats/numeric.ts";
import {
  curvesFromMAT,
  facesFromMAT,
  olivettiFromMAT,
} from "../../../models/problems/originals.ts";
import { InputError } from "../../../core/errors.ts";

type Entry = [name: string, array: MATArray];

/** A variable as the readers give it. Large arrays of zeros take no memory until they are read. */
function variable(name: string, dimensions: number[], data: NumericArray): Entry {
  const matlabClass = data instanceof Float32Array
    ? "single"
    : data instanceof Float64Array
    ? "double"
    : data instanceof BigInt64Array
    ? "int64"
    : "uint8";
  return [name, { class: matlabClass, dimensions, data }];
}

/** bdata and bdatatest; `set` may change values by row and column. */
function curves(set = (_name: string, _put: (r: number, c: number, value: number) => void) => {}) {
  return new Map(
    [["bdata", 20_000] as const, ["bdatatest", 10_000] as const].map(([name, rows]) => {
      const data = new Float32Array(rows * 784);
      set(name, (row, column, value) => data[column * rows + row] = value);
      return variable(name, [rows, 784], data);
    }),
  );
}

Deno.test("curvesFromMAT() puts each row of both variables into a case", () => {
  const { train, test } = curvesFromMAT(curves((name, put) => {
    const sign = name === "bdata" ? 1 : -1;
    put(0, 0, sign);
    put(0, 783, sign * 2);
    put(1, 0, sign * 3);
    put(9999, 5, sign * 4);
  }));
  assertEquals([train.length, test.length], [20_000 * 784, 10_000 * 784]);
  const places = [0, 783, 784, 9999 * 784 + 5];
  assertEquals(places.map((at) => train[at]), [1, 2, 3, 4]);
  assertEquals(places.map((at) => test[at]), [-1, -2, -3, -4]);
  assertEquals(train.reduce((count, value) => count + Math.sign(Math.abs(value)), 0), 4);
});

Deno.test("curvesFromMAT() names the row and the column of a value that is not finite", () => {
  for (const value of [NaN, Infinity]) {
    const arrays = curves((name, put) => name === "bdatatest" && put(41, 9, value));
    const reason = `bdatatest has ${value} in row 42, column 10,`;
    assertThrows(() => curvesFromMAT(arrays), InputError, reason);
  }
});

Deno.test("curvesFromMAT() refuses doubles beyond float32", () => {
  const data = new Float64Array(20_000 * 784);
  data[3] = 1e39;
  const arrays = new Map([variable("bdata", [20_000, 784], data)]);
  assertThrows(() => curvesFromMAT(arrays), InputError, "bdata has Infinity in row 4, column 1,");
});

Deno.test("curvesFromMAT() names a wrong orientation, a wrong size, a missing variable", () => {
  const wrong = (dimensions: number[]) =>
    new Map([variable("bdata", dimensions, new Uint8Array(20_000 * 784))]);
  const refuse = (arrays: Map<string, MATArray>, reason: string) =>
    assertThrows(() => curvesFromMAT(arrays), InputError, reason);
  refuse(wrong([784, 20_000]), "bdata is 784 x 20000, the transpose of 20000 x 784");
  refuse(wrong([10_000, 1568]), "bdata is 10000 x 1568, not 20000 x 784");
  refuse(wrong([20_000, 784, 1]), "bdata is 20000 x 784 x 1, not 20000 x 784");
  refuse(new Map(), "no variable bdata");
});

Deno.test("curvesFromMAT() refuses 64-bit integers", () => {
  const arrays = new Map([variable("bdata", [20_000, 784], new BigInt64Array(1))]);
  assertThrows(() => curvesFromMAT(arrays), InputError, "bdata is of class int64");
});

const faceCount = 165_600 * 625;

Deno.test("facesFromMAT() takes the first 103,500 columns to train, the last 41,400 to test", () => {
  const data = new Float32Array(faceCount);
  data[1] = 1;
  data[103_500 * 625 - 1] = 2;
  data[103_500 * 625] = NaN; // the columns in between are not used
  data[(165_600 - 41_400) * 625 - 1] = NaN;
  data[(165_600 - 41_400) * 625] = 3;
  data[faceCount - 1] = 4;
  const { train, test } = facesFromMAT(
    new Map([variable("newfaces_single", [625, 165_600], data)]),
  );
  assertEquals([train.length, test.length], [103_500 * 625, 41_400 * 625]);
  assertEquals([train[1], train.at(-1), test[0], test.at(-1)], [1, 2, 3, 4]);
  assertStrictEquals(train.buffer, data.buffer);
});

Deno.test("facesFromMAT() names the row and the column of a value that is not finite", () => {
  for (const [row, column] of [[0, 7], [624, 103_499], [3, 165_599]]) {
    const data = new Float32Array(faceCount);
    data[column * 625 + row] = NaN;
    const arrays = new Map([variable("newfaces_single", [625, 165_600], data)]);
    const reason = `newfaces_single has NaN in row ${row + 1}, column ${column + 1},`;
    assertThrows(() => facesFromMAT(arrays), InputError, reason);
  }
});

Deno.test("facesFromMAT() converts other classes", () => {
  const data = new Uint8Array(faceCount);
  data[faceCount - 1] = 200;
  const { train, test } = facesFromMAT(
    new Map([variable("newfaces_single", [625, 165_600], data)]),
  );
  assertEquals([train.length, test.length, test.at(-1)], [103_500 * 625, 41_400 * 625, 200]);
});

Deno.test("facesFromMAT() names a wrong orientation and a wrong size", () => {
  const refuse = (dimensions: number[], reason: string) => {
    const arrays = new Map([variable("newfaces_single", dimensions, new Float32Array())]);
    assertThrows(() => facesFromMAT(arrays), InputError, reason);
  };
  refuse([165_600, 625], "newfaces_single is 165600 x 625, the transpose of 625 x 165600");
  refuse([625, 1000], "newfaces_single is 625 x 1000, not 625 x 165600");
});

Deno.test("olivettiFromMAT() turns columns into images row by row", () => {
  const pixel = (image: number, row: number, column: number) =>
    (image + 7 * row + 13 * column) % 256;
  const data = Float64Array.from(
    { length: 4096 * 400 },
    (_, i) => pixel(Math.floor(i / 4096), i % 64, Math.floor(i / 64) % 64),
  );
  const images = olivettiFromMAT(new Map([variable("faces", [4096, 400], data)]));
  const expected = Uint8Array.from(
    { length: 4096 * 400 },
    (_, i) => pixel(Math.floor(i / 4096), Math.floor(i / 64) % 64, i % 64),
  );
  assertEquals(images.findIndex((level, i) => level !== expected[i]), -1);
  assertEquals(images.length, expected.length);
});

Deno.test("olivettiFromMAT() refuses what is no grey level, and another size", () => {
  for (const level of [-1, 256, 0.5, NaN]) {
    const data = new Float64Array(4096 * 400);
    data[2 * 4096 + 65] = level;
    const arrays = new Map([variable("faces", [4096, 400], data)]);
    const reason = `faces has ${level} in row 66, column 3,`;
    assertThrows(() => olivettiFromMAT(arrays), InputError, reason);
  }
  const turned = new Map([variable("faces", [400, 4096], new Uint8Array())]);
  assertThrows(() => olivettiFromMAT(turned), InputError, "the transpose of 4096 x 400");
});
