import { assertEquals, assertThrows } from "@std/assert";
import { Dataset } from "../../core/data/dataset.ts";
import type { Table } from "../../core/data/table.ts";
import { InputError } from "../../core/errors.ts";
import { readCSVMatrix } from "../../core/formats/csv_matrix.ts";
import { readIDX } from "../../core/formats/idx.ts";
import { readNPY } from "../../core/formats/npy.ts";
import { npy } from "../formats/crafted_npz.ts";
import { gpuTest } from "../gpu/fixture.ts";

gpuTest("Dataset refuses arrays that it does not know", ({ gpu }) => {
  const others = [
    [1, 2, 3, 4],
    new ArrayBuffer(16),
    new Float64Array(4),
    new Int8Array(4),
    new Uint8ClampedArray(4),
    undefined,
  ];
  for (const values of others) {
    assertThrows(
      // deno-lint-ignore no-explicit-any -- as JavaScript may
      () => new Dataset(gpu, values as any, { width: 4, label: "digits" }),
      InputError,
      "digits must be a Uint8Array, a Uint32Array of half floats, a Float32Array or what a reader",
    );
  }
});

gpuTest("Dataset takes what readers of files give as it is", async (bench) => {
  const { gpu } = bench;
  const text = (values: number[][]) => new TextEncoder().encode(values.join("\n") + "\n");
  const idx = (code: number, dimensions: number[], body: number[]) =>
    readIDX(
      Uint8Array.of(
        0,
        0,
        code,
        dimensions.length,
        ...dimensions.flatMap((n) => [0, 0, 0, n]),
        ...body,
      ),
    );
  const read: [Table, Uint8Array | Float32Array, number][] = [
    [idx(8, [2, 1, 2], [0, 9, 8, 255]), Uint8Array.of(0, 9, 8, 255), 2],
    [idx(9, [2], [127, 255]), Float32Array.of(127, -1), 1],
    [readNPY(npy("<u4", "2, 1", Uint32Array.of(7, 2 ** 24))), Float32Array.of(7, 2 ** 24), 1],
    [readNPY(npy("<i8", "1, 2", BigInt64Array.of(-3n, 5n))), Float32Array.of(-3, 5), 2],
    [readCSVMatrix(text([[1, 2.5, 3], [4, 5, 6]])), Float32Array.of(1, 2.5, 3, 4, 5, 6), 3],
    [{ data: Int16Array.of(1, 2, 3, 4), width: 4 }, Float32Array.of(1, 2, 3, 4), 4],
  ];
  for (const [table, values, width] of read) {
    const data = bench.take(new Dataset(gpu, table));
    assertEquals([data.width, data.cases], [width, values.length / width]);
    assertEquals(data.format, values instanceof Uint8Array ? "bytes" : "floats");
    const contents = await gpu.read(data.parts[0]);
    const own = values instanceof Uint8Array
      ? new Uint8Array(contents)
      : new Float32Array(contents);
    assertEquals([...own.subarray(0, values.length)], [...values]);
  }
  assertThrows(
    () => new Dataset(gpu, { data: new Float32Array(5), width: 2 }, { label: "rows" }),
    InputError,
    "rows: 5 values are no whole number of cases of 2",
  );
});

gpuTest("Dataset refuses values that make no cases", ({ gpu }) => {
  for (const width of [0, -1, 2.5, NaN, 3]) {
    assertThrows(
      () => new Dataset(gpu, new Float32Array(4), { width }),
      InputError,
      `4 values are no whole number of cases of ${width} values`,
    );
  }
  assertThrows(() => new Dataset(gpu, new Float32Array(0), { width: 4 }), InputError, "0 values");
});

gpuTest("Dataset refuses a largest part that holds nothing", ({ gpu }) => {
  for (const largestPart of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => new Dataset(gpu, new Float32Array(4), { width: 4, largestPart }),
      InputError,
      `a finite number of bytes above 0, not ${largestPart}`,
    );
  }
});
