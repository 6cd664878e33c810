import { gzipSync } from "node:zlib";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { gunzip } from "../../core/formats/gzip.ts";
import { mostInflation } from "../../core/formats/zlib.ts";
import { InputError } from "../../core/errors.ts";
import { join } from "../formats/crafted_mat.ts";
import { compressible, level } from "./compressible.ts";
import { specimen } from "./damage.ts";
import { property, survives } from "./property.ts";

/** What a file may unpack to, here. */
const limit = 2 ** 16;

/** What is fed at a time: so much may be unpacked before the limit is looked at. */
const sliceSize = 2 ** 14;

/** fflate makes room for so much with every block, however short; few bytes make a member. */
const window = 2 ** 17;

const member = fc.tuple(compressible, level).map(([content, level]) => ({
  content,
  bytes: Uint8Array.from(gzipSync(content, { level })),
}));

/** One member mostly, or several, and zeros after the last. */
const packed = fc.record({
  members: fc.oneof(
    { weight: 2, arbitrary: fc.tuple(member) },
    { weight: 1, arbitrary: fc.array(member, { minLength: 1, maxLength: 4 }) },
  ),
  zeros: fc.oneof(fc.constant(0), fc.nat(9), fc.nat(1000)),
}).map(({ members, zeros }) => ({
  content: join(...members.map(({ content }) => content)),
  bytes: join(...members.map(({ bytes }) => bytes), new Uint8Array(zeros)),
}));

/** What is true of gunzip(), whatever it is given. */
export const gzipProperties = [
  survives({
    name: "gunzip()",
    read: (bytes) => gunzip(bytes, { limit }),
    files: packed.map(({ content, bytes }) => specimen(bytes, `${content.length} bytes packed`)),
    magic: Uint8Array.of(0x1f, 0x8b, 8),
    // What is unpacked, in memory that doubles, copied out of it; twice where zeros follow.
    memory: (size) =>
      2 * (10 * limit + window * size + 8 * mostInflation * Math.min(size, sliceSize)),
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
