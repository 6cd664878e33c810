import fc from "fast-check";
import type { NumericArray, NumericType } from "../../core/formats/numeric.ts";
import { join } from "../formats/crafted_mat.ts";

/** Numbers with the sizes of the array they fill. */
export interface Shaped<T extends NumericArray = NumericArray> {
  readonly dimensions: number[];
  readonly data: T;
}

/** Arrays of any numbers of a type, those without elements too. */
export function arraysOf<T extends NumericType>(
  type: T,
  { minRank = 1, maxRank = 4 } = {},
): fc.Arbitrary<Shaped<InstanceType<T>>> {
  return fc.array(fc.nat(4), { minLength: minRank, maxLength: maxRank }).chain((dimensions) => {
    const count = dimensions.reduce((product, n) => product * n, 1);
    const length = count * type.BYTES_PER_ELEMENT;
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => ({
      dimensions,
      data: new type(bytes.slice().buffer, 0, count) as InstanceType<T>,
    }));
  });
}

/** The bytes of numbers in a file. Whatever runs WebGPU is little-endian itself. */
export function fileBytes(data: NumericArray, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const width = data.BYTES_PER_ELEMENT;
  for (let at = 0; !littleEndian && at < bytes.length; at += width) {
    bytes.subarray(at, at + width).reverse();
  }
  return bytes;
}

/** Integers one after the other, each `width` bytes wide; what does not fit is lost. */
export function integers(
  values: readonly (bigint | number)[],
  width: number,
  littleEndian = false,
): Uint8Array<ArrayBuffer> {
  return join(...values.map((value) => {
    const places = Array.from({ length: width }, (_, i) => BigInt(8 * i));
    const bytes = Uint8Array.from(places, (place) => Number((BigInt(value) >> place) & 255n));
    return littleEndian ? bytes : bytes.reverse();
  }));
}
