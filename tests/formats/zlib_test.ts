import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { mostInflation, ZlibReader } from "../../core/formats/zlib.ts";
import { InputError } from "../../core/errors.ts";
import { longestAllocation } from "./bad_input.ts";
import { deflate, join } from "./crafted_mat.ts";

const plain = Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 251);
const packed = await deflate(plain);

function open(stream: Uint8Array): ZlibReader {
  return new ZlibReader(stream, "the block");
}

/** Reads all of a stream that should hold `plain`. */
async function readAll(stream: Uint8Array): Promise<Uint8Array> {
  const reader = open(stream);
  try {
    const bytes = await reader.take(plain.length);
    await reader.finish();
    return bytes;
  } finally {
    await reader.cancel();
  }
}

Deno.test("ZlibReader.take() gives the bytes in the pieces asked for", async () => {
  const reader = open(packed);
  const parts = [await reader.take(1), await reader.take(0), await reader.take(2000)];
  parts.push(await reader.take(999));
  await reader.finish();
  assertEquals(join(...parts), plain);
});

Deno.test("ZlibReader reads many slices with a checksum over all of them", async () => {
  // Noise that does not compress: 40 slices of 4 KiB.
  let state = 1;
  const noise = Uint8Array.from({ length: 160_000 }, () => (state = state * 48271 % 0x7fffffff));
  const reader = open(await deflate(noise));
  assertEquals(await reader.take(noise.length), noise);
  await reader.finish();
});

Deno.test("ZlibReader refuses a stream cut at any byte, its checksum too", async () => {
  for (let length = 0; length < packed.length; length++) {
    await assertRejects(() => readAll(packed.subarray(0, length)), InputError, "the block");
  }
});

Deno.test("ZlibReader refuses a stream with any bit changed, or gives the same bytes", async () => {
  for (let i = 0; i < packed.length; i++) {
    const changed = packed.slice();
    changed[i] ^= 1 << (i % 8);
    const result = await readAll(changed).catch((error) => error);
    // The first two bytes and the end of the last block have bits that mean nothing.
    if (!(result instanceof InputError)) assertEquals(result, plain);
  }
});

Deno.test("ZlibReader.finish() refuses bytes that are left", async () => {
  const reader = open(packed);
  await reader.take(2999);
  await assertRejects(() => reader.finish(), InputError, "holds more than its size says");
  await reader.cancel();
});

Deno.test("ZlibReader refuses bytes after the stream", async () => {
  await assertRejects(() => readAll(join(packed, Uint8Array.of(0))), InputError);
});

Deno.test("ZlibReader.take() takes no memory for more than a stream can hold", async () => {
  const reader = open(packed);
  const longest = await longestAllocation(() =>
    assertRejects(() => reader.take(2 ** 40), InputError, "zlib data do not hold")
  );
  assertLess(longest, mostInflation * packed.length);
  await reader.cancel();
});

/** Remembers how far it has been copied from. */
class Watched extends Uint8Array {
  reached = 0;

  override slice(start = 0, end = this.length): Uint8Array<ArrayBuffer> {
    this.reached = Math.max(this.reached, Math.min(end, this.length));
    return Uint8Array.prototype.slice.call(new Uint8Array(this), start, end);
  }
}

Deno.test("ZlibReader unpacks no more of a bomb than is asked for", async () => {
  const bomb = new Watched(await deflate(new Uint8Array(2 ** 26)));
  const reader = open(bomb);
  assertEquals(await reader.take(10), new Uint8Array(10));
  await assertRejects(() => reader.finish(), InputError, "holds more");
  await reader.cancel();
  // One slice of 4 KiB is enough; the stream may have taken up to two more.
  assertLess(bomb.reached, 3 * 2 ** 12 + 1);
  assertLess(3 * 2 ** 12 + 1, bomb.length);
});
