import { InputError } from "../errors.ts";

/** Two bits of a DEFLATE stream yield at most 258 bytes: no stream unpacks to more times its size. */
export const mostInflation = 1032;

/** What is unpacked at a time: at most 4 MiB come of it, however the stream was made. */
const sliceSize = 2 ** 12;

/** The sums of so many bytes stay below 2^31, within the integers that JavaScript adds fastest. */
const adlerBlock = 3800;
const adlerModulus = 65521;

/**
 * Unpacks a zlib stream (RFC 1950) as far as it is read: neither more memory nor more time is spent
 * than the bytes asked for take, whatever the stream claims or holds beyond them.
 *
 * @example
 * ```ts
 * const reader = new ZlibReader(compressed, "the variable at byte 128");
 * const header = await reader.take(48);
 * await reader.finish(); // throws where the 48 bytes are not all there was
 * ```
 */
export class ZlibReader {
  /** What {@linkcode take} gives belongs to the caller. */
  readonly owned = true;
  readonly #compressed: Uint8Array;
  readonly #where: string;
  readonly #chunks: ReadableStreamDefaultReader<Uint8Array>;
  #rest = new Uint8Array();
  #sum = 1;
  #sumOfSums = 0;

  /** @param where Which part of the file this is, for the errors. */
  constructor(compressed: Uint8Array, where: string) {
    this.#compressed = compressed;
    this.#where = where;
    this.#chunks = slices(compressed).pipeThrough(new DecompressionStream("deflate")).getReader();
  }

  /**
   * The next `length` bytes.
   *
   * @throws {InputError} If the stream is damaged or has fewer; no memory is taken for more bytes
   * than a stream of this size can hold.
   */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length > mostInflation * this.#compressed.length) throw this.#tooShort(length);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (this.#rest.length === 0 && !await this.#next()) throw this.#tooShort(length);
      const part = this.#rest.subarray(0, length - at);
      bytes.set(part, at);
      this.#rest = this.#rest.subarray(part.length);
      at += part.length;
    }
    return bytes;
  }

  /** @throws {InputError} If bytes are left, or the checksum of all that was read is wrong. */
  async finish(): Promise<void> {
    if (this.#rest.length > 0 || await this.#next()) {
      throw new InputError(`${this.#where} holds more than its size says; get the file again`);
    }
    // Not every platform reports a stream that is cut off before its checksum.
    const { buffer, byteOffset, length } = this.#compressed;
    const stored = length < 4 ? -1 : new DataView(buffer, byteOffset, length).getUint32(length - 4);
    if (stored !== this.#sumOfSums * 65536 + this.#sum) throw this.#damaged();
  }

  /** Gives the rest up. */
  async cancel(): Promise<void> {
    await this.#chunks.cancel().catch(() => {}); // a stream found damaged has nothing to give up
  }

  /** Unpacks the next bytes, and tells if there were any. */
  async #next(): Promise<boolean> {
    do {
      const { done, value } = await this.#chunks.read().catch(() => {
        throw this.#damaged();
      });
      if (done) return false;
      this.#rest = value as Uint8Array<ArrayBuffer>;
    } while (this.#rest.length === 0);
    this.#addToChecksum(this.#rest);
    return true;
  }

  /** Adler-32: the sum of the bytes, and the sum of all sums on the way. */
  #addToChecksum(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += adlerBlock) {
      const end = Math.min(start + adlerBlock, bytes.length);
      let sum = this.#sum, sumOfSums = this.#sumOfSums;
      for (let i = start; i < end; i++) {
        sum += bytes[i];
        sumOfSums += sum;
      }
      this.#sum = sum % adlerModulus;
      this.#sumOfSums = sumOfSums % adlerModulus;
    }
  }

  #tooShort(length: number): InputError {
    return new InputError(
      `${this.#where} needs ${length} bytes that its zlib data do not hold; get the file again`,
    );
  }

  #damaged(): InputError {
    return new InputError(
      `the zlib data of ${this.#where} are damaged or cut short; get the file again`,
    );
  }
}

function slices(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  let start = 0;
  return new ReadableStream({
    pull(controller) {
      if (start >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(start, start += sliceSize));
    },
  }, { highWaterMark: 0 });
}
