import { InputError } from "../errors.ts";
import { crc32, feed, Gunzip, isCutShort, isHeaderError } from "./inflate.ts";

/** Settings of {@linkcode gunzip}. */
export interface GunzipOptions {
  /** The most bytes that may come out. Default: 2^30, one gibibyte. */
  limit?: number;
}

/** What follows the data of a member: their checksum and their length. */
const trailerSize = 8;

/**
 * Tells by the first bytes if a file is packed by gzip, whatever its name is.
 *
 * @example
 * ```ts
 * isGzip(Uint8Array.of(0x1f, 0x8b, 8, 0)); // true
 * ```
 */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file (RFC 1952) with fflate and checks its checksums. The file may have several
 * members, as `cat`, `pigz` and `bgzip` make them, and zeros after the last, as tapes have.
 *
 * @throws {InputError} If the bytes are no gzip file, a damaged or cut one, one followed by other
 * bytes, or one that unpacks to more than the limit. The last is found out without unpacking it.
 *
 * @example
 * ```ts
 * import { gunzip } from "../../mod.ts";
 *
 * const packed = new Blob(["nagare"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const bytes = await gunzip(await new Response(packed).bytes());
 * console.log(new TextDecoder().decode(bytes)); // nagare
 * ```
 */
export async function gunzip(
  bytes: Uint8Array,
  { limit = 2 ** 30 }: GunzipOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (!(limit >= 0)) {
    throw new InputError(`the limit of unpacked bytes must be 0 or more, not ${limit}; change it`);
  }
  checkMagic(bytes);
  const chunks: Uint8Array[] = [];
  let size = 0, member = { crc: 0, size: 0 };
  const stream = new Gunzip((chunk) => {
    size += chunk.length;
    if (size > limit) throw new InputError(tooLarge(limit));
    member = { crc: crc32(chunk, member.crc), size: member.size + chunk.length };
    chunks.push(chunk);
  });
  stream.onmember = (start) => {
    if (!endsAt(bytes, start, member)) throw damaged();
    member = { crc: 0, size: 0 };
  };
  try {
    await feed(stream, bytes);
  } catch (error) {
    if (error instanceof InputError) throw error;
    if (isCutShort(error)) throw cutShort(bytes);
    const end = isHeaderError(error) ? endBeforeZeros(bytes, member) : undefined;
    if (end === undefined || end === bytes.length) throw damaged();
    return await gunzip(bytes.subarray(0, end), { limit });
  }
  checkEnd(bytes, member);
  return concatenate(chunks, size);
}

function checkMagic(bytes: Uint8Array): void {
  if (isGzip(bytes)) return;
  const found = Array.from(bytes.subarray(0, 2), (byte) => byte.toString(16).padStart(2, "0"));
  throw new InputError(
    `gzip data starts with the bytes 1f 8b, this with ${found.join(" ") || "none"}; ` +
      `give a .gz file, or read the file without unpacking it`,
  );
}

function tooLarge(limit: number): string {
  return `the gzip data unpacks to more than ${limit} bytes; raise the limit if that is meant`;
}

function damaged(): InputError {
  return new InputError(
    "the gzip data is damaged, or followed by other bytes; get the file again",
  );
}

function cutShort({ length }: Uint8Array): InputError {
  return new InputError(
    `the gzip data is cut short after ${length} bytes, or damaged; get the file again`,
  );
}

/** What a member has unpacked to. */
interface Member {
  readonly crc: number;
  readonly size: number;
}

/** Whether the bytes before `end` are the checksum and the length of a member. */
function endsAt(bytes: Uint8Array, end: number, { crc, size }: Member): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length), at = end - trailerSize;
  return at > 0 && view.getUint32(at, true) === crc && view.getUint32(at + 4, true) === size >>> 0;
}

/** Where a member may end that only zeros follow: its trailer may end in zeros itself. */
function endBeforeZeros(bytes: Uint8Array, member: Member): number | undefined {
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  return Array.from({ length: trailerSize + 1 }, (_, zeros) => end + zeros)
    .find((end) => end <= bytes.length && endsAt(bytes, end, member));
}

/** The last member ends where the bytes do. Fewer than four after it are not taken for a header. */
function checkEnd(bytes: Uint8Array, member: Member): void {
  const end = [0, 1, 2, 3].map((rest) => bytes.length - rest)
    .find((end) => endsAt(bytes, end, member));
  if (end === undefined) throw cutShort(bytes);
  if (bytes.subarray(end).some((byte) => byte !== 0)) throw damaged();
}

function concatenate(chunks: Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let start = 0;
  for (const chunk of chunks) {
    whole.set(chunk, start);
    start += chunk.length;
  }
  return whole;
}
