import { InputError } from "../errors.ts";
import { roundToHalves } from "./half_float.ts";

/** An infinity or a NaN has all five exponent bits of a half float set. */
const exponentBits = 0x7c00;

/**
 * Rounds numbers to half floats (IEEE 754 binary16, to nearest, ties to even) and packs two in a
 * word as WGSL's `unpack2x16float` takes them apart: number 2i is the low half of word i, number
 * 2i + 1 the high half. After an odd count of numbers the last high half is 0.
 *
 * A half float has 11 significant bits: the relative error is at most 2^-11 from 2^-14 to 65504.
 * Below 2^-14 the absolute error is at most 2^-25, or 2^-14 on an adapter that flushes subnormals.
 *
 * @param values Finite numbers that round to at most 65504 in size.
 * @param into Where the words go: half as many as there are values, rounded up. Default: new ones.
 * @returns `into`.
 * @throws {InputError} If a value is not finite or rounds beyond 65504.
 * @throws {RangeError} If `into` has another length.
 *
 * @example
 * ```ts
 * packHalf(Float32Array.of(1, -2)); // [0xc0003c00]
 * ```
 */
export function packHalf(
  values: Float32Array,
  into: Uint32Array<ArrayBuffer> = new Uint32Array(Math.ceil(values.length / 2)),
): Uint32Array<ArrayBuffer> {
  if (into.length !== Math.ceil(values.length / 2)) {
    throw new RangeError(`${values.length} values do not fill ${into.length} words`);
  }
  into.fill(0, values.length >> 1);
  const halves = new Uint16Array(into.buffer, into.byteOffset, values.length);
  roundToHalves(values, halves);
  const bad = halves.findIndex((half) => (half & exponentBits) === exponentBits);
  if (bad >= 0) {
    throw new InputError(
      `value ${bad} is ${values[bad]}, which no half float holds: at most 65504 in size is ` +
        `allowed; scale the data down or keep them in float32`,
    );
  }
  return into;
}
