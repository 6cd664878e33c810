import { deflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readMAT } from "../../core/formats/mat.ts";
import type { MATClass } from "../../core/formats/mat_array.ts";
import { readCaseArray } from "../../experiments/problems/case_array.ts";
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

/** Variables that are no real numeric arrays: cells, text, sparse, complex. */
const others = fc.constantFrom(1, 2, 3, 4, 5, 16, 0x0806, 0x0807).map((flags) =>
  new MATCrafter().variable({
    ...{ name: `other${flags}`, flags, dimensions: [1, 1], storage: 9 },
    content: new Uint8Array(8),
  })
);

/** Files of arrays between others, and whether they are logical. */
const mixed = fc.record({
  arrays: fc.array(arrays, { minLength: 1, maxLength: 3 }),
  others: fc.array(others, { maxLength: 3 }),
  logical: fc.boolean(),
  compressed: fc.boolean(),
}).map(({ arrays, others, logical, compressed }) => {
  const crafter = new MATCrafter();
  const marked = arrays.map(({ type, array }) => ({
    ...{ type, array },
    logical: logical && type.name === "uint8",
  }));
  const variables = marked.map((
    { type: { code, storage }, array: { dimensions, data }, logical },
    i,
  ) =>
    crafter.variable({
      ...{ name: `x${i}`, flags: code + (logical ? 0x0200 : 0), dimensions, storage },
      content: fileBytes(data, true),
    })
  );
  const all = variables.flatMap((variable, i) => [variable, ...others.slice(i, i + 1)]);
  return {
    bytes: crafter.file(...all.map((variable) => pack(crafter, variable, compressed))),
    expected: marked.map(({ type, array: { dimensions, data }, logical }, i) => [
      `x${i}`,
      { class: type.name, dimensions, data, ...logical && { logical } },
    ]),
  };
});

/** Cases of MATLAB, in a file whose cases are its rows or its columns. */
const cases = fc.record({
  count: fc.integer({ min: 1, max: 5 }),
  shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 }),
  byColumns: fc.boolean(),
}).map(({ count, shape, byColumns }) => {
  const dimensions = byColumns ? [...shape, count] : [count, ...shape];
  const width = shape.reduce((product, n) => product * n, 1);
  const content = Float64Array.from({ length: count * width }, (_, i) => i);
  const crafter = new MATCrafter();
  const variable = {
    name: "x",
    flags: 6,
    dimensions,
    storage: 9,
    content: fileBytes(content, true),
  };
  return {
    count,
    shape,
    width,
    byColumns,
    dimensions,
    bytes: crafter.file(crafter.variable(variable)),
  };
});

/** Where an element lies in a file: the first index fastest. */
function columnMajor(index: readonly number[], dimensions: readonly number[]): number {
  return index.reduceRight((at, i, k) => at * dimensions[k] + i, 0);
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
    assertEquals([...await readMAT(bytes)], expected as unknown[]);
  }),
  property(
    "readMAT() leaves out what is no numeric array, where it is asked to",
    mixed,
    async (file) => {
      assertEquals(
        [...await readMAT(file.bytes, { numericOnly: true })],
        file.expected as unknown[],
      );
    },
  ),
  property("readCaseArray() makes rows of MATLAB's cases, in their order", cases, async (file) => {
    const { count, shape, width, bytes, dimensions } = file;
    const request = { path: "x.mat", name: undefined, header: undefined, width };
    const read = await readCaseArray(bytes, request);
    // Where rows fit too, they are taken.
    const byColumns = file.byColumns && count * width / dimensions[0] !== width;
    const [taken] = read.taken.slice(-1);
    assertEquals(/^(?:columns|the last)/.test(taken), byColumns, taken);
    const inner = byColumns ? dimensions.slice(0, -1) : dimensions.slice(1);
    const wanted = Array.from({ length: count * width }, (_, at) => {
      const values = inner.reduce((product, n) => product * n, 1);
      let rest = at % values;
      const index = inner.map((_, k) => {
        const below = inner.slice(k + 1).reduce((product, n) => product * n, 1);
        const i = Math.floor(rest / below);
        rest %= below;
        return i;
      });
      const number = Math.floor(at / values);
      return columnMajor(byColumns ? [...index, number] : [number, ...index], dimensions);
    });
    assertEquals([...read.data].map(Number), wanted);
    if (byColumns === file.byColumns) assertEquals(read.dimensions, [count, ...shape]);
  }),
];
