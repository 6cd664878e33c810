import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { isMAT73, type MATArray, readMAT, rowByRow } from "../../core/formats/mat.ts";
import { mostInflation } from "../../core/formats/zlib.ts";
import { InputError } from "../../core/errors.ts";
import { longestAllocation, valueOrError } from "./bad_input.ts";
import { join, MATCrafter } from "./crafted_mat.ts";

function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

/** As the fixtures are made: first + 3 k in element k. */
function ramp(first: number, length: number): number[] {
  return Array.from({ length }, (_, k) => first + 3 * k);
}

function values({ data }: MATArray): number[] {
  return Array.from(data as Float64Array, Number);
}

const classes = {
  double: Float64Array,
  single: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

for (const name of ["scipy_plain.mat", "scipy_compressed.mat"]) {
  Deno.test(`readMAT() reads every numeric class of ${name}`, async () => {
    const arrays = await readMAT(fixture(name));
    for (const [className, type] of Object.entries(classes)) {
      const array = arrays.get(className)!;
      assertEquals(array.class, className as MATArray["class"]);
      assertEquals(array.dimensions, [2, 3]);
      assert(array.data instanceof type);
      assertEquals(values(array), ramp(className.startsWith("uint") ? 1 : -7, 6));
    }
  });

  Deno.test(`readMAT() reads every shape of ${name}`, async () => {
    const arrays = await readMAT(fixture(name));
    const shape = (name: string) => arrays.get(name)!.dimensions;
    assertEquals(shape("cube"), [2, 3, 4]);
    assertEquals(values(arrays.get("cube")!), ramp(1, 24));
    assertEquals(shape("halves"), [3, 1]);
    assertEquals(values(arrays.get("halves")!), [0.5, 3.5, 6.5]);
    assertEquals(shape("empty"), [0, 5]);
    assertEquals(values(arrays.get("empty")!), []);
    assertEquals(shape("scalar"), [1, 1]);
    assertEquals(values(arrays.get("scalar")!), [7]);
    assertEquals(arrays.get("flag")!.class, "uint8");
    assertEquals(values(arrays.get("flag")!), [1, 0, 1]);
  });
}

for (const name of ["octave_v6.mat", "octave_v7.mat"]) {
  Deno.test(`readMAT() reads ${name}`, async () => {
    const arrays = await readMAT(fixture(name));
    assertEquals([...arrays.keys()].sort(), ["bytes", "doubles", "singles"]);
    const counts = ramp(0, 10).map((value) => value / 3);
    assertEquals(arrays.get("doubles")!.class, "double");
    assertEquals(values(arrays.get("doubles")!), counts.map((value) => value / 4));
    assertEquals(arrays.get("singles")!.class, "single");
    assertEquals(values(arrays.get("singles")!), counts);
    assertEquals(arrays.get("bytes")!.class, "uint8");
    assertEquals(values(arrays.get("bytes")!), counts);
  });
}

Deno.test("readMAT() reads a big-endian file", async () => {
  const arrays = await readMAT(fixture("big_endian.mat"));
  assertEquals([...arrays.keys()], ["f64", "f32", "i16", "u64", "pair"]);
  for (const name of ["f64", "f32", "i16"]) {
    assertEquals(arrays.get(name)!.dimensions, [2, 3]);
    assertEquals(values(arrays.get(name)!), ramp(-7, 6));
  }
  assertEquals(values(arrays.get("u64")!), ramp(1, 6));
  assertEquals(values(arrays.get("pair")!), ramp(1, 2));
});

Deno.test("readMAT() does not change the bytes of a big-endian file", async () => {
  const bytes = fixture("big_endian.mat");
  await readMAT(bytes);
  assertEquals(bytes, fixture("big_endian.mat"));
});

Deno.test("readMAT() reads numbers stored in a smaller type than their class", async () => {
  const arrays = await readMAT(fixture("small_storage.mat"));
  for (const storage of ["i1", "u1", "i2", "u2", "i4", "u4", "f4"]) {
    const array = arrays.get(`${storage}_in_double`)!;
    assert(array.data instanceof Float64Array);
    assertEquals(values(array), ramp(1, 6));
  }
  assert(arrays.get("u1_in_single")!.data instanceof Float32Array);
  assertEquals(values(arrays.get("u1_in_single")!), ramp(1, 6));
  assert(arrays.get("u1_in_int16")!.data instanceof Int16Array);
  assertEquals(values(arrays.get("inline")!), ramp(1, 3));
});

Deno.test("readMAT() does not copy an array that is not compressed", async () => {
  const bytes = fixture("scipy_plain.mat");
  const arrays = await readMAT(bytes);
  assertStrictEquals(arrays.get("double")!.data.buffer, bytes.buffer);
});

Deno.test("readMAT() reads a file that begins anywhere in its buffer", async () => {
  for (const name of ["scipy_plain.mat", "scipy_compressed.mat", "big_endian.mat"]) {
    const bytes = fixture(name), padded = new Uint8Array(bytes.length + 9);
    padded.set(bytes, 5);
    assertEquals(await readMAT(padded.subarray(5, 5 + bytes.length)), await readMAT(bytes));
  }
});

Deno.test("readMAT() decodes only what it is asked for", async () => {
  const arrays = await readMAT(fixture("scipy_others.mat"), { only: ["numbers"] });
  assertEquals([...arrays.keys()], ["numbers"]);
  assertEquals(values(arrays.get("numbers")!), ramp(1, 6));
});

const refused = {
  complex_numbers: "complex",
  sparse_numbers: "a sparse matrix",
  cells: "a cell array",
  record: "a structure",
  letters: "text",
};
for (const [name, what] of Object.entries(refused)) {
  Deno.test(`readMAT() refuses ${what} where numbers are wanted`, async () => {
    await assertRejects(
      () => readMAT(fixture("scipy_others.mat"), { only: [name] }),
      InputError,
      `variable ${name} is ${what}`,
    );
  });
}

Deno.test("readMAT() names the variable that is missing and those there are", async () => {
  await assertRejects(
    () => readMAT(fixture("octave_v7.mat"), { only: ["bdata"] }),
    InputError,
    "no variable bdata, it holds bytes, doubles, singles",
  );
});

Deno.test("readMAT() tells which other format a file has", async () => {
  const reasons: [Uint8Array, string][] = [
    [fixture("matlab4.mat"), "MATLAB 4"],
    [fixture("matlab73.mat"), "readMAT73"],
    [new Uint8Array(), "this has 0"],
    [new TextEncoder().encode("x".repeat(200)), "not a MATLAB 5 file"],
    [fixture("f4.npy"), "not a MATLAB 5 file"],
  ];
  for (const [bytes, reason] of reasons) {
    await assertRejects(() => readMAT(bytes), InputError, reason);
  }
});

Deno.test("isMAT73() tells MATLAB 7.3 from 5, by the version or the signature of HDF5", () => {
  const bytes = fixture("matlab73.mat");
  assert(isMAT73(bytes));
  assert(isMAT73(bytes.subarray(0, 128)));
  assert(isMAT73(bytes.subarray(512)));
  assert(!isMAT73(fixture("scipy_plain.mat")));
  assert(!isMAT73(fixture("big_endian.mat")));
  assert(!isMAT73(new Uint8Array()));
});

/** Where the elements of a file end. */
function boundaries(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const ends = [128];
  while (ends.at(-1)! < bytes.length) {
    ends.push(ends.at(-1)! + 8 + view.getUint32(ends.at(-1)! + 4, true));
  }
  return ends;
}

for (const name of ["scipy_plain.mat", "scipy_compressed.mat", "small_storage.mat"]) {
  Deno.test(`readMAT() refuses ${name} cut at any byte within a variable`, async () => {
    const bytes = fixture(name), all = [...await readMAT(bytes)], ends = boundaries(bytes);
    assertEquals(ends.length, all.length + 1);
    for (let length = 0; length < bytes.length; length++) {
      const read = await valueOrError(() => readMAT(bytes.subarray(0, length)), InputError);
      const whole = ends.indexOf(length);
      assertEquals(read && [...read], whole < 0 ? undefined : all.slice(0, whole));
    }
  });

  Deno.test(`readMAT() gives a value or an InputError for ${name} with a bit changed`, async () => {
    const bytes = fixture(name);
    const longest = await longestAllocation(async () => {
      for (let i = 0; i < bytes.length; i++) {
        const changed = bytes.slice();
        changed[i] ^= 1 << (i % 8);
        await valueOrError(() => readMAT(changed), InputError);
      }
    });
    assertLessOrEqual(longest, mostInflation * bytes.length);
  });
}

const crafter = new MATCrafter();
const doubles = {
  name: "x",
  flags: 6,
  dimensions: [1, 2],
  storage: 9,
  content: new Uint8Array(16),
};

Deno.test("readMAT() takes no memory for sizes that are only claimed", async () => {
  const huge = [0x7fffffff, 0x7fffffff, 0x7fffffff];
  const claims = [
    { ...doubles, dimensions: huge },
    { ...doubles, dimensions: [1 << 20, 1 << 7] }, // 2^30 bytes, within the limit
    { ...doubles, dimensions: [0x7fffffff, 0] },
    { ...doubles, dimensions: Array(200).fill(2) },
  ];
  for (const claim of claims) {
    const plain = crafter.variable(claim), compressed = await crafter.compressed(plain);
    for (const file of [crafter.file(plain), crafter.file(compressed)]) {
      const run = () => assertRejects(() => readMAT(file), InputError);
      assertLessOrEqual(await longestAllocation(run), mostInflation * file.length);
    }
  }
});

Deno.test("readMAT() takes no memory where dimensions and sizes agree on a claim", async () => {
  const variable = crafter.variable({ ...doubles, dimensions: [1 << 20, 1 << 7] });
  const sized = variable.slice();
  sized.set(crafter.words(14, 2 ** 30 + 48), 0); // the variable
  sized.set(crafter.words(9, 2 ** 30), variable.length - 24); // its numbers
  const plain = crafter.file(sized), compressed = crafter.file(await crafter.compressed(sized));
  for (const [file, reason] of [[plain, "cut short"], [compressed, "do not hold"]] as const) {
    const run = () => assertRejects(() => readMAT(file), InputError, reason);
    assertLessOrEqual(await longestAllocation(run), mostInflation * file.length);
  }
});

Deno.test("readMAT() refuses an array beyond the limit before it takes memory", async () => {
  const content = new Uint8Array(2 ** 20), dimensions = [2 ** 20, 1];
  const variable = crafter.variable({ name: "x", flags: 6, dimensions, storage: 2, content });
  const file = crafter.file(await crafter.compressed(variable));
  const size = 8 * 2 ** 20; // as doubles
  assertEquals(await longestAllocation(() => readMAT(file, { limit: size })), 2 ** 20);
  const longest = await longestAllocation(() =>
    assertRejects(() => readMAT(file, { limit: size - 1 }), InputError, "raise the limit")
  );
  assertLessOrEqual(longest, 1024);
});

Deno.test("readMAT() stops at a zlib stream that holds more than the array", async () => {
  const bomb = join(crafter.variable(doubles), new Uint8Array(2 ** 20));
  const file = crafter.file(await crafter.compressed(bomb));
  const longest = await longestAllocation(() =>
    assertRejects(() => readMAT(file), InputError, "holds more than its size says")
  );
  assertLessOrEqual(longest, 1024);
});

Deno.test("readMAT() refuses a zlib stream cut at any byte though the file is whole", async () => {
  const variable = crafter.variable({ ...doubles, content: Uint8Array.from(Array(16).keys()) });
  const { length } = (await crafter.compressed(variable)).subarray(8);
  for (let end = 0; end < length; end++) {
    const cut = await crafter.compressed(variable, (stream) => stream.slice(0, end));
    await assertRejects(() => readMAT(crafter.file(cut)), InputError, "variable at byte 128");
  }
});

Deno.test("readMAT() refuses a storage type that does not fit in the class", async () => {
  const combinations: [classCode: number, storage: number, width: number][] = [
    [9, 9, 8], // float64 in uint8
    [9, 1, 1], // int8 in uint8
    [11, 3, 2], // int16 in uint16
    [11, 1, 1], // int8 in uint16
    [8, 3, 2], // int16 in int8
    [12, 7, 4], // float32 in int32
    [7, 9, 8], // float64 in single
    [6, 12, 8], // int64 in double
    [14, 5, 4], // int32 in int64
    [6, 16, 1], // text in double
  ];
  for (const [flags, storage, width] of combinations) {
    const content = new Uint8Array(2 * width);
    const file = crafter.file(crafter.variable({ ...doubles, flags, storage, content }));
    await assertRejects(() => readMAT(file), InputError, "does not fit in it");
  }
});

Deno.test("readMAT() refuses dimensions that the stored numbers do not have", async () => {
  for (const dimensions of [[1, 3], [3], [], [-1, -2], [2, 0]]) {
    const file = crafter.file(crafter.variable({ ...doubles, dimensions }));
    const error = await assertRejects(() => readMAT(file), InputError);
    assertStringIncludes(error.message, "get the file again");
  }
});

Deno.test("readMAT() refuses bytes that are left in a variable", async () => {
  const longer = join(crafter.variable(doubles), new Uint8Array(8));
  longer.set(crafter.words(14, longer.length - 8));
  for (const element of [longer, await crafter.compressed(longer)]) {
    await assertRejects(() => readMAT(crafter.file(element)), InputError, "size of the variable");
  }
});

Deno.test("readMAT() refuses a name twice, and passes over variables without one", async () => {
  const variable = crafter.variable(doubles), nameless = crafter.variable({ ...doubles, name: "" });
  await assertRejects(() => readMAT(crafter.file(variable, variable)), InputError, "x twice");
  assertEquals([...(await readMAT(crafter.file(nameless, variable, nameless))).keys()], ["x"]);
});

Deno.test("rowByRow() lets the last index vary fastest", () => {
  const data = Float64Array.of(1, 2, 3, 4, 5, 6);
  assertEquals(rowByRow({ dimensions: [2, 3], data }), Float64Array.of(1, 3, 5, 2, 4, 6));
  assertEquals(rowByRow({ dimensions: [1, 3, 2], data }), Float64Array.of(1, 4, 2, 5, 3, 6));
});
