/** MATLAB 5 files made by hand, right ones and wrong ones. */

/** The parts of a variable. Codes are those of the format: class 6 is double, storage 9 float64. */
export interface CraftedVariable {
  name: string;
  /** The class code, with the flags above it: 0x0800 is complex. */
  flags: number;
  dimensions: number[];
  storage: number;
  /** The numbers, in the byte order of the file. */
  content: Uint8Array;
}

/** Bytes one after the other. */
export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** 32-bit integers in the byte order asked for. */
export function words(littleEndian: boolean, ...values: number[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setUint32(4 * i, value, littleEndian));
  return new Uint8Array(view.buffer);
}

/** Writes MATLAB 5 files of one byte order. */
export class MATCrafter {
  readonly #littleEndian: boolean;

  constructor({ littleEndian = true } = {}) {
    this.#littleEndian = littleEndian;
  }

  /** A data element, padded to 8 bytes; up to 4 bytes go into the tag. */
  element(type: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
    const { length } = content;
    if (length > 0 && length <= 4) {
      return join(this.words(length * 65536 + type), content, new Uint8Array(4 - length));
    }
    return join(this.words(type, length), content, new Uint8Array(-length & 7));
  }

  words(...values: number[]): Uint8Array<ArrayBuffer> {
    return words(this.#littleEndian, ...values);
  }

  variable({ name, flags, dimensions, storage, content }: CraftedVariable) {
    return this.element(
      14,
      join(
        this.element(6, this.words(flags, 0)),
        this.element(5, this.words(...dimensions)),
        this.element(1, new TextEncoder().encode(name)),
        this.element(storage, content),
      ),
    );
  }

  /** An element compressed; `damage` may change its zlib stream. */
  async compressed(
    element: Uint8Array,
    damage = (stream: Uint8Array<ArrayBuffer>) => stream,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const stream = damage(await deflate(element));
    return join(this.words(15, stream.length), stream);
  }

  file(...elements: Uint8Array[]): Uint8Array<ArrayBuffer> {
    const text = new TextEncoder().encode("MATLAB 5.0 MAT-file, made by hand".padEnd(116));
    const mark = this.#littleEndian ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49];
    return join(text, new Uint8Array(8), Uint8Array.from(mark), ...elements);
  }
}

/** A zlib stream of the bytes. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
