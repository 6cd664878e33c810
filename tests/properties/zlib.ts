import { deflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { mostInflation, ZlibReader } from "../../core/formats/zlib.ts";
import { join } from "../formats/crafted_mat.ts";
import { compressible, level } from "./compressible.ts";
import { claims, specimen } from "./damage.ts";
import { integers } from "./numbers.ts";
import { property, survives } from "./property.ts";

/** What is fed at a time; the stream may have taken two more ahead. */
const sliceSize = 2 ** 12;

/** Packs the content with its length before it. */
function pack(content: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const length = integers([content.length], 4);
  return Uint8Array.from(deflateSync(join(length, content), { level }));
}

/** Reads a stream as a format would: a length, then so many bytes, and no more. */
async function readBlock(bytes: Uint8Array): Promise<void> {
  const reader = new ZlibReader(bytes, "the block");
  try {
    const length = await reader.take(4);
    await reader.take(new DataView(length.buffer).getUint32(0));
    await reader.finish();
  } finally {
    await reader.cancel();
  }
}

/** Takes pieces of a stream, the last of them all that should be left. */
async function readPieces(bytes: Uint8Array, lengths: readonly number[]): Promise<Uint8Array> {
  const reader = new ZlibReader(bytes, "the block");
  const pieces: Uint8Array[] = [];
  for (const length of lengths) pieces.push(await reader.take(length));
  await reader.finish();
  return join(...pieces);
}

/** Each piece a part of what is left. */
function pieces(length: number, parts: readonly number[]): number[] {
  const lengths: number[] = [];
  for (const part of parts) {
    lengths.push(Math.floor(part * length));
    length -= lengths.at(-1)!;
  }
  return [...lengths, length];
}

const parts = fc.array(fc.float({ min: 0, max: 1, noNaN: true }));

const whole = fc.tuple(compressible, level).map(([content, level]) =>
  specimen(pack(content, level), `${content.length} bytes packed`)
);

/** A length that the stream does not hold. */
const claiming = fc.tuple(fc.constantFrom(...claims), fc.uint8Array()).map(([claim, content]) =>
  specimen(
    Uint8Array.from(deflateSync(join(integers([claim], 4), content))),
    `${claim} bytes claimed by ${content.length}`,
  )
);

/** What is true of ZlibReader, whatever it is given. */
export const zlibProperties = [
  survives({
    name: "ZlibReader",
    read: readBlock,
    files: fc.oneof(whole, claiming),
    magic: Uint8Array.of(0x78, 0x9c),
    // What is taken, and what is unpacked for it.
    memory: (size) => mostInflation * (size + Math.min(size, 3 * sliceSize)),
  }),
  property(
    "ZlibReader gives back all that is packed, in any pieces",
    fc.record({ content: compressible, level, parts }),
    async ({ content, level, parts }) => {
      const bytes = Uint8Array.from(deflateSync(content, { level }));
      const read = await readPieces(bytes, pieces(content.length, parts));
      assertEquals(read.toHex(), content.toHex());
    },
  ),
];
