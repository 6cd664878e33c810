import { assertEquals, assertThrows } from "@std/assert";
import { packHalf } from "../../core/formats/half.ts";
import { InputError } from "../../core/errors.ts";

/** What IEEE 754 says the 16 bits of a half float mean. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The 16 bits that a number is packed to. */
function pack(values: Iterable<number>): number[] {
  const numbers = Float32Array.from(values), words = packHalf(numbers);
  return Array.from(numbers, (_, i) => (words[i >> 1] >>> (16 * (i & 1))) & 0xffff);
}

const largest = 0x7bff; // 65504
const positive = Array.from({ length: largest + 1 }, (_, bits) => bits);
const finite = [...positive, ...positive.map((bits) => bits | 0x8000)];

/** The float32 numbers next to one that is above 0. */
function neighbours(value: number): [below: number, above: number] {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
  const at = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0];
  return [at(bits - 1), at(bits + 1)];
}

Deno.test("packHalf() keeps every finite half float", () => {
  assertEquals(pack(finite.map(halfValue)), finite);
});

Deno.test("packHalf() rounds halfway cases to even, all others to the nearest", () => {
  const lower = positive.slice(0, -1);
  const middles = lower.map((bits) => (halfValue(bits) + halfValue(bits + 1)) / 2);
  const even = lower.map((bits) => bits + (bits & 1));
  assertEquals(pack(middles), even);
  assertEquals(pack(middles.map((x) => -x)), even.map((bits) => bits | 0x8000));
  assertEquals(pack(middles.map((x) => neighbours(x)[0])), lower);
  assertEquals(pack(middles.map((x) => neighbours(x)[1])), lower.map((bits) => bits + 1));
});

Deno.test("packHalf() rounds what is too small to zero with its sign", () => {
  assertEquals(pack([1e-30, -1e-30, 2 ** -149, -(2 ** -149)]), [0, 0x8000, 0, 0x8000]);
});

Deno.test("packHalf() puts the first of two numbers in the low half of a word", () => {
  assertEquals(packHalf(Float32Array.of(1, -2)), Uint32Array.of(0xc0003c00));
  assertEquals(packHalf(Float32Array.of(1, -2, 0.5)), Uint32Array.of(0xc0003c00, 0x3800));
  assertEquals(packHalf(new Float32Array()), new Uint32Array());
});

Deno.test("packHalf() packs into the words given, all of them", () => {
  const words = new Uint32Array(4).fill(0xffffffff);
  packHalf(Float32Array.of(1, -2, 0.5), words.subarray(1, 3));
  assertEquals(words, Uint32Array.of(0xffffffff, 0xc0003c00, 0x3800, 0xffffffff));
  for (const length of [1, 3]) {
    assertThrows(() => packHalf(Float32Array.of(1, 2, 3), new Uint32Array(length)), RangeError);
  }
});

Deno.test("packHalf() refuses what no half float holds", () => {
  const [below] = neighbours(65520); // halfway to 65536
  assertEquals(pack([below, -below]), [largest, largest | 0x8000]);
  for (const value of [65520, -65520, 1e38, Infinity, -Infinity, NaN]) {
    const reason = `value 2 is ${Math.fround(value)}`;
    assertThrows(() => packHalf(Float32Array.of(1, 2, value)), InputError, reason);
  }
});
