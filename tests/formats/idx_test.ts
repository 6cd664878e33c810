import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { readIDX } from "../../core/formats/idx.ts";
import { InputError } from "../../core/errors.ts";

/** An IDX file with the given type code, dimensions and body. */
function file(code: number, dimensions: number[], body: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, code, dimensions.length]);
  dimensions.forEach((n, i) => view.setUint32(4 + 4 * i, n));
  bytes.set(body, 4 + 4 * dimensions.length);
  return bytes;
}

function bigEndian(size: number, values: number[], set: "Int16" | "Int32" | "Float32" | "Float64") {
  const view = new DataView(new ArrayBuffer(size * values.length));
  values.forEach((value, i) => view[`set${set}`](size * i, value));
  return new Uint8Array(view.buffer);
}

function assertRefused(bytes: Uint8Array, message: string) {
  assertThrows(() => readIDX(bytes), InputError, message);
}

Deno.test("readIDX() reads every type of the format", () => {
  const dimensions = [2, 1, 2];
  assertEquals(readIDX(file(0x08, dimensions, [0, 1, 254, 255])), {
    dimensions,
    type: "u8",
    data: new Uint8Array([0, 1, 254, 255]),
  });
  assertEquals(readIDX(file(0x09, dimensions, [0, 127, 128, 255])), {
    dimensions,
    type: "i8",
    data: new Int8Array([0, 127, -128, -1]),
  });
  const shorts = [1, -2, 32767, -32768];
  assertEquals(readIDX(file(0x0b, dimensions, bigEndian(2, shorts, "Int16"))), {
    dimensions,
    type: "i16",
    data: new Int16Array(shorts),
  });
  const integers = [1, -2, 2 ** 31 - 1, -(2 ** 31)];
  assertEquals(readIDX(file(0x0c, dimensions, bigEndian(4, integers, "Int32"))), {
    dimensions,
    type: "i32",
    data: new Int32Array(integers),
  });
  const singles = [0.5, -1.25, 2 ** 100, -Infinity];
  assertEquals(readIDX(file(0x0d, dimensions, bigEndian(4, singles, "Float32"))), {
    dimensions,
    type: "f32",
    data: new Float32Array(singles),
  });
  const doubles = [Math.PI, -1e300, 5e-324, Infinity];
  assertEquals(readIDX(file(0x0e, dimensions, bigEndian(8, doubles, "Float64"))), {
    dimensions,
    type: "f64",
    data: new Float64Array(doubles),
  });
});

Deno.test("readIDX() reads a part of a larger buffer and does not copy single bytes", () => {
  const bytes = file(0x08, [3], [7, 8, 9]);
  const larger = new Uint8Array(20).fill(255);
  larger.set(bytes, 5);
  const { data } = readIDX(larger.subarray(5, 5 + bytes.length));
  assertEquals([...data], [7, 8, 9]);
  assertStrictEquals(data.buffer, larger.buffer);
  const shorts = file(0x0b, [1], [1, 2]); // at an odd address, where an Int16Array cannot lie
  larger.set(shorts, 5);
  assertEquals([...readIDX(larger.subarray(5, 5 + shorts.length)).data], [258]);
});

Deno.test("readIDX() reads an array without elements", () => {
  assertEquals(readIDX(file(0x0e, [0, 5], [])).data.length, 0);
});

Deno.test("readIDX() refuses a broken header, naming what it expected and found", () => {
  assertRefused(new Uint8Array(3), "at least 4 bytes, this has 3");
  assertRefused(new Uint8Array([0x1f, 0x8b, 8, 1]), "the bytes 00 00, this with 1f 8b");
  assertRefused(new Uint8Array([0, 1, 8, 1]), "this with 00 01");
  assertRefused(file(0x0a, [1], [0]), "08, 09, 0b, 0c, 0d or 0e, here 0a");
  assertRefused(file(0x08, [], [0]), "1 to 255 dimensions, this has 0");
  assertRefused(file(0x08, [2, 3], []).subarray(0, 11), "has 12 bytes, this file ends after 11");
});

Deno.test("readIDX() refuses a body that is too short or too long", () => {
  const message = "2 x 3 elements of i16 take 12 bytes after the header, this IDX file has";
  assertRefused(file(0x0b, [2, 3], new Uint8Array(11)), `${message} 11`);
  assertRefused(file(0x0b, [2, 3], new Uint8Array(13)), `${message} 13`);
});

Deno.test("readIDX() refuses claimed sizes beyond any memory before it allocates", () => {
  const most = 2 ** 32 - 1;
  const product = 8n * BigInt(most) ** 3n;
  assertRefused(file(0x0e, [most, most, most], [0]), `${product} bytes after the header`);
  // 2^64 elements: 0 in integers of 64 bits.
  assertRefused(file(0x08, [2 ** 31, 2 ** 31, 4], []), "take 18446744073709551616 bytes");
});
