// deno-lint-ignore no-import-prefix -- library code resolves no bare specifier
import { FlateErrorCode, Gunzip, Inflate } from "npm:fflate@0.8.3";

export { Gunzip, Inflate };

/** What is unpacked at a time: at most about a thousand times as much comes of it. */
const sliceSize = 2 ** 14;

/** Others get their turn after so many bytes: whoever waits for Ctrl-C, or draws. */
const turnSize = 2 ** 22;

/** Gives packed bytes to a stream of fflate, slice by slice. What its `ondata` throws is passed on. */
export async function feed(stream: Inflate | Gunzip, bytes: Uint8Array): Promise<void> {
  let start = 0;
  do {
    const end = Math.min(start + sliceSize, bytes.length);
    stream.push(bytes.subarray(start, end), end === bytes.length);
    if (end % turnSize === 0) await new Promise((resolve) => setTimeout(resolve));
    start = end;
  } while (start < bytes.length);
}

/** Whether fflate found no header of gzip where one should begin. */
export function isHeaderError(error: unknown): boolean {
  return codeOf(error) === FlateErrorCode.InvalidHeader;
}

/** Whether fflate ran out of bytes. */
export function isCutShort(error: unknown): boolean {
  return codeOf(error) === FlateErrorCode.UnexpectedEOF;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1 ? 0xedb88320 : 0) ^ (crc >>> 1);
  return crc;
});

/** CRC-32 of bytes after others whose sum is `before`, as gzip and zip store it. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
