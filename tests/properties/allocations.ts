// Counts the memory that readers ask for. This module is to be imported before them: they keep the
// constructors that they find. Copies of what there is already do not count.

let bytes = 0;

/** Bytes asked for since the last call, by typed arrays and by unpacking. */
export function takeAllocatedBytes(): number {
  const taken = bytes;
  bytes = 0;
  return taken;
}

const arrayTypes = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Float16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

for (const type of arrayTypes) {
  const counting = new Proxy(type, {
    construct(target, parameters, newTarget) {
      const [source] = parameters;
      // Where the source is a buffer there is no length, and nothing new.
      const length = typeof source === "number" ? source : source?.length ?? 0;
      bytes += target.BYTES_PER_ELEMENT * length;
      return Reflect.construct(target, parameters, newTarget);
    },
  });
  Object.assign(globalThis, { [type.name]: counting });
}

globalThis.DecompressionStream = class extends DecompressionStream {
  override get readable() {
    const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        bytes += chunk.length;
        controller.enqueue(chunk);
      },
    });
    return super.readable.pipeThrough(counter);
  }
};
