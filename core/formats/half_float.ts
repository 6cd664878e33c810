// Half floats (IEEE 754 binary16) by their bits: Float16Array is missing on Node 20 and in browsers
// of a few years.

/** Rounds float32 to half floats: to nearest, ties to even, what is too large to infinity. */
export function roundToHalves(
  values: Float32Array,
  into: Uint16Array<ArrayBuffer> = new Uint16Array(values.length),
): Uint16Array<ArrayBuffer> {
  const singles = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < singles.length; i++) into[i] = halfOf(singles[i]);
  return into;
}

/** The numbers that half floats are: float32 holds each of them. */
export function widenHalves(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const singles = new Uint32Array(halves.length);
  for (let i = 0; i < singles.length; i++) singles[i] = singleOf(halves[i]);
  return new Float32Array(singles.buffer);
}

/** From the bits of a float32 to those of a half float. */
function halfOf(single: number): number {
  const sign = (single >>> 16) & 0x8000, size = single & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00; // NaN
  if (size >= 0x47800000) return sign | 0x7c00; // 2^16 and more
  // From 2^-14 on the bits are those of the float32 with another bias, and a carry is right.
  if (size >= 0x38800000) return sign | roundedShift(size - 0x38000000, 13);
  // Below they count multiples of 2^-24; what is below 2^-25 is none.
  const shift = 126 - (size >>> 23);
  return shift > 24 ? sign : sign | roundedShift((size & 0x7fffff) | 0x800000, shift);
}

/** n / 2^shift to nearest, ties to even. */
function roundedShift(n: number, shift: number): number {
  return (n + (1 << (shift - 1)) - 1 + ((n >>> shift) & 1)) >>> shift;
}

/** From the bits of a half float to those of a float32. */
function singleOf(half: number): number {
  const sign = (half & 0x8000) << 16, size = half & 0x7fff;
  if (size >= 0x7c00) return sign | 0x7f800000 | ((size & 0x3ff) << 13);
  if (size >= 0x400) return sign | ((size << 13) + 0x38000000);
  if (size === 0) return sign;
  const shift = Math.clz32(size) - 21; // brings the leading one to where it is not written
  return sign | ((113 - shift) << 23) | (((size << shift) & 0x3ff) << 13);
}
