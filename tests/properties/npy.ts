import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { NumericType } from "../../core/formats/numeric.ts";
import { type NPYType, readNPY, readNPZ } from "../../core/formats/npy.ts";
import { mostInflation } from "../../core/formats/zlib.ts";
import { join } from "../formats/crafted_mat.ts";
import { zip } from "../formats/crafted_npz.ts";
import { claims, edited, edits, specimen } from "./damage.ts";
import { arraysOf, fileBytes, integers } from "./numbers.ts";
import { property, readOrRefused, survives } from "./property.ts";

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
  i8: BigInt64Array,
  u8: BigUint64Array,
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

/** Whether two arrays are the same, bit by bit. */
function equal(a: unknown, b: unknown): boolean {
  try {
    assertEquals(a, b);
    return true;
  } catch {
    return false;
  }
}

const version = fc.constantFrom(1, 2, 3);

/** A tuple of Python, as its versions write it. */
function tuple(
  dimensions: readonly number[],
  { long, spaced }: { long: boolean; spaced: boolean },
) {
  const [end, comma] = [long ? "L" : "", spaced ? ", " : ","];
  const sizes = dimensions.map((n) => `${n}${end}`).join(comma);
  return dimensions.length === 1 ? `${sizes},` : sizes;
}

const arrays = fc.record({
  version,
  long: fc.boolean(),
  spaced: fc.boolean(),
  rest: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 9 })),
  type: fc.constantFrom(...Object.keys(types) as (keyof typeof types)[]),
  littleEndian: fc.boolean(),
}).chain(({ version, type, littleEndian, long, spaced, rest }) =>
  arraysOf(types[type], { minRank: 0 }).map(({ dimensions, data }) => {
    const shape = tuple(dimensions, { long: long && version < 3, spaced });
    const header = dictionary(`'${littleEndian ? "<" : ">"}${type}'`, false, shape);
    return {
      array: {
        ...{ type, dimensions, data: type === "f2" ? halves(data as Uint16Array) : data },
        ...rest.length > 0 && { trailing: rest.length },
      },
      bytes: file(version, header, join(fileBytes(data, littleEndian), rest)),
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

const descriptions = [...Object.keys(types), "b1", "?", "c8", "O", "U5", "V4"].map((type) =>
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

/** Archives of arrays, and of what is none. */
const archives = fc.record({
  arrays: fc.array(arrays, { minLength: 1, maxLength: 3 }),
  deflated: fc.boolean(),
  forced64: fc.boolean(),
  comment: fc.string(),
}).map(({ arrays, ...options }) => {
  const members = arrays.map(({ bytes }, i) => [`array ${i}.npy`, bytes] as const);
  const others = [["notes.txt", new Uint8Array(99)]] as const;
  return {
    expected: arrays.map(({ array }, i) => [`array ${i}`, array]),
    bytes: zip(Object.fromEntries([...members, ...others]), options),
  };
});

/** Sizes and places that archives claim. */
const claimingArchives = fc.record({
  deflated: fc.boolean(),
  size: fc.constantFrom(...claims.map(Number)),
  crc: fc.constantFrom(undefined, 0),
  method: fc.constantFrom(undefined, 0, 8, 9, 99),
}).map(({ deflated, size, crc, method }) => {
  const options = { deflated, size, ...crc !== undefined && { crc } };
  const bytes = zip({ "a.npy": new Uint8Array(300) }, { ...options, ...method && { method } });
  return specimen(bytes, `an archive that claims ${size} bytes, method ${method ?? deflated}`);
});

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
  survives({
    name: "readNPZ()",
    read: (bytes) => readNPZ(bytes),
    files: fc.oneof(
      archives.map(({ bytes, expected }) => specimen(bytes, `${expected.length} arrays archived`)),
      claimingArchives,
    ),
    magic: Uint8Array.of(0x50, 0x4b, 3, 4),
    // What is unpacked, in memory that doubles, and copied out of it; fflate makes room for blocks.
    memory: (size) => 10 * mostInflation * size + 2 ** 20,
  }),
  property(
    "readNPZ() reads every archive that is written",
    archives,
    async ({ expected, bytes }) => {
      assertEquals([...await readNPZ(bytes)], expected as unknown[]);
    },
  ),
  property(
    "readNPZ() misreads no damaged archive: an array is as it was, or refused",
    fc.tuple(archives, edits),
    ([{ expected, bytes }, edits]) =>
      readOrRefused(async () => {
        const damaged = edited(specimen(bytes, ""), edits).bytes;
        for (const array of (await readNPZ(damaged)).values()) {
          assert(expected.some(([, whole]) => equal(whole, array)));
        }
      }),
  ),
  property("readNPY() puts every Fortran order right", transposed, ({ dimensions, bytes }) => {
    const { data } = readNPY(bytes);
    assertEquals(data as Uint32Array, Uint32Array.from({ length: data.length }, (_, i) => i));
    assertEquals(readNPY(bytes).dimensions, dimensions);
  }),
];
