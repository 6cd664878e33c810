import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readIDX } from "../../core/formats/idx.ts";
import { join } from "../formats/crafted_mat.ts";
import { claims, specimen } from "./damage.ts";
import { arraysOf, fileBytes, integers } from "./numbers.ts";
import { property, survives } from "./property.ts";

const types = [
  { code: 0x08, name: "u8", array: Uint8Array },
  { code: 0x09, name: "i8", array: Int8Array },
  { code: 0x0b, name: "i16", array: Int16Array },
  { code: 0x0c, name: "i32", array: Int32Array },
  { code: 0x0d, name: "f32", array: Float32Array },
  { code: 0x0e, name: "f64", array: Float64Array },
] as const;

function file(code: number, dimensions: readonly (bigint | number)[], body: Uint8Array) {
  return join(Uint8Array.of(0, 0, code, dimensions.length), integers(dimensions, 4), body);
}

const arrays = fc.constantFrom(...types).chain(({ code, name, array }) =>
  arraysOf(array).map(({ dimensions, data }) => ({
    array: { dimensions, type: name, data },
    bytes: file(code, dimensions, fileBytes(data, false)),
  }))
);

const whole = arrays.map(({ array, bytes }) =>
  specimen(bytes, `${array.dimensions.join(" x ")} of ${array.type}`)
);

const claiming = fc.record({
  code: fc.constantFrom(...types.map(({ code }) => code), 0, 0x0a, 0xff),
  dimensions: fc.array(fc.constantFrom(...claims), { maxLength: 255, size: "+1" }),
  body: fc.uint8Array(),
}).map(({ code, dimensions, body }) =>
  specimen(
    file(code, dimensions, body),
    `${dimensions.join(" x ")} of type ${code} claimed by ${body.toHex()}`,
  )
);

/** What is true of readIDX(), whatever it is given. */
export const idxProperties = [
  survives({
    name: "readIDX()",
    read: readIDX,
    files: fc.oneof(whole, claiming),
    magic: Uint8Array.of(0, 0, 8, 2),
    memory: (size) => size,
  }),
  property("readIDX() reads every array that is written", arrays, ({ array, bytes }) => {
    assertEquals(readIDX(bytes) as typeof array, array);
  }),
];
