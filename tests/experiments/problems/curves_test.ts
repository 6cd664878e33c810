import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { InputError } from "../../../core/errors.ts";
import { curves } from "../../../experiments/problems/curves.ts";
import { unchecked } from "../../../experiments/problems/problem.ts";
import { longestAllocation } from "../../formats/bad_input.ts";
import { join, MATCrafter } from "../../formats/crafted_mat.ts";
import { scratch } from "../scratch.ts";

const name = "digs3pts_1.mat";
const crafter = new MATCrafter();

function load(data: string | undefined) {
  return curves.load({
    data,
    dataSeed: 1,
    download: false,
    width: 784,
    outputUnit: "sigmoid",
    interruption: new AbortController().signal,
  });
}

/** A variable of bytes: 0, but for those that `put` says, by row and column. */
function variable(name: string, rows: number, columns: number, ...put: [number, number, number][]) {
  const content = new Uint8Array(rows * columns);
  for (const [row, column, value] of put) content[column * rows + row] = value;
  return crafter.variable({ name, flags: 9, dimensions: [rows, columns], storage: 2, content });
}

Deno.test("curves.load() takes the original file, packed or not", async () => {
  const train = variable("bdata", 20_000, 784, [0, 3, 1]);
  const test = variable("bdatatest", 10_000, 784, [0, 5, 1]);
  const packed = [await crafter.compressed(train), await crafter.compressed(test)];
  for (const file of [crafter.file(train, test), crafter.file(...packed)]) {
    using folder = scratch();
    const path = folder.write(name, file);
    const { width, trainCases, examples, source } = await load(folder.path);
    assertEquals([width, trainCases, examples.length], [784, 20_000, 12 * 784]);
    assertEquals([examples[3], examples[5]], [0, 1]); // of the test cases
    const [record] = source.files as [{ path: string; sha256: string }];
    assertEquals([source.kind, record.path, record.sha256.length], [unchecked, path, 64]);
  }
});

Deno.test("curves.load() generates a stand-in where no folder is named", async () => {
  const { trainCases, source } = await load(undefined);
  assertEquals([trainCases, source], [20_000, { kind: "stand-in", seed: 1 }]);
});

Deno.test("curves.load() refuses a file that is not the original, and names it", async () => {
  const test = variable("bdatatest", 10_000, 784);
  const good = variable("bdata", 20_000, 784);
  const packed = await crafter.compressed(good, (stream) => stream.slice(0, -5));
  const claiming = (rows: number, flags = 6) =>
    crafter.variable({
      name: "bdata",
      flags,
      dimensions: [rows, 784],
      storage: 9,
      content: new Uint8Array(16),
    });
  const bad: [bytes: Uint8Array, says: string][] = [
    [new Uint8Array(), "a MATLAB 5 file has a header of 128 bytes, this has 0"],
    [crafter.file(good), "the MATLAB file has no variable bdatatest, it holds bdata"],
    [crafter.file(variable("bdata", 784, 20_000), test), "bdata is 784 x 20000, the transpose of"],
    [
      crafter.file(variable("bdata", 20_000, 784, [8, 6, 2]), test),
      "row 9, column 7 is 2, outside",
    ],
    [crafter.file(packed, test), "get the file again"],
    [crafter.file(claiming(20_000, 0x0806), test), "variable bdata is complex"],
    [crafter.file(claiming(20_000, 5), test), "variable bdata is"],
    [crafter.file(claiming(20_000, 4), test), "variable bdata is"],
    [join(crafter.file(good), test.subarray(0, 99)), "the MATLAB file is cut short"],
  ];
  for (const [bytes, says] of bad) {
    using folder = scratch();
    const path = folder.write(name, bytes);
    const { message } = await assertRejects(() => load(folder.path), InputError, says);
    assertEquals(message.startsWith(`${path}: `), true, message);
  }
  using folder = scratch();
  folder.write(name, crafter.file(claiming(2 ** 31), test));
  const longest = await longestAllocation(() => assertRejects(() => load(folder.path), InputError));
  assertLess(longest, Deno.statSync(`${folder.path}/${name}`).size + 1);
});

Deno.test("curves.load() says what belongs into the folder", async () => {
  using folder = scratch();
  await assertRejects(() => load(folder.path), InputError, `${folder.path} holds no ${name}`);
  Deno.mkdirSync(`${folder.path}/${name}`);
  await assertRejects(() => load(folder.path), InputError, "is a folder: name a file");
});

Deno.test("curves.load() reads files of MATLAB 7.3, too", async () => {
  using folder = scratch();
  const fixture = new URL("../../formats/fixtures/matlab73.mat", import.meta.url);
  const path = folder.write(name, Deno.readFileSync(fixture));
  // The words of the HDF5 reader: the file was understood, but is another one.
  const reason = `${path}: the MATLAB file has no variable bdata, it holds `;
  await assertRejects(() => load(folder.path), InputError, reason);
});
