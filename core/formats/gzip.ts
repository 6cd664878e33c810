import { InputError } from "../errors.ts";

/** Settings of {@linkcode gunzip}. */
export interface GunzipOptions {
  /** The most bytes that may come out. Default: 2^30, one gibibyte. */
  limit?: number;
}

/** A slice unpacks to at most about a thousand times its size: 16 MiB past the limit. */
const sliceSize = 2 ** 14;

/**
 * Unpacks a gzip file (RFC 1952) of one member and checks its checksum.
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
  const { readable, writable } = new DecompressionStream("gzip");
  const feeding = feed(writable, bytes);
  const reader = readable.getReader(); // not every browser iterates over a stream
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      size += read.value.length;
      if (size > limit) throw new InputError(tooLarge(limit));
      chunks.push(read.value);
    }
  } catch (error) {
    if (error instanceof InputError) {
      await reader.cancel();
      throw error;
    }
    throw new InputError(`the gzip data is ${await feeding}; get the file again`);
  }
  return concatenate(chunks, size);
}

function checkMagic(bytes: Uint8Array): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return;
  const found = Array.from(bytes.subarray(0, 2), (byte) => byte.toString(16).padStart(2, "0"));
  throw new InputError(
    `gzip data starts with the bytes 1f 8b, this with ${found.join(" ") || "none"}; ` +
      `give a .gz file, or read the file without unpacking it`,
  );
}

function tooLarge(limit: number): string {
  return `the gzip data unpacks to more than ${limit} bytes; raise the limit if that is meant`;
}

/** Writes the bytes and resolves to what is wrong with them, in so far as they were refused. */
async function feed(
  writable: WritableStream<BufferSource>,
  bytes: Uint8Array,
): Promise<string | undefined> {
  const writer = writable.getWriter();
  try {
    for (let start = 0; start < bytes.length; start += sliceSize) {
      await writer.write(bytes.slice(start, start + sliceSize));
    }
  } catch {
    return "damaged, or followed by other bytes";
  }
  try {
    await writer.close();
  } catch {
    return `cut short after ${bytes.length} bytes, or damaged`;
  }
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
