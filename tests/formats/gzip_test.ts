import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { gunzip } from "../../core/formats/gzip.ts";
import { InputError } from "../../core/errors.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function noise(length: number): Uint8Array<ArrayBuffer> {
  const random = new RandomStream(1, Purpose.probe);
  return new Uint8Array(length).map(() => random.integer(256));
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

async function assertRefused(bytes: Uint8Array, message: string, limit?: number) {
  const options = limit === undefined ? {} : { limit };
  await assertRejects(() => gunzip(bytes, options), InputError, message);
}

Deno.test("gunzip() gives back what was packed", async () => {
  for (const length of [0, 1, 1000, 100_000]) {
    const bytes = noise(length);
    assertEquals(await gunzip(await gzip(bytes)), bytes);
  }
});

Deno.test("gunzip() reads what another program packed", async () => {
  // `printf nagare | gzip -n`
  const packed = Uint8Array.from(
    atob("H4sIAAAAAAAAA8tLTE8sSgUAenFb6AYAAAA="),
    (character) => character.charCodeAt(0),
  );
  assertEquals(new TextDecoder().decode(await gunzip(packed)), "nagare");
});

Deno.test("gunzip() refuses what is not gzip", async () => {
  await assertRefused(new Uint8Array(0), "starts with the bytes 1f 8b, this with none");
  await assertRefused(new Uint8Array([0x1f]), "this with 1f;");
  await assertRefused(new Uint8Array([0x50, 0x4b, 3, 4]), "this with 50 4b");
});

Deno.test("gunzip() refuses data cut short, wherever it is cut", async () => {
  const packed = await gzip(noise(40_000));
  for (const length of [2, 9, 10, 100, 20_000, packed.length - 8, packed.length - 1]) {
    await assertRefused(packed.subarray(0, length), `cut short after ${length} bytes`);
  }
});

Deno.test("gunzip() refuses damaged data", async () => {
  const bytes = noise(40_000);
  const packed = await gzip(bytes);
  // The method, a flag that is reserved, the body, the checksum, the length.
  for (const at of [2, 3, 20_000, packed.length - 8, packed.length - 1]) {
    const damaged = packed.slice();
    damaged[at] ^= 0xff;
    await assertRefused(damaged, "damaged");
  }
});

Deno.test("gunzip() refuses bytes after the end", async () => {
  const packed = await gzip(noise(1000));
  const message = "followed by other bytes";
  await assertRefused(join(packed, new Uint8Array(1)), message);
  await assertRefused(join(packed, packed), message);
  // An end exactly where a slice of the input ends: 16,384 bytes, stored without compression.
  await assertRefused(join(stored(16_384), new Uint8Array([1])), message);
});

/** A gzip file of exactly `length` bytes: one stored block of zeros. */
function stored(length: number): Uint8Array {
  const body = length - 10 - 5 - 8;
  const file = new Uint8Array(length);
  const view = new DataView(file.buffer);
  file.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1]);
  view.setUint16(11, body, true);
  view.setUint16(13, ~body, true);
  view.setUint32(length - 8, checksumOfZeros(body), true);
  view.setUint32(length - 4, body, true);
  return file;
}

/** CRC-32, bit by bit. */
function checksumOfZeros(length: number): number {
  let crc = 0xffffffff;
  for (let bit = 0; bit < 8 * length; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return ~crc >>> 0;
}

Deno.test("gunzip() unpacks to the limit and not beyond", async () => {
  const packed = await gzip(noise(5000));
  assertEquals((await gunzip(packed, { limit: 5000 })).length, 5000);
  await assertRefused(packed, "unpacks to more than 4999 bytes", 4999);
  assertEquals((await gunzip(stored(16_384))).length, 16_384 - 23);
});

Deno.test("gunzip() gives up a bomb without unpacking it", async () => {
  const bomb = await gzip(new Uint8Array(2 ** 26)); // 64 MiB in 65 kB
  assertLess(bomb.length, 2 ** 17);
  bomb[bomb.length - 1] ^= 0xff; // whoever unpacks it to the end finds damage instead
  await assertRefused(bomb, "unpacks to more than 1000 bytes", 1000);
});

Deno.test("gunzip() refuses a limit that is none", async () => {
  const packed = await gzip(noise(10));
  for (const limit of [NaN, -1]) await assertRefused(packed, `0 or more, not ${limit}`, limit);
});
