import fc from "fast-check";

/** How hard the packer tries: 0 stores. */
export const level = fc.constantFrom(0, 1, 6, 9);

/** Bytes of little content, which pack to a thousandth: among them bombs of up to 4 MiB. */
const repetitive = fc.record({
  unit: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  length: fc.oneof(
    { weight: 5, arbitrary: fc.nat(2 ** 10) },
    { weight: 5, arbitrary: fc.nat(2 ** 17) },
    { weight: 1, arbitrary: fc.constantFrom(2 ** 16, 2 ** 20, 2 ** 22) },
  ),
}).map(({ unit, length }) => {
  const bytes = new Uint8Array(length);
  bytes.set(unit.subarray(0, length));
  for (let filled = unit.length; filled < length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  return bytes;
});

/** Contents that pack well, badly or not at all. */
export const compressible = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.uint8Array({ size: "+2" }),
  repetitive,
).map((bytes) => Uint8Array.from(bytes));
