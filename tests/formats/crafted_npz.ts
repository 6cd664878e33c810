/** .npy files and zip archives made by hand, right ones and wrong ones. */

import { crc32, deflateRawSync } from "node:zlib";
import { join } from "./crafted_mat.ts";

const utf8 = new TextEncoder();

/** An .npy file of version 1; the shape is that of a tuple, "2, 3". */
export function npy(
  type: string,
  shape: string,
  content: ArrayBufferView,
): Uint8Array<ArrayBuffer> {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
  const start = Uint8Array.of(0x93, ...utf8.encode("NUMPY"), 1, 0, 118, 0);
  const { buffer, byteOffset, byteLength } = content;
  return join(start, utf8.encode(`${header}\n`), new Uint8Array(buffer, byteOffset, byteLength));
}

/** How an archive is made, and what is wrong with it. */
export interface ZipOptions {
  deflated?: boolean;
  /** As numpy.savez has Python do it: the sizes before a file are those of zip64. */
  forced64?: boolean;
  comment?: string;
  /** Of every file, where they are not those that belong there. */
  flags?: number;
  method?: number;
  crc?: number;
  size?: number;
  /** The number of the part that the archive ends in. */
  disk?: number;
  /** The offset of the directory is that of zip64. */
  zip64?: boolean;
}

/** Little-endian integers, each of the width that stands before it. */
function fields(...widthsAndValues: number[]): Uint8Array<ArrayBuffer> {
  const parts: number[] = [];
  for (let i = 0; i < widthsAndValues.length; i += 2) {
    const [width, value] = widthsAndValues.slice(i, i + 2);
    for (let place = 0; place < width; place++) parts.push(Math.floor(value / 256 ** place) & 255);
  }
  return Uint8Array.from(parts);
}

/** A zip archive of some files. */
export function zip(
  files: Readonly<Record<string, Uint8Array>>,
  options: ZipOptions = {},
): Uint8Array<ArrayBuffer> {
  const { deflated = false, forced64 = false, comment = "", flags = 0, disk = 0 } = options;
  const members: Uint8Array[] = [], entries: Uint8Array[] = [];
  let at = 0;
  for (const [text, content] of Object.entries(files)) {
    const name = utf8.encode(text), packed = deflated ? deflateRawSync(content) : content;
    const method = options.method ?? (deflated ? 8 : 0), size = options.size ?? content.length;
    const shared = fields(2, flags, 2, method, 4, 0, 4, options.crc ?? crc32(content));
    const packedSize = deflated ? packed.length : size;
    const extra = forced64 ? fields(2, 1, 2, 16, 8, size, 8, packedSize) : new Uint8Array();
    const sizes = forced64 ? [4, 2 ** 32 - 1, 4, 2 ** 32 - 1] : [4, packedSize, 4, size];
    const member = join(
      ...[fields(4, 0x04034b50, 2, 20), shared, fields(...sizes, 2, name.length, 2, extra.length)],
      ...[name, extra, packed],
    );
    entries.push(join(
      ...[fields(4, 0x02014b50, 2, 20, 2, 20), shared],
      ...[
        fields(4, packedSize, 4, size, 2, name.length, 2, 0, 2, 0, 2, 0, 2, 0, 4, 0, 4, at),
        name,
      ],
    ));
    members.push(member);
    at += member.length;
  }
  const directory = join(...entries), { length: count } = entries;
  const start = options.zip64 ? 2 ** 32 - 1 : at;
  return join(
    ...[...members, directory, fields(4, 0x06054b50, 2, disk, 2, disk, 2, count, 2, count)],
    ...[fields(4, directory.length, 4, start, 2, comment.length), utf8.encode(comment)],
  );
}
