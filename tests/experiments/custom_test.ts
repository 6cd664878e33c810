import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { custom } from "../../experiments/problems/custom.ts";
import { chooseNetwork, type NetworkOptions } from "../../experiments/problems/network.ts";
import type { ProblemOptions } from "../../experiments/problems/problem.ts";
import { readTable } from "../../experiments/shared/tables.ts";
import { paperProblems } from "../../models/problems/paper.ts";
import { longestAllocation } from "../formats/bad_input.ts";
import { runDeno } from "./processes.ts";
import { gzip, idx, scratch } from "./scratch.ts";

const text = (words: string) => new TextEncoder().encode(words);

/** An .npy file of version 1. */
function npy(type: string, shape: string, content: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
  const start = Uint8Array.of(0x93, ...text("NUMPY"), 1, 0, 118, 0, ...text(`${header}\n`));
  const { buffer, byteOffset, byteLength } = content;
  return Uint8Array.of(...start, ...new Uint8Array(buffer, byteOffset, byteLength));
}

function load(path: string, options: Partial<ProblemOptions> = {}) {
  return custom.load({
    data: path,
    dataSeed: 1,
    download: false,
    width: undefined,
    outputUnit: "sigmoid",
    interruption: new AbortController().signal,
    ...options,
  });
}

Deno.test("custom.load() reads an IDX file of images, and gzipped", async () => {
  using folder = scratch();
  const images = idx([3, 1, 2], Uint8Array.of(0, 255, 51, 102, 153, 204));
  for (const bytes of [images, await gzip(images)]) {
    const name = bytes === images ? "images" : "images.gz";
    const { width, trainCases, examples, image } = await load(folder.write(name, bytes));
    assertEquals([width, trainCases], [2, 3]);
    assertEquals(image, { width: 2, height: 1, range: [0, 1] });
    [0, 1, 0.2, 0.4, 0.6, 0.8].forEach((level, i) =>
      assertAlmostEquals(examples[i], level, 2 ** -24)
    );
  }
});

Deno.test("custom.load() reads .npy and CSV, whose rows are no images", async () => {
  using folder = scratch();
  const values = Float32Array.of(0, 0.25, 1, 0.5, 0.125, 0.75);
  const files = [
    npy("<f4", "2, 3", values),
    npy("<f8", "2, 3", Float64Array.from(values)),
    npy("<f2", "2, 3", Float16Array.from(values)),
    text("0,0.25,1\n0.5,0.125,0.75\n"),
    text("a b c\n0 0.25 1\n0.5 0.125 0.75"),
  ];
  for (const [i, bytes] of files.entries()) {
    const { width, trainCases, examples, image, source } = await load(folder.write(`${i}`, bytes));
    assertEquals([width, trainCases, image, source.kind], [3, 2, undefined, "own"]);
    assertEquals(examples, values);
  }
});

Deno.test("custom.load() takes bytes of .npy for grey levels, and bool for 0 and 1", async () => {
  using folder = scratch();
  const levels = await load(folder.write("u", npy("|u1", "1, 2", Uint8Array.of(0, 255))));
  const bits = await load(folder.write("b", npy("|b1", "1, 2", Uint8Array.of(0, 1))));
  assertEquals([...levels.examples], [0, 1]);
  assertEquals([...bits.examples], [0, 1]);
});

Deno.test("custom.load() draws images of linear output from their least to their greatest value", async () => {
  using folder = scratch();
  const path = folder.write("images.npy", npy("<f4", "2, 1, 2", Float32Array.of(-3, 1, 5, 0)));
  const { image } = await load(path, { outputUnit: "linear" });
  assertEquals(image?.range, [-3, 5]);
});

Deno.test("custom.load() names row and column of a value that the output cannot take", async () => {
  using folder = scratch();
  const table = folder.write("t.csv", text("0,1\n0.5,1\n0,1.25\n"));
  await assertRejects(
    () => load(table),
    InputError,
    `${table}: row 3, column 2 is 1.25, outside [0, 1], the range of logistic output units`,
  );
  assertEquals((await load(table, { outputUnit: "linear" })).trainCases, 3);
  for (const [value, shown] of [[NaN, "NaN"], [-Infinity, "-Infinity"], [1e39, "Infinity"]]) {
    const path = folder.write("a.npy", npy("<f8", "1, 3", Float64Array.of(0, 0, value as number)));
    for (const outputUnit of ["sigmoid", "linear"] as const) {
      const reason = `${path}: row 1, column 3 is ${shown}, where only finite float32`;
      await assertRejects(() => load(path, { outputUnit }), InputError, reason);
    }
  }
});

Deno.test("custom.load() refuses files that are damaged, empty, or of another shape", async () => {
  using folder = scratch();
  const packed = await gzip(idx([2, 3]));
  const bad: [name: string, bytes: Uint8Array, says: string][] = [
    ["empty", new Uint8Array(), "it is empty"],
    ["idx", idx([5]), "it holds 5 values, where cases x values belong"],
    ["idx", idx([0, 4]), "it holds 0 x 4 values, where cases x values belong"],
    ["idx", idx([2, 9], new Uint8Array(3)), "2 x 9 elements of u8 take 18 bytes"],
    ["a.gz", packed.slice(0, -6), "the gzip data is cut short"],
    ["a.npy", npy("<f4", "9, 9", new Float32Array(2)), "9 x 9 elements of f4 take 324 bytes"],
    ["a.npy", npy("<c8", "1, 1", new Float32Array(2)), "the .npy file holds '<c8', not one of"],
    ["t.csv", text("1,2\n3\n"), "row 2 (line 2) of the table is 1 long, the first 2"],
    ["t.csv", text("1,nan\n"), 'row 1 (line 1), column 2 of the table is "nan"'],
    ["picture.jpg", Uint8Array.of(0xff, 0xd8, 0xff), "the table has no row of numbers"],
  ];
  for (const [name, bytes, says] of bad) {
    const path = folder.write(name, bytes);
    await assertRejects(() => load(path), InputError, `${path}: ${says}`);
  }
  await assertRejects(() => load(folder.path), InputError, "is a folder: name a file");
  await assertRejects(() => load(`${folder.path}/none`), InputError, "none cannot be read");
});

Deno.test("custom.load() takes no memory for sizes that a file claims", async () => {
  using folder = scratch();
  const most = 0xffffffff;
  const idxPath = folder.write("idx", idx([most, most], new Uint8Array(8)));
  const npyPath = folder.write("a.npy", npy("<f4", `${most}, 1000`, new Float32Array(2)));
  for (const type of ["Uint8Array", "Float32Array"] as const) {
    for (const path of [idxPath, npyPath]) {
      const longest = await longestAllocation(
        () => assertRejects(() => load(path), InputError, "bytes after the header"),
        type,
      );
      assertLess(longest, 1000);
    }
  }
});

Deno.test("custom.load() says that cases seem to be columns", async () => {
  using folder = scratch();
  const path = folder.write("a", idx([5, 2]));
  await assertRejects(
    () => load(path, { width: 5 }),
    InputError,
    `${path}: it holds 5 x 2 values, and --layers begins with 5: it seems to be transposed`,
  );
  await assertRejects(() => load(path, { width: 3 }), InputError, "begin --layers with the values");
});

function choose(options: Partial<NetworkOptions>) {
  return chooseNetwork({
    problem: "custom",
    layers: undefined,
    outputUnit: undefined,
    loss: undefined,
    ...options,
  });
}

Deno.test("chooseNetwork() gives the paper's, with another encoder if asked", () => {
  for (const problem of ["curves", "mnist", "faces"] as const) {
    assertEquals(choose({ problem }), paperProblems[problem]);
  }
  const layers = [625, 30];
  assertEquals(choose({ problem: "faces", layers }), { ...paperProblems.faces, layers });
});

Deno.test("chooseNetwork() gives custom what the flags say", () => {
  const layers = [9, 3];
  const logistic = { layers, outputUnit: "sigmoid" as const };
  assertEquals(choose({ layers }), { ...logistic, loss: "cross-entropy" });
  assertEquals(choose({ layers, loss: "squared-error" }), { ...logistic, loss: "squared-error" });
  const linear = { layers, outputUnit: "linear" as const, loss: "squared-error" as const };
  assertEquals(choose({ layers, outputUnit: "linear" }), linear);
  const refuse = (options: Partial<NetworkOptions>, reason: string) =>
    assertThrows(() => choose(options), InputError, reason);
  refuse({ layers, outputUnit: "linear", loss: "cross-entropy" }, "needs --output-unit logistic");
  refuse({}, "custom needs --layers");
  refuse({ layers: [9] }, "custom needs --layers");
  refuse(
    { problem: "faces", outputUnit: "linear" },
    "--output-unit linear is for --problem custom",
  );
  refuse(
    { problem: "mnist", loss: "squared-error" },
    "--loss squared-error is for --problem custom",
  );
});

const program = new URL("../../experiments/autoencoder.ts", import.meta.url).pathname;

Deno.test("autoencoder.ts trains on a file of the user's own, without test cases", async () => {
  using folder = scratch();
  const images = folder.write(
    "images",
    idx([40, 5, 4], new Uint8Array(800).map((_, i) => i % 256)),
  );
  const table = folder.write("t.csv", text("-3,2\n4,1\n0,0\n"));
  const run = async (...flags: string[]) => {
    const out = `${folder.path}/out${flags.length}`;
    const { status, stdout, stderr } = await runDeno(
      ["run", "-A", program, "--problem", "custom", "--updates", "3", ...flags, "--out", out],
    );
    assertEquals(status, 0, stderr);
    const [row] = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
    assertEquals([row.test_squared_error, row.status], ["", "ok"], stdout);
    assertEquals(Number.isFinite(Number(row.train_squared_error)), true);
    const record = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
    const names = [...Deno.readDirSync(out)].map(({ name }) => name);
    return { record, drawn: names.includes("reconstructions.png") };
  };
  const first = await run("--data", images, "--layers", "20,3", "--batch-size", "10");
  assertEquals([first.drawn, first.record.data.kind], [true, "own"]);
  assertEquals(first.record.data.files[0].path, images);
  const flags = ["--data", table, "--layers", "2,1", "--batch-size", "2"];
  const second = await run(...flags, "--output-unit", "linear");
  assertEquals([second.drawn, second.record.configuration.loss], [false, "squared-error"]);
});
