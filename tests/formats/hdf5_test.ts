import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { readMAT73 } from "../../core/formats/hdf5.ts";
import type { MATArray } from "../../core/formats/mat.ts";
import { InputError } from "../../core/errors.ts";
import { runDeno } from "../experiments/processes.ts";

const bytes = Deno.readFileSync(new URL("fixtures/matlab73.mat", import.meta.url));

/** As the fixture is made: first + 3 k in element k. */
function ramp(first: number, length: number): number[] {
  return Array.from({ length }, (_, k) => first + 3 * k);
}

function values({ data }: MATArray): number[] {
  return Array.from(data as Float64Array, Number);
}

async function read(name: string): Promise<MATArray> {
  return (await readMAT73(bytes, { only: [name] })).get(name)!;
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

Deno.test("readMAT73() reads every numeric class as MATLAB has it", async () => {
  const arrays = await readMAT73(bytes, { only: Object.keys(classes) });
  assertEquals([...arrays.keys()].sort(), Object.keys(classes).sort());
  for (const [name, type] of Object.entries(classes)) {
    const array = arrays.get(name)!;
    assertEquals(array.class, name as MATArray["class"]);
    assertEquals(array.dimensions, [2, 3]);
    assert(array.data instanceof type);
    assertEquals(values(array), ramp(name.startsWith("uint") ? 1 : -7, 6));
  }
});

Deno.test("readMAT73() reads more dimensions, empty and logical arrays", async () => {
  const cube = await read("cube"), empty = await read("empty"), flag = await read("flag");
  assertEquals(cube.dimensions, [2, 3, 4]);
  assertEquals(values(cube), ramp(1, 24));
  assertEquals([empty.class, empty.dimensions, values(empty)], ["double", [0, 5], []]);
  assertEquals([flag.class, flag.dimensions, values(flag)], ["uint8", [1, 3], [1, 0, 1]]);
});

Deno.test("readMAT73() reads numbers of the other byte order", async () => {
  assertEquals(values(await read("foreign")), ramp(-7, 6));
});

Deno.test("readMAT73() reads an array of many slabs, the last of them shorter", async () => {
  const large = Deno.readFileSync(new URL("fixtures/matlab73_large.mat", import.meta.url));
  const { dimensions, data } = (await readMAT73(large)).get("columns")!;
  assertEquals(dimensions, [1500, 3001]);
  const wrong = (data as Uint16Array).findIndex((value, i) => value !== Math.floor(i / 1500));
  assertEquals([data.length, wrong], [1500 * 3001, -1]);
});

Deno.test("readMAT73() refuses damaged compressed numbers", async () => {
  const zlibHeader = bytes.findIndex((byte, i) => byte === 0x78 && bytes[i + 1] === 0x5e);
  const changed = bytes.slice();
  changed[zlibHeader + 6] ^= 1;
  await assertRejects(() => readMAT73(changed, { only: ["single"] }), InputError, "cannot be read");
});

const refused = {
  complex_numbers: "complex",
  sparse_numbers: "a structure or a sparse matrix",
  record: "a structure or a sparse matrix",
  cells: "of class cell",
  letters: "of class char",
};
for (const [name, what] of Object.entries(refused)) {
  Deno.test(`readMAT73() refuses ${name}`, async () => {
    await assertRejects(() => read(name), InputError, `variable ${name} is ${what}`);
  });
}

Deno.test("readMAT73() names the variable that is missing", async () => {
  await assertRejects(() => read("bdata"), InputError, "no variable bdata, it holds cells");
});

Deno.test("readMAT73() refuses an array beyond the limit", async () => {
  assertEquals(
    values((await readMAT73(bytes, { only: ["cube"], limit: 96 })).get("cube")!).length,
    24,
  );
  await assertRejects(
    () => readMAT73(bytes, { only: ["cube"], limit: 95 }),
    InputError,
    "variable cube (2 x 3 x 4) is larger than the 95 bytes allowed",
  );
});

/** The file with the sizes of the arrays of 3 x 2, 64-bit integers in a row, made others. */
function claim(rows: bigint, columns: bigint): Uint8Array {
  const changed = bytes.slice(), original = new DataView(bytes.buffer);
  const view = new DataView(changed.buffer);
  for (let at = 0; at + 16 <= bytes.length; at++) {
    if (original.getBigUint64(at, true) !== 3n || original.getBigUint64(at + 8, true) !== 2n) {
      continue;
    }
    view.setBigUint64(at, rows, true);
    view.setBigUint64(at + 8, columns, true);
  }
  return changed;
}

Deno.test("readMAT73() refuses sizes that the file cannot hold", async () => {
  assertEquals(claim(3n, 2n), bytes);
  const chunked = { only: ["single"] }, contiguous = { only: ["double"] };
  for (const rows of [2n ** 14n, 2n ** 40n]) {
    const file = claim(rows, 2n ** 15n);
    await assertRejects(() => readMAT73(file, chunked), InputError, "cannot be in a file of");
    await assertRejects(() => readMAT73(file, contiguous), InputError, "cannot be read");
  }
});

Deno.test("readMAT73() refuses bytes that are not HDF5", async () => {
  for (const wrong of [new Uint8Array(), new Uint8Array(1000).fill(7), bytes.subarray(1)]) {
    await assertRejects(() => readMAT73(wrong), InputError, "cannot be read");
  }
});

Deno.test("readMAT73() refuses a file cut short", async () => {
  for (const length of [520, 2000, 6000, bytes.length - 1]) {
    const cut = bytes.subarray(0, length);
    await assertRejects(() => readMAT73(cut, { only: ["single"] }), InputError, "cannot be read");
  }
});

Deno.test("readMAT73() gives up a file that nothing comes of", async () => {
  const message = "nothing came of it for 0 s";
  await assertRejects(() => readMAT73(bytes, { patience: 0 }), InputError, message);
});

Deno.test("readMAT73() leaves the bytes and those around them to the caller", async () => {
  const padded = new Uint8Array(bytes.length + 9);
  padded.set(bytes, 5);
  const part = padded.subarray(5, 5 + bytes.length);
  const arrays = await readMAT73(part, { only: ["cube"] });
  assertEquals(values(arrays.get("cube")!), ramp(1, 24));
  assertEquals(part, bytes);
});

Deno.test("readMAT73() says so where its library may not be loaded", async () => {
  const reader = new URL("../../core/formats/hdf5.ts", import.meta.url).href;
  const code = `import { readMAT73 } from "${reader}";
    await readMAT73(new Uint8Array()).catch(({ name, message }) => console.log(name, message));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const { stdout } = await runDeno(["run", "--no-check", "--no-prompt", file]);
    assertMatch(
      stdout,
      /^InputError h5wasm, which reads .* cannot be loaded \(Requires read access/,
    );
  } finally {
    await Deno.remove(file);
  }
});
