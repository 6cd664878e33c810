import { deflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readMAT } from "../../core/formats/mat.ts";
import type { MATClass } from "../../core/formats/mat_array.ts";
import type { NumericType } from "../../core/formats/numeric.ts";
import { mostInflation } from "../../core/formats/zlib.ts";
import { join, MATCrafter } from "../formats/crafted_mat.ts";
import { claims, damaged, type Specimen, specimen } from "./damage.ts";
import { arraysOf, fileBytes } from "./numbers.ts";
import { property, survives } from "./property.ts";

/** The classes of numbers, with their codes and those of the type that stores them. */
const classes: readonly { name: MATClass; code: number; storage: number; array: NumericType }[] = [
  { name: "double", code: 6, storage: 9, array: Float64Array },
  { name: "single", code: 7, storage: 7, array: Float32Array },
  { name: "int8", code: 8, storage: 1, array: Int8Array },
  { name: "uint8", code: 9, storage: 2, array: Uint8Array },
  { name: "int16", code: 10, storage: 3, array: Int16Array },
  { name: "uint16", code: 11, storage: 4, array: Uint16Array },
  { name: "int32", code: 12, storage: 5, array: Int32Array },
  { name: "uint32", code: 13, storage: 6, array: Uint32Array },
  { name: "int64", code: 14, storage: 12, array: BigInt64Array },
  { name: "uint64", code: 15, storage: 13, array: BigUint64Array },
];

const compressedElement = 15;

/** A byte may stand for a double. */
const mostWidening = 8;

/** A variable as it is, or compressed. */
function pack(crafter: MATCrafter, variable: Uint8Array, compressed: boolean): Uint8Array {
  if (!compressed) return variable;
  const stream = Uint8Array.from(deflateSync(variable));
  return join(crafter.words(compressedElement, stream.length), stream);
}

const arrays = fc.constantFrom(...classes).chain((type) =>
  arraysOf(type.array, { minRank: 2 }).map((array) => ({ type, array }))
);

const name = fc.stringMatching(/^[a-zA-Z]\w{0,30}$/);

/** Files of a few arrays, and what should be read from them. */
const files = fc.record({
  littleEndian: fc.boolean(),
  compressed: fc.boolean(),
  arrays: fc.array(arrays, { maxLength: 4 }),
  names: fc.uniqueArray(name, { minLength: 4, maxLength: 4 }),
}).map(({ littleEndian, compressed, arrays, names }) => {
  const crafter = new MATCrafter({ littleEndian });
  const variables = arrays.map(({ type, array: { dimensions, data } }, i) => {
    const content = fileBytes(data, littleEndian);
    const { code: flags, storage } = type;
    const variable = crafter.variable({ name: names[i], flags, dimensions, storage, content });
    return pack(crafter, variable, compressed);
  });
  const expected = arrays.map(({ type, array: { dimensions, data } }, i) =>
    [names[i], { class: type.name, dimensions, data }] as const
  );
  return { expected, compressed, bytes: crafter.file(...variables) };
});

function whole(compressed: boolean): fc.Arbitrary<Specimen> {
  return files.filter((file) => file.compressed === compressed).map(({ expected, bytes }) =>
    specimen(bytes, `arrays ${expected.map(([name]) => name).join(", ")}`)
  );
}

/** Variables of any class and storage, of any size, with a name that is none. */
const claiming = fc.record({
  name: fc.oneof(name, fc.string(), fc.string({ unit: "binary" })),
  flags: fc.oneof(fc.nat(18), fc.constantFrom(0x0806, 0x0406, 0xff09)),
  dimensions: fc.array(fc.oneof(fc.nat(3), fc.constantFrom(...claims.map(Number)))),
  storage: fc.nat(18),
  content: fc.uint8Array(),
}).map((variable) =>
  specimen(new MATCrafter().variable(variable), `the variable ${JSON.stringify(variable)}`)
);

/** Damage within what is compressed, which no checksum tells. */
function packed(compressed: boolean): fc.Arbitrary<Specimen> {
  const crafter = new MATCrafter();
  return damaged(claiming).map(({ bytes, history }) =>
    specimen(crafter.file(pack(crafter, bytes, compressed)), `${history}, in a file`)
  );
}

/** What is true of readMAT(), whatever it is given. */
export const matProperties = [
  survives({
    name: "readMAT() without compression",
    read: (bytes) => readMAT(bytes),
    files: fc.oneof(whole(false), packed(false)),
    magic: new MATCrafter().file(),
    memory: (size) => mostWidening * size,
  }),
  survives({
    name: "readMAT() with compression",
    read: (bytes) => readMAT(bytes),
    files: fc.oneof(whole(true), packed(true)),
    // What is unpacked, the array taken for it, and the numbers made of that.
    memory: (size) => (2 + mostWidening) * mostInflation * size,
  }),
  property("readMAT() reads every array that is written", files, async ({ expected, bytes }) => {
    assertEquals([...await readMAT(bytes)], expected.map(([name, array]) => [name, array]));
  }),
];
