import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  readSafetensors,
  type SafetensorsTensor,
  writeSafetensors,
} from "../../core/formats/safetensors.ts";
import { InputError } from "../../core/errors.ts";
import { longestAllocation } from "./bad_input.ts";

const python = Deno.readFileSync(new URL("fixtures/python.safetensors", import.meta.url));

/** What fixtures/make_safetensors.py wrote. */
const written: Record<string, SafetensorsTensor> = {
  weights: { type: "F32", shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
  half: { type: "F16", shape: [3], data: Float16Array.of(1, -2, 65504) },
  double: { type: "F64", shape: [2], data: Float64Array.of(Math.PI, -0) },
  counts: { type: "I64", shape: [2, 1], data: BigInt64Array.of(2n ** 53n + 1n, -1n) },
  bytes: { type: "U8", shape: [3], data: Uint8Array.of(0, 7, 255) },
  flags: { type: "BOOL", shape: [2], data: Uint8Array.of(1, 0) },
  scalar: { type: "I32", shape: [], data: Int32Array.of(-5) },
  nothing: { type: "U16", shape: [0, 4], data: new Uint16Array() },
  größe: { type: "I8", shape: [1], data: Int8Array.of(1) },
};

const texts = { note: 'a "quoted" text: with a colon', format: "np" };

/** A file of this header, as text or as the object it says, and so many bytes after it. */
function file(header: string | Record<string, unknown>, bodyLength = 0): Uint8Array<ArrayBuffer> {
  const json = typeof header === "string" ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + bodyLength);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (start: number, end: number, shape = [(end - start) / 4], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

function refused(bytes: Uint8Array, says: RegExp): void {
  const { message } = assertThrows(() => readSafetensors(bytes), InputError);
  assertMatch(message, says);
  assertMatch(message, /^[^\n]*[;:] [^\n]*$/);
}

Deno.test("readSafetensors() reads every type that the format's own package writes", () => {
  const { tensors, metadata } = readSafetensors(python);
  assertEquals(Object.fromEntries(tensors), written);
  assertEquals(metadata, texts);
});

Deno.test("writeSafetensors() writes what readSafetensors() reads", () => {
  const bytes = writeSafetensors(Object.entries(written), texts);
  const { tensors, metadata } = readSafetensors(bytes);
  assertEquals(Object.fromEntries(tensors), written);
  assertEquals(metadata, texts);
  assertEquals(readSafetensors(writeSafetensors([])).tensors.size, 0);
});

Deno.test("writeSafetensors() aligns each tensor, so that reading copies nothing", () => {
  const order = ["bytes", "weights", "flags", "double", "half"].map((name) =>
    [name, written[name]] as const
  );
  const bytes = writeSafetensors(order);
  for (const { data } of readSafetensors(bytes).tensors.values()) {
    assertEquals(data.buffer, bytes.buffer);
  }
});

Deno.test("writeSafetensors() keeps the bits of every NaN", () => {
  const bits = Uint32Array.of(0x7fc00000, 0x7f800001, 0xffc12345, 0x80000000, 1);
  const data = new Float32Array(bits.buffer);
  const bytes = writeSafetensors([["nan", { type: "F32", shape: [5], data }]]);
  const read = readSafetensors(bytes).tensors.get("nan")!.data;
  assertEquals(new Uint32Array(read.buffer, read.byteOffset, 5), bits);
});

Deno.test("writeSafetensors() rounds float32 to half floats, ties to even", () => {
  const data = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, -65504, 65520, 2 ** -24);
  const bytes = writeSafetensors([["half", { type: "F16", shape: [5], data }]]);
  const rounded = Float16Array.of(1, 1 + 2 ** -9, -65504, Infinity, 2 ** -24);
  assertEquals(readSafetensors(bytes).tensors.get("half")?.data, rounded);
});

Deno.test("writeSafetensors() refuses data that do not fill their shape, and names that are taken", () => {
  const wrong: SafetensorsTensor[] = [
    { type: "F32", shape: [3], data: new Float32Array(4) },
    { type: "F32", shape: [2], data: new Float64Array(1) },
    { type: "F16", shape: [4], data: new Float32Array(2) },
    { type: "F16", shape: [2], data: new Uint16Array(2) },
  ];
  for (const tensor of wrong) {
    assertThrows(() => writeSafetensors([["a", tensor]]), RangeError, "a is no tensor");
  }
  const { weights } = written;
  for (const names of [["a", "b", "a"], ["__metadata__"]]) {
    const tensors = names.map((name) => [name, weights] as const);
    assertThrows(() => writeSafetensors(tensors, texts), RangeError, "no two tensors");
  }
});

Deno.test("readSafetensors() reads tensors that lie in another order, or not aligned", () => {
  const bytes = file({
    b: entry(4, 12),
    a: entry(1, 4, [3], "U8"),
    c: entry(0, 1, [1, 1], "I8"),
  }, 12);
  bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), bytes.length - 8);
  const { tensors } = readSafetensors(bytes);
  assertEquals([...tensors.keys()], ["c", "a", "b"]);
  assertEquals(tensors.get("b")?.data, Float32Array.of(1.5, -2));
});

Deno.test("readSafetensors() says of a file cut short that it is", () => {
  for (let length = 0; length < python.length; length++) {
    refused(python.subarray(0, length), /at least 8 bytes|cut short/);
  }
  refused(Uint8Array.of(...python, 0), /end 1 bytes before it/);
});

Deno.test("readSafetensors() trusts nothing that a header says", () => {
  const deep = "[".repeat(1e5) + "]".repeat(1e5);
  const bad: [bytes: Uint8Array, says: RegExp][] = [
    [file("[1, 2]"), /not a safetensors file/],
    [file("{"), /not JSON/],
    [file('{"a": "\xff'), /not JSON/],
    [file('{"a": 1}'), /no JSON object/],
    [file(`{"a": ${deep}}`), /no JSON object/],
    [file('{"a": {"dtype": "F32"}}'), /"a" a dtype, a shape/],
    [file({ a: { ...entry(0, 4), more: 1 } }, 4), /"a" a dtype, a shape/],
    [file({ a: entry(0, 4, [-1]) }, 4), /"a" a dtype, a shape/],
    [file({ a: entry(0, 4, [0.5, 2]) }, 4), /"a" a dtype, a shape/],
    [file({ a: { ...entry(0, 4), data_offsets: [0, 4, 8] } }, 4), /"a" a dtype, a shape/],
    [file({ a: { ...entry(0, 4), data_offsets: [0, 1e300] } }, 4), /"a" a dtype, a shape/],
    [file({ a: entry(0, 4, [2], "BF16") }, 4), /of type "BF16", not one of F64, F32/],
    [file({ a: entry(0, 4, [1], "toString") }, 4), /of type "toString"/],
    [file({ a: entry(0, 4, [2]) }, 4), /4 bytes, which its shape does not take/],
    [file({ a: entry(4, 0, [1]) }, 4), /-4 bytes/],
    [file({ a: entry(0, 4, [2 ** 52, 2 ** 52, 0.25 * 2 ** 4]) }, 4), /does not take/],
    [file({ a: entry(0, 8) }, 4), /ends 8 bytes after the header, the file 4: it is cut short/],
    [file({ a: entry(4, 8) }, 8), /gaps/],
    [file({ a: entry(0, 8), b: entry(4, 8) }, 8), /overlap/],
    [file({ a: entry(0, 4), b: entry(0, 4) }, 4), /overlap/],
    [file({ __metadata__: { a: 1 } }), /does not hold texts alone/],
    [file({ __metadata__: [] }), /no JSON object/],
    [file('{"a": {}, "a": {}}'), /names something twice/],
    [file('{"a": {}, "\\u0061": {}}'), /names something twice/],
    [file('{"__metadata__": {"x": "1", "x": "2"}}'), /names something twice/],
    [
      file('{"a": {"dtype": "F32", "dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}', 4),
      /names something twice/,
    ],
  ];
  for (const [bytes, says] of bad) refused(bytes, says);
  const notUTF8 = file('{"a": 1}');
  notUTF8[10] = 0xff;
  refused(notUTF8, /not UTF-8/);
  const vast = file("{}");
  new DataView(vast.buffer).setBigUint64(0, 2n ** 64n - 1n, true);
  refused(vast, /not a safetensors file/);
});

Deno.test("readSafetensors() takes names for names, whatever they are", () => {
  const names = ["__proto__", "constructor", "1", 'a"b\\', "", "x:y"];
  const tensors = names.map((name, i) =>
    [name, { type: "U8", shape: [1], data: Uint8Array.of(i) }] as const
  );
  const metadata = { '": "': '\\": {"', toString: ":" };
  const read = readSafetensors(writeSafetensors(tensors, metadata));
  assertEquals(new Set(read.tensors.keys()), new Set(names));
  names.forEach((name, i) => assertEquals(read.tensors.get(name)?.data, Uint8Array.of(i)));
  assertEquals(read.metadata, metadata);
});

Deno.test("readSafetensors() allocates nothing that a header claims", async () => {
  const claims = [
    { a: entry(0, 2 ** 40, [2 ** 38]) },
    { a: entry(0, 8, [2 ** 40, 2 ** 40, 0]) },
    { a: entry(0, 4, [2 ** 50]) },
  ];
  for (const claim of claims) {
    for (const type of ["Uint8Array", "Float32Array"] as const) {
      const longest = await longestAllocation(
        () => assertThrows(() => readSafetensors(file(claim, 8)), InputError),
        type,
      );
      assert(longest < 1000);
    }
  }
});
