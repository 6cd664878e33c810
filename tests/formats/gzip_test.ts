import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { gunzip, isGzip } from "../../core/formats/gzip.ts";
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

Deno.test("gunzip() reads several members, the empty ones too, and zeros after the last", async () => {
  const parts = [noise(1000), noise(0), noise(40_000), new Uint8Array(70_000), noise(1), noise(0)];
  const packed = await Promise.all(parts.map(gzip));
  const whole = join(...parts);
  for (const padding of [0, 1, 2, 3, 4, 7, 8, 9, 512, 40_000]) {
    const zeros = new Uint8Array(padding);
    assertEquals(await gunzip(join(...packed, zeros)), whole, `${padding} zeros`);
    assertEquals(await gunzip(join(packed[0], zeros)), parts[0], `${padding} zeros`);
    assertEquals(await gunzip(join(packed[1], zeros)), parts[1], `${padding} zeros`);
  }
  // Many of them within what is unpacked at a time.
  const small = join(...Array(3000).fill(packed[4]));
  assertEquals(await gunzip(small), join(...Array(3000).fill(parts[4])));
});

Deno.test("gunzip() refuses members of which one is damaged or cut", async () => {
  const [first, second] = await Promise.all([gzip(noise(1000)), gzip(noise(2000))]);
  for (let at = first.length - 8; at < first.length; at++) {
    const damaged = first.slice();
    damaged[at] ^= 1;
    await assertRefused(join(damaged, second), "damaged");
    await assertRefused(join(second, damaged), "damaged");
    await assertRefused(join(second, damaged, new Uint8Array(512)), "damaged");
  }
  for (const length of [12, 100, second.length - 9, second.length - 1]) {
    await assertRefused(join(first, second.subarray(0, length)), "damaged");
  }
});

Deno.test("isGzip() knows packed data by their first bytes", async () => {
  assert(isGzip(await gzip(noise(0))));
  for (const bytes of [[], [0x1f], [0x8b, 0x1f], [0, 0, 8, 3]]) {
    assert(!isGzip(new Uint8Array(bytes)));
  }
});

Deno.test("gunzip() refuses bytes after the end", async () => {
  const packed = await gzip(noise(1000));
  const message = "followed by other bytes";
  for (const rest of [[1], [0, 1], [1, 0, 0, 0, 0], [0x1f, 0x8b], [0x50, 0x4b, 3, 4, 20, 0]]) {
    await assertRefused(join(packed, Uint8Array.from(rest)), message);
    await assertRefused(join(packed, packed, Uint8Array.from(rest)), message);
  }
  await assertRefused(join(packed, new Uint8Array(512), packed), message);
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
  await assertRefused(join(await gzip(noise(999)), bomb), "unpacks to more than 1000 bytes", 1000);
  await assertRefused(bomb, "unpacks to more than 1000 bytes", 1000);
});

Deno.test("gunzip() refuses a limit that is none", async () => {
  const packed = await gzip(noise(10));
  for (const limit of [NaN, -1]) await assertRefused(packed, `0 or more, not ${limit}`, limit);
});
