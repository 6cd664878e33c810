/** An array of real numbers, of any type that a data file may hold. */
export type NumericArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The constructor of one type of {@linkcode NumericArray}. */
export interface NumericType {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NumericArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericArray;
}

/** How numbers lie in a block of bytes. */
export interface NumericLayout {
  type: NumericType;
  littleEndian: boolean;
  /** The bytes may be changed: they are nobody else's. Default: they are copied where needed. */
  owned?: boolean;
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The numbers that fill a block of bytes. They share its memory where its byte order and its
 * alignment are those of the machine; a data set of hundreds of megabytes is then not copied.
 */
export function numbersIn(bytes: Uint8Array, layout: NumericLayout): NumericArray {
  const { type, littleEndian, owned = false } = layout;
  const width = type.BYTES_PER_ELEMENT;
  const foreign = width > 1 && littleEndian !== hostIsLittleEndian;
  const aligned = bytes.byteOffset % width === 0;
  const block = aligned && (owned || !foreign) ? bytes : new Uint8Array(bytes);
  if (foreign) swapBytes(block, width);
  return new type(block.buffer, block.byteOffset, block.length / width);
}

/** Turns the byte order of numbers `width` bytes wide around, in place. */
function swapBytes(bytes: Uint8Array, width: number) {
  for (let start = 0; start < bytes.length; start += width) {
    for (let low = start, high = start + width - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}

/** The elements of a column-major array, first index fastest, in row-major order, last fastest. */
export function rowMajor<T extends NumericArray>(data: T, dimensions: readonly number[]): T {
  const strides: number[] = [];
  dimensions.reduce((stride, n) => (strides.push(stride), stride * n), 1);
  const index = dimensions.map(() => 0), last = dimensions.length - 1;
  const ordered = data.slice() as T;
  for (let at = 0, from = 0; at < data.length; at++) {
    ordered[at] = data[from];
    for (let k = last; k >= 0; k--) {
      from += strides[k];
      if (++index[k] < dimensions[k]) break;
      from -= strides[k] * dimensions[k];
      index[k] = 0;
    }
  }
  return ordered;
}
