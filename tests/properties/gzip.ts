import { gzipSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { gunzip } from "../../core/formats/gzip.ts";
import { mostInflation } from "../../core/formats/zlib.ts";
import { InputError } from "../../core/errors.ts";
import { compressible, level } from "./compressible.ts";
import { specimen } from "./damage.ts";
import { property, survives } from "./property.ts";

/** What a file may unpack to, here. */
const limit = 2 ** 16;

/** What is fed at a time: so much may be unpacked before the limit is looked at. */
const sliceSize = 2 ** 14;

const packed = fc.tuple(compressible, level).map(([content, level]) => ({
  content,
  bytes: Uint8Array.from(gzipSync(content, { level })),
}));

/** What is true of gunzip(), whatever it is given. */
export const gzipProperties = [
  survives({
    name: "gunzip()",
    read: (bytes) => gunzip(bytes, { limit }),
    files: packed.map(({ content, bytes }) => specimen(bytes, `${content.length} bytes packed`)),
    magic: Uint8Array.of(0x1f, 0x8b, 8),
    // What is unpacked, and the whole that it is put together to.
    memory: (size) => 2 * limit + mostInflation * Math.min(size, sliceSize),
  }),
  property("gunzip() gives back all that is packed", packed, async ({ content, bytes }) => {
    const unpacked = await gunzip(bytes, { limit: content.length });
    assertEquals(unpacked.toHex(), content.toHex());
  }),
  property("gunzip() unpacks nothing beyond its limit", packed, async ({ content, bytes }) => {
    fc.pre(content.length > 0);
    const run = () => gunzip(bytes, { limit: content.length - 1 });
    await assertRejects(run, InputError, "unpacks to more than");
  }),
];
