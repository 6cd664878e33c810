/** An IDX file of bytes. */
export function idx(
  dimensions: readonly number[],
  valueAt: (i: number) => number,
): Uint8Array<ArrayBuffer> {
  const count = dimensions.reduce((product, n) => product * n, 1);
  const view = new DataView(new ArrayBuffer(4 + 4 * dimensions.length + count));
  view.setUint32(0, 0x0800 + dimensions.length);
  dimensions.forEach((n, d) => view.setUint32(4 + 4 * d, n));
  for (let i = 0; i < count; i++) view.setUint8(4 + 4 * dimensions.length + i, valueAt(i));
  return new Uint8Array(view.buffer);
}
