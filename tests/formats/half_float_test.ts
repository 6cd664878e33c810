import { assertEquals } from "@std/assert";
import { roundToHalves, widenHalves } from "../../core/formats/half_float.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const allHalves = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);

/** The same of the platform: this test runs where it has a Float16Array. */
function roundedByPlatform(values: Float32Array): Uint16Array {
  return new Uint16Array(Float16Array.from(values).buffer);
}

/** The bits of half floats, one for every NaN, of which it does not matter which it is. */
function comparable(halves: Uint16Array): Uint16Array {
  return halves.map((bits) => (bits & 0x7fff) > 0x7c00 ? 0x7e00 : bits);
}

function assertRoundedAsByPlatform(values: Float32Array): void {
  assertEquals(comparable(roundToHalves(values)), comparable(roundedByPlatform(values)));
}

Deno.test("widenHalves() gives what each of the 65,536 half floats is", () => {
  const numbers = new Float32Array(new Float16Array(allHalves.buffer));
  assertEquals(widenHalves(allHalves), numbers);
  assertEquals(Object.is(widenHalves(Uint16Array.of(0x8000))[0], -0), true);
});

Deno.test("roundToHalves() keeps every half float", () => {
  assertEquals(comparable(roundToHalves(widenHalves(allHalves))), comparable(allHalves));
});

Deno.test("roundToHalves() rounds between any two half floats as Float16Array does", () => {
  // With 2^16, which would follow the largest, and the float32 numbers on either side.
  const sizes = [...widenHalves(allHalves.subarray(0, 0x7c00)), 2 ** 16];
  const middles = sizes.slice(1).map((size, i) => (size + sizes[i]) / 2);
  const bits = new Uint32Array(Float32Array.from([...sizes, ...middles]).buffer);
  for (const step of [-2, -1, 0, 1, 2]) {
    const positive = bits.map((word) => Math.max(0, word + step));
    assertRoundedAsByPlatform(new Float32Array(positive.buffer));
    assertRoundedAsByPlatform(new Float32Array(positive.map((word) => word | 2 ** 31).buffer));
  }
});

Deno.test("roundToHalves() rounds any float32 as Float16Array does", () => {
  const random = new RandomStream(1, Purpose.probe, 0);
  const bits = new Uint32Array(2 ** 20).map(() => random.uint32());
  assertRoundedAsByPlatform(new Float32Array(bits.buffer));
  // Of all sizes that a half float can have, subnormal ones among them.
  const exponents = bits.map((word) => (100 + (word >>> 23) % 45) << 23 | word & 0x807fffff);
  assertRoundedAsByPlatform(new Float32Array(exponents.buffer));
  const special = [0, -0, Infinity, -Infinity, NaN, 65504, 65519.99, 65520, 2 ** -25, 2 ** -149];
  assertRoundedAsByPlatform(Float32Array.from(special));
});
