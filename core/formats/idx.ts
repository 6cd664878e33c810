import { InputError } from "../errors.ts";
import { printable, shapeWords } from "./wording.ts";

/** The element types of the format, by the code in the file's third byte. */
const types = {
  0x08: { name: "u8", size: 1 },
  0x09: { name: "i8", size: 1 },
  0x0b: { name: "i16", size: 2 },
  0x0c: { name: "i32", size: 4 },
  0x0d: { name: "f32", size: 4 },
  0x0e: { name: "f64", size: 8 },
} as const;

/** What {@linkcode readIDX} reads: an array of one of six types, in row-major order. */
export type IDX =
  & { dimensions: number[] }
  & (
    | { type: "u8"; data: Uint8Array }
    | { type: "i8"; data: Int8Array }
    | { type: "i16"; data: Int16Array }
    | { type: "i32"; data: Int32Array }
    | { type: "f32"; data: Float32Array }
    | { type: "f64"; data: Float64Array }
  );

/**
 * Reads the IDX format of the MNIST files: two zero bytes, a type code, the number of dimensions,
 * the dimensions as 32-bit integers and the elements in row-major order, all big-endian.
 *
 * Single bytes (u8, i8) are not copied: the data share the memory of `bytes`. Nothing is allocated
 * before the sizes that the file claims are found to agree with its length.
 *
 * @throws {InputError} If a byte of the header or the length of the file is not what it must be.
 *
 * @example
 * ```ts
 * import { readIDX } from "../../mod.ts";
 *
 * const file = new Uint8Array([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]);
 * console.log(readIDX(file)); // { dimensions: [1, 3], type: "u8", data: [7, 8, 9] }
 * ```
 */
export function readIDX(bytes: Uint8Array): IDX {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type, size, headerSize } = readMagic(view);
  const dimensions: number[] = [];
  for (let at = 4; at < headerSize; at += 4) dimensions.push(view.getUint32(at));
  checkLength(dimensions, type, size, bytes.length - headerSize);
  const body = new DataView(view.buffer, view.byteOffset + headerSize);
  return { dimensions, ...readElements(type, body, (bytes.length - headerSize) / size) };
}

function readMagic(view: DataView) {
  if (view.byteLength < 4) {
    throw new InputError(
      `an IDX file has a header of at least 4 bytes, this has ${view.byteLength}; get it again`,
    );
  }
  if (view.getUint16(0) !== 0) {
    throw new InputError(
      `an IDX file starts with the bytes 00 00, this with ${hex(view, 0)} ${hex(view, 1)}; ` +
        `give an IDX file, unpacked if it was compressed`,
    );
  }
  const type = types[view.getUint8(2) as keyof typeof types];
  if (type === undefined) {
    throw new InputError(
      `the type code of an IDX file is 08, 09, 0b, 0c, 0d or 0e, here ${hex(view, 2)}; ` +
        `give a file of one of these types`,
    );
  }
  const rank = view.getUint8(3), headerSize = 4 + 4 * rank;
  if (rank === 0) {
    throw new InputError("an IDX file has 1 to 255 dimensions, this has 0; give one with data");
  }
  if (view.byteLength < headerSize) {
    throw new InputError(
      `the header of an IDX file of ${rank} dimensions has ${headerSize} bytes, this file ends ` +
        `after ${view.byteLength}; get it again`,
    );
  }
  return { type: type.name, size: type.size, headerSize };
}

function hex(view: DataView, at: number): string {
  return view.getUint8(at).toString(16).padStart(2, "0");
}

/** In integers of any size: a product of claimed dimensions knows no bounds. */
function checkLength(dimensions: number[], type: string, size: number, found: number): void {
  const expected = dimensions.reduce((product, n) => product * BigInt(n), BigInt(size));
  if (expected !== BigInt(found)) {
    throw new InputError(
      `${shapeWords(dimensions)} elements of ${type} take ${printable(String(expected))} bytes ` +
        `after the header, this IDX file has ${found}; get it again`,
    );
  }
}

function readElements(type: IDX["type"], body: DataView<ArrayBufferLike>, length: number) {
  const { buffer, byteOffset } = body;
  switch (type) {
    case "u8":
      return { type, data: new Uint8Array(buffer, byteOffset, length) };
    case "i8":
      return { type, data: new Int8Array(buffer, byteOffset, length) };
    case "i16":
      return { type, data: new Int16Array(length).map((_, i) => body.getInt16(2 * i)) };
    case "i32":
      return { type, data: new Int32Array(length).map((_, i) => body.getInt32(4 * i)) };
    case "f32":
      return { type, data: new Float32Array(length).map((_, i) => body.getFloat32(4 * i)) };
    case "f64":
      return { type, data: new Float64Array(length).map((_, i) => body.getFloat64(8 * i)) };
  }
}
