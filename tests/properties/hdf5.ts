import { assertEquals } from "@std/assert";
import fc from "fast-check";
// deno-lint-ignore no-import-prefix -- as the reader has it
import * as h5wasm from "npm:h5wasm@0.10.3";
import { readMAT73 } from "../../core/formats/hdf5.ts";
import type { MATClass } from "../../core/formats/mat_array.ts";
import type { NumericType } from "../../core/formats/numeric.ts";
import { specimen } from "./damage.ts";
import { arraysOf, type Shaped } from "./numbers.ts";
import { property, survives } from "./property.ts";

/** The classes of numbers, and the types of HDF5 by the library's names. */
const classes: readonly { name: MATClass; dtype: string; array: NumericType }[] = [
  { name: "double", dtype: "<d", array: Float64Array },
  { name: "single", dtype: "<f", array: Float32Array },
  { name: "int8", dtype: "<b", array: Int8Array },
  { name: "uint8", dtype: "<B", array: Uint8Array },
  { name: "int16", dtype: "<h", array: Int16Array },
  { name: "uint16", dtype: "<H", array: Uint16Array },
  { name: "int32", dtype: "<i", array: Int32Array },
  { name: "uint32", dtype: "<I", array: Uint32Array },
  { name: "int64", dtype: "<q", array: BigInt64Array },
  { name: "uint64", dtype: "<Q", array: BigUint64Array },
];

interface Variable {
  readonly name: string;
  readonly type: typeof classes[number];
  readonly array: Shaped;
  readonly compressed: boolean;
}

const { FS } = await h5wasm.ready;

/** A file as MATLAB 7.3 writes it: dimensions turned around, the class in an attribute. */
function write(variables: readonly Variable[]): Uint8Array<ArrayBuffer> {
  const path = "written.mat";
  const file = new h5wasm.File(path, "w");
  for (const { name, type: { name: className, dtype }, array, compressed } of variables) {
    const shape = array.dimensions.toReversed();
    const chunks = compressed ? { chunks: shape.map((n) => Math.ceil(n / 2)), compression: 6 } : {};
    const dataset = file.create_dataset({ name, data: array.data, shape, dtype, ...chunks });
    dataset.create_attribute("MATLAB_class", className, null, `S${className.length}`);
  }
  file.close();
  const bytes = FS.readFile(path);
  FS.unlink(path);
  return Uint8Array.from(bytes);
}

const variables = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z]\w{0,30}$/), { maxLength: 3 }).chain(
  (names) =>
    fc.tuple(...names.map((name) =>
      fc.constantFrom(...classes).chain((type) =>
        fc.record({
          name: fc.constant(name),
          type: fc.constant(type),
          array: arraysOf(type.array, { minRank: 2 }).filter(({ data }) => data.length > 0),
          compressed: fc.boolean(),
        })
      )
    )),
);

const fixture = Deno.readFileSync(new URL("../formats/fixtures/matlab73.mat", import.meta.url));
const numeric = [...classes.map(({ name }) => name), "cube", "empty", "flag", "foreign"];

const written = variables.map((variables) =>
  specimen(write(variables), `arrays ${variables.map(({ name }) => name).join(", ")}`)
);

/** The library lies in a worker of its own for each file, which takes a third of a second. */
const share = 1 / 50;

/** What is true of readMAT73(), whatever it is given. */
export const hdf5Properties = [
  survives({
    name: "readMAT73() of MATLAB's arrays",
    read: (bytes) => readMAT73(bytes, { only: numeric }),
    files: fc.constant(specimen(fixture, "matlab73.mat")),
    memory: copy,
    share,
  }),
  survives({
    name: "readMAT73()",
    read: (bytes) => readMAT73(bytes),
    files: written,
    magic: fixture.subarray(0, 512 + 8),
    memory: copy,
    share,
  }),
  property(
    "readMAT73() reads every array that is written",
    variables,
    async (variables) => {
      const expected = new Map(
        variables.map(({ name, type, array }) => [name, { class: type.name, ...array }]),
      );
      assertEquals(await readMAT73(write(variables)), expected);
    },
    share,
  ),
];

/** What the worker takes is its own, and ends with it. */
function copy(size: number): number {
  return size;
}
