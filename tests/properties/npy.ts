import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { NumericType } from "../../core/formats/numeric.ts";
import { type NPYType, readNPY } from "../../core/formats/npy.ts";
import { join } from "../formats/crafted_mat.ts";
import { claims, specimen } from "./damage.ts";
import { arraysOf, fileBytes, integers } from "./numbers.ts";
import { property, survives } from "./property.ts";

const types: Record<Exclude<NPYType, "b1">, NumericType> = {
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
};

const utf8 = new TextEncoder();
const magic = join(Uint8Array.of(0x93), utf8.encode("NUMPY"), Uint8Array.of(1, 0));

/** A file of version 1, 2 or 3: the later ones count the header in 4 bytes. */
function file(version: number, header: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = utf8.encode(header);
  const length = integers([text.length], version === 1 ? 2 : 4, true);
  return join(magic.subarray(0, 6), Uint8Array.of(version, 0), length, text, body);
}

function dictionary(descr: string, fortran: boolean, shape: string): string {
  const order = fortran ? "True" : "False";
  return `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': (${shape}), }\n`;
}

const version = fc.constantFrom(1, 2, 3);

const arrays = fc.record({
  version,
  type: fc.constantFrom(...Object.keys(types) as (keyof typeof types)[]),
  littleEndian: fc.boolean(),
}).chain(({ version, type, littleEndian }) =>
  arraysOf(types[type], { minRank: 0 }).map(({ dimensions, data }) => {
    const shape = dimensions.map((n) => `${n},`).join(" ");
    const header = dictionary(`'${littleEndian ? "<" : ">"}${type}'`, false, shape);
    return {
      array: { type, dimensions, data: type === "f2" ? halves(data as Uint16Array) : data },
      bytes: file(version, header, fileBytes(data, littleEndian)),
    };
  })
);

/** Half floats as the numbers they are. */
function halves({ buffer, length }: Uint16Array): Float32Array {
  return new Float32Array(new Float16Array(buffer, 0, length));
}

/** The elements in both orders: element (i, j, ...) is its place in row-major order. */
const transposed = fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }).map((dimensions) => {
  const places = columnMajorPlaces(dimensions);
  const shape = dimensions.map((n) => `${n},`).join(" ");
  const body = fileBytes(Uint32Array.from(places), true);
  return { dimensions, bytes: file(1, dictionary("'<u4'", true, shape), body) };
});

/** The row-major places of the elements, the first index fastest. */
function columnMajorPlaces([first, ...others]: readonly number[]): number[] {
  if (first === undefined) return [0];
  const stride = others.reduce((product, n) => product * n, 1);
  return columnMajorPlaces(others).flatMap((place) =>
    Array.from({ length: first }, (_, i) => i * stride + place)
  );
}

const descriptions = [...Object.keys(types), "b1", "i8", "c8", "O", "U5", "V4"].map((type) =>
  `'<${type}'`
);

const claiming = fc.record({
  version: fc.constantFrom(0, 1, 2, 3, 4),
  descr: fc.oneof(fc.constantFrom(...descriptions, "[('x', '<f4')]"), fc.string()),
  fortran: fc.boolean(),
  shape: fc.array(fc.oneof(fc.constantFrom(...claims), fc.integer())).map(String),
  body: fc.uint8Array(),
}).map(({ version, descr, fortran, shape, body }) => {
  const header = dictionary(descr, fortran, shape);
  return specimen(file(version, header, body), `${header.trim()} before ${body.length} bytes`);
});

const pieces = fc.constantFrom("{", "}", "'descr'", "'shape'", ":", "(", ")", "'<f4'", "2", ",");

/** Headers of the right words in any order. */
const scrambled = fc.array(fc.oneof(pieces, fc.string())).map((pieces) => {
  const header = pieces.join("");
  return specimen(file(1, header, new Uint8Array(2)), `the header ${JSON.stringify(header)}`);
});

const whole = arrays.map(({ array, bytes }) =>
  specimen(bytes, `${array.dimensions.join(" x ")} of ${array.type}`)
);

/** What is true of readNPY(), whatever it is given. */
export const npyProperties = [
  survives({
    name: "readNPY()",
    read: readNPY,
    files: fc.oneof(
      whole,
      transposed.map(({ bytes }) => specimen(bytes, "Fortran order")),
      claiming,
      scrambled,
    ),
    magic,
    // Half floats become twice as many bytes.
    memory: (size) => 2 * size,
  }),
  property("readNPY() reads every array that is written", arrays, ({ array, bytes }) => {
    assertEquals(readNPY(bytes) as typeof array, array);
  }),
  property("readNPY() puts every Fortran order right", transposed, ({ dimensions, bytes }) => {
    const { data } = readNPY(bytes);
    assertEquals(data as Uint32Array, Uint32Array.from({ length: data.length }, (_, i) => i));
    assertEquals(readNPY(bytes).dimensions, dimensions);
  }),
];
