import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { NumericType } from "../../core/formats/numeric.ts";
import {
  readSafetensors,
  type SafetensorsType,
  writeSafetensors,
} from "../../core/formats/safetensors.ts";
import { join } from "../formats/crafted_mat.ts";
import { claims, nested, specimen } from "./damage.ts";
import { arraysOf, integers } from "./numbers.ts";
import { property, survives } from "./property.ts";

const types: Record<Exclude<SafetensorsType, "F16" | "BOOL">, NumericType> = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
};

const tensors = fc.constantFrom(...Object.keys(types) as (keyof typeof types)[]).chain((type) =>
  arraysOf(types[type], { minRank: 0 }).map(({ dimensions, data }) => ({
    type,
    shape: dimensions,
    data,
  }))
);

const text = fc.string({ unit: "grapheme" });

/** A few tensors of any type, and texts beside them. */
const contents = fc.record({
  tensors: fc.array(fc.tuple(text, tensors), { maxLength: 4 }).map((list) => new Map(list)),
  metadata: fc.array(fc.tuple(text, text)).map((texts) => Object.fromEntries(texts)),
});

const whole = contents.map(({ tensors, metadata }) =>
  specimen(
    writeSafetensors(tensors, metadata),
    `tensors ${JSON.stringify([...tensors.keys()])}, texts ${JSON.stringify(metadata)}`,
  )
);

/** A file of any header, with its length before it or another one. */
function file(header: string, length: bigint | undefined, body: Uint8Array) {
  const json = new TextEncoder().encode(header);
  return join(integers([length ?? json.length], 8, true), json, body);
}

const size = fc.oneof(fc.nat(8), fc.constantFrom(...claims.map(Number)), fc.constantFrom(-1, 0.5));

/** Headers that are well-formed and say anything at all. */
const claiming = fc.record({
  entries: fc.dictionary(
    fc.oneof(fc.constantFrom("x", "__metadata__", "__proto__"), fc.string({ unit: "binary" })),
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          dtype: fc.oneof(fc.constantFrom(...Object.keys(types), "F16", "BOOL", "BF16"), text),
          shape: fc.array(size),
          data_offsets: fc.array(size, { minLength: 2, maxLength: 2 }),
        }),
      },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
  ),
  length: fc.option(fc.constantFrom(...claims), { nil: undefined, freq: 8 }),
  body: fc.uint8Array(),
}).map(({ entries, length, body }) => {
  const header = JSON.stringify(entries);
  return specimen(file(header, length, body), `${header}, its length ${length ?? "right"}`);
});

const deep = nested.map((header) => specimen(file(header, undefined, new Uint8Array()), "a nest"));

/** What is true of readSafetensors(), whatever it is given. */
export const safetensorsProperties = [
  survives({
    name: "readSafetensors()",
    read: readSafetensors,
    files: fc.oneof(
      { weight: 4, arbitrary: whole },
      { weight: 4, arbitrary: claiming },
      { weight: 1, arbitrary: deep },
    ),
    magic: Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 0x7b),
    // The data share the memory of the file.
    memory: () => 0,
  }),
  property("readSafetensors() reads every file that is written", contents, (content) => {
    const { tensors, metadata } = readSafetensors(
      writeSafetensors(content.tensors, content.metadata),
    );
    assertEquals(new Map(tensors) as typeof content.tensors, content.tensors);
    assertEquals(metadata, content.metadata);
  }),
];
