import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { readNPY } from "../../core/formats/npy.ts";
import { InputError } from "../../core/errors.ts";
import { valueOrError } from "./bad_input.ts";
import { join } from "./crafted_mat.ts";

function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`fixtures/${name}.npy`, import.meta.url));
}

/** As the fixtures are made: first + 3 k in element k. */
function ramp(first: number, length: number): number[] {
  return Array.from({ length }, (_, k) => first + 3 * k);
}

const types = {
  f2: Float32Array,
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
};

for (const [name, type] of Object.entries(types)) {
  Deno.test(`readNPY() reads ${name}`, () => {
    const array = readNPY(fixture(name));
    assertEquals(array.type, name as keyof typeof types);
    assertEquals(array.dimensions, [2, 3]);
    assert(array.data instanceof type);
    assertEquals(Array.from(array.data), ramp(name.startsWith("u") ? 1 : -7, 6));
  });
}

for (const name of ["f4_big_endian", "f2_big_endian", "f4_version2", "f4_version3"]) {
  Deno.test(`readNPY() reads ${name}`, () => {
    const { dimensions, data } = readNPY(fixture(name));
    assertEquals(dimensions, [2, 3]);
    assertEquals(data, Float32Array.from(ramp(-7, 6)));
  });
}

Deno.test("readNPY() reads the integers of 64 bits, every bit of them", () => {
  const { type, dimensions, data } = readNPY(fixture("i8"));
  assertEquals([type, dimensions], ["i8", [2, 3]]);
  assertEquals(data, BigInt64Array.from(ramp(-7, 6), BigInt));
  const numbers = BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n);
  const body = new Uint8Array(numbers.buffer);
  assertEquals(readNPY(crafted({ type: "<u8", shape: "(3,)", body })).data, numbers);
  const swapped = body.slice();
  for (const at of [0, 8, 16]) swapped.subarray(at, at + 8).reverse();
  assertEquals(readNPY(crafted({ type: ">u8", shape: "(3,)", body: swapped })).data, numbers);
});

Deno.test("readNPY() reads bool as 0 and 1", () => {
  assertEquals(readNPY(fixture("bool")), {
    type: "b1",
    dimensions: [3],
    data: Uint8Array.of(1, 0, 1),
  });
});

Deno.test("readNPY() puts Fortran order into row-major order", () => {
  assertEquals(readNPY(fixture("f8_fortran")), {
    type: "f8",
    dimensions: [2, 3, 4],
    data: Float64Array.from(ramp(1, 24)),
  });
});

Deno.test("readNPY() reads an array without dimensions", () => {
  assertEquals(readNPY(fixture("scalar")), {
    type: "f4",
    dimensions: [],
    data: Float32Array.of(7),
  });
});

Deno.test("readNPY() copies nothing where nothing changes", () => {
  const bytes = fixture("f4");
  assertStrictEquals(readNPY(bytes).data.buffer, bytes.buffer);
});

Deno.test("readNPY() leaves a Buffer of Node as it was, whose slice() is no copy", () => {
  const file = Buffer.from(fixture("f4_big_endian"));
  const [first, second] = [readNPY(file), readNPY(file)];
  assertEquals(first.data, Float32Array.from(ramp(-7, 6)));
  assertEquals(second, first);
});

Deno.test("readNPY() reads a file that begins anywhere in its buffer", () => {
  const bytes = fixture("f8"), padded = new Uint8Array(bytes.length + 3);
  padded.set(bytes, 3);
  assertEquals(readNPY(padded.subarray(3)), readNPY(bytes));
});

Deno.test("readNPY() refuses other types and says what to do", () => {
  assertThrows(() => readNPY(fixture("record")), InputError, "holds records");
  for (const type of ["|O", "<c8", "<U5", "<f3", "toString", "|S1", "<M8[ns]"]) {
    assertThrows(() => readNPY(crafted({ type })), InputError, `astype("float32")`);
  }
});

for (const name of ["u1", "f4_version2", "f8_fortran", "bool"]) {
  Deno.test(`readNPY() refuses ${name} cut at any byte, and passes over what follows`, () => {
    const bytes = fixture(name), array = readNPY(bytes);
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => readNPY(bytes.subarray(0, length)), InputError);
    }
    assertEquals(array.trailing, undefined);
    assertEquals(readNPY(join(bytes, Uint8Array.of(10))), { ...array, trailing: 1 });
    assertEquals(readNPY(join(bytes, bytes)), { ...array, trailing: bytes.length });
  });

  Deno.test(`readNPY() gives a value or an InputError for ${name} with a bit changed`, async () => {
    const bytes = fixture(name);
    for (let i = 0; i < 8 * bytes.length; i++) {
      const changed = bytes.slice();
      changed[i >> 3] ^= 1 << (i & 7);
      const array = await valueOrError(() => readNPY(changed), InputError);
      if (array) assert(array.data.length <= bytes.length);
    }
  });
}

interface Crafted {
  type?: string;
  fortran?: string;
  shape?: string;
  header?: string;
  body?: Uint8Array;
}

/** A file of version 1, of two bytes where nothing else is said. */
function crafted({ type = "|u1", fortran = "False", shape = "(2,)", header, body }: Crafted) {
  const text = header ?? `{'descr': '${type}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const start = [
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    text.length & 255,
    text.length >> 8,
  ];
  return join(
    Uint8Array.from(start),
    new TextEncoder().encode(text),
    body ?? Uint8Array.of(1, 2),
  );
}

Deno.test("readNPY() reads the keys of the header in any order, spaced as they are", () => {
  const header = "{ 'shape':(1,2),'fortran_order' : True, 'descr': '|u1'}      \n";
  assertEquals(readNPY(crafted({ header })), {
    type: "u1",
    dimensions: [1, 2],
    data: Uint8Array.of(1, 2),
  });
});

Deno.test("readNPY() refuses sizes that are only claimed", () => {
  const claims = ["(1000000000,)", "(99999999999999999999,)", "(3,)", "(1, 2, 3)"];
  claims.push("(9007199254740991, 9007199254740991)");
  for (const shape of claims) assertThrows(() => readNPY(crafted({ shape })), InputError);
});

Deno.test("readNPY() refuses a header that NumPy does not write", () => {
  const headers = [
    "",
    "{}",
    "{'descr': '|u1', 'fortran_order': False}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), 'other': 'x'}",
    "{'descr': '|u1', 'descr': '|u1', 'shape': (2,)}",
    "{'descr': '|u1', 'fortran_order': 1, 'shape': (2,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': [2]}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (-2,)}",
    "{'descr': '|u1', 'fortran_order': False, 'shape': (1 2,)}",
    "import os",
    "x".repeat(20_000),
  ];
  for (const header of headers) {
    assertThrows(() => readNPY(crafted({ header })), InputError, "the header of the .npy file");
  }
});

Deno.test("readNPY() reads the shapes of Python 2, and no other that NumPy refuses", () => {
  const body = Uint8Array.of(1, 2, 3, 4, 5, 6);
  for (const shape of ["(2L, 3L)", "(2L,3L,)", "( 2, 3L )"]) {
    assertEquals(readNPY(crafted({ shape, body })).dimensions, [2, 3]);
  }
  assertEquals(readNPY(crafted({ shape: "(6L,)", body })).dimensions, [6]);
  const header = `{"descr": "|u1", "fortran_order": False, "shape": (2, 3)}`;
  assertEquals(readNPY(crafted({ header, body })).dimensions, [2, 3]);
  const refused = [
    "(np.int64(2), np.int64(3))",
    "(6)",
    "(06,)",
    "(,6)",
    "(6,,)",
    "(2.0, 3)",
    "(True, 6)",
  ];
  for (const shape of [...refused, "(-6, -1)", "(0x6,)", "(6l,)"]) {
    const reason = `the header of the .npy file has the shape ${shape}, which NumPy does not read`;
    assertThrows(() => readNPY(crafted({ shape, body })), InputError, reason);
  }
});

Deno.test("readNPY() reads ? as bool", () => {
  assertEquals(readNPY(crafted({ type: "?", body: Uint8Array.of(1, 0) })).type, "b1");
});

Deno.test("readNPY() refuses other files, other versions and bools above 1", () => {
  assertThrows(() => readNPY(new Uint8Array()), InputError, "not a .npy file");
  assertThrows(() => readNPY(new TextEncoder().encode("1,2,3")), InputError, "not a .npy file");
  const later = fixture("f4");
  later[6] = 4;
  assertThrows(() => readNPY(later), InputError, "version 4, not 1 to 3");
  assertThrows(() => readNPY(crafted({ type: "|b1" })), InputError, "says bool");
});
