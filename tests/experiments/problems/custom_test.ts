import {
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { fileURLToPath } from "node:url";
import { InputError } from "../../../core/errors.ts";
import { custom } from "../../../experiments/problems/custom.ts";
import {
  chooseNetwork,
  type NetworkOptions,
} from "../../../experiments/problems/autoencoder_flags.ts";
import { identityOf, type ProblemOptions } from "../../../experiments/problems/problem.ts";
import { readTable } from "../../../experiments/files/tables.ts";
import { paperProblems } from "../../../models/problems/paper.ts";
import { longestAllocation } from "../../formats/bad_input.ts";
import { MATCrafter } from "../../formats/crafted_mat.ts";
import { npy, zip } from "../../formats/crafted_npz.ts";
import { trainAutoencoders } from "../../../experiments/autoencoder.ts";
import { runHere } from "../commands.ts";
import { gzip, idx, scratch } from "../scratch.ts";

const text = (words: string) => new TextEncoder().encode(words);

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

/** A file that is read: what is said of it without its path, its cases, and what is recorded. */
async function reading(path: string, options: Partial<ProblemOptions> = {}) {
  const linear = { outputUnit: "linear", ...options } as const;
  const { source: { files: _, kind: __, ...record }, remark = "", examples } = await load(
    path,
    linear,
  );
  return { said: remark.slice(remark.indexOf(": ") + 2), cases: [...examples], record };
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
  const table = folder.write("t.csv", text("0.5,1\n0.5,1\n0,1.25\n"));
  await assertRejects(
    () => load(table),
    InputError,
    `${table}: line 3, column 2 is 1.25, outside [0, 1], the range of logistic output units`,
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
    ["t.csv", text("1,2\n3\n"), "line 2 of the table is 1 long, the lines before 2"],
    ["t.csv", text("1,nan\n"), 'line 1, column 2 of the table is "nan"'],
    ["picture.jpg", Uint8Array.of(0xff, 0xd8, 0xff), "the table has no row of numbers"],
    ["scalar.npy", npy("<f4", "", new Float32Array(1)), "it holds a number alone, where cases x"],
    ["text", text("1\0,\0" + "2\0"), "it seems to be text of UTF-16 without its mark"],
    ["program", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0), "it is neither .npy, .npz, CSV, IDX nor"],
  ];
  for (const [name, bytes, says] of bad) {
    const path = folder.write(name, bytes);
    await assertRejects(() => load(path), InputError, `${path}: ${says}`);
  }
  await assertRejects(() => load(folder.path), InputError, "is a folder: name a file");
  const none = `there is no file ${folder.path}/none: name it with --data where it lies now`;
  await assertRejects(() => load(`${folder.path}/none`), InputError, none);
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

Deno.test("custom.load() reads cases to test on, of the width of those to train on", async () => {
  using folder = scratch();
  const train = folder.write("train", idx([3, 2], Uint8Array.of(0, 0, 0, 0, 0, 0)));
  const testData = folder.write("test.csv", text("1,0.5\n"));
  const { examples, source, remark } = await load(train, { testData, width: 2 });
  assertEquals([...examples], [1, 0.5]);
  assertEquals(source.test, {
    cases: 1,
    values: 2,
    taken: "the first row was taken for a case",
  });
  assertEquals((source.files as unknown[]).length, 2);
  assertEquals(
    remark,
    `${train}: 3 cases of 2 values\n${testData}: 1 case of 2 values; the first row was taken for a case`,
  );
  const wider = folder.write("wider.csv", text("1,0.5,0\n"));
  await assertRejects(
    () => load(train, { testData: wider, width: 2 }),
    InputError,
    `${wider}: it holds 1 x 3 values, and --layers begins with 2`,
  );
});

Deno.test("custom.load() reads labels from any of its formats", async () => {
  using folder = scratch();
  const data = folder.write("x", idx([3, 2]));
  const crafter = new MATCrafter();
  const row = new Uint8Array(Float64Array.of(2, 0, 1).buffer);
  const variable = { name: "y", flags: 6, dimensions: [1, 3], storage: 9, content: row };
  const arrays = { "y.npy": npy("<i8", "3,", BigInt64Array.of(2n, 0n, 1n)) };
  const files = [
    folder.write("y.idx", idx([3], Uint8Array.of(2, 0, 1))),
    folder.write("y.npy", npy("<f4", "3, 1", Float32Array.of(2, 0, 1))),
    folder.write("y.csv", text("label\n2\n0\n1\n")),
    folder.write("y.mat", crafter.file(crafter.variable(variable))),
    `${folder.write("all.npz", zip({ ...arrays, "x.npy": arrays["y.npy"] }))}#y`,
  ];
  for (const labels of files) {
    const loaded = await load(data, { labelling: { classes: 3, labels } });
    assertEquals([...loaded.labels!.train], [2, 0, 1], labels);
    assertEquals([...loaded.exampleLabels], [2, 0, 1]);
    assertEquals(loaded.examples.length, 6);
  }
  // Which array it was is a part of what the data are.
  const { source } = await load(data, { labelling: { classes: 3, labels: files[4] } });
  assertMatch(identityOf(source), /^own, SHA-256 [0-9a-f]{64}, SHA-256 [0-9a-f]{64}#y$/);
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

Deno.test("custom.load() says and records what was taken for what", async () => {
  using folder = scratch();
  const said = async (words: string, options: Partial<ProblemOptions> = {}) => {
    const { said, record } = await reading(folder.write("x.csv", text(words)), options);
    const { cases, values, taken } = record;
    const [ofCases, ofValues] = [cases === 1 ? "case" : "cases", values === 1 ? "value" : "values"];
    assertEquals(said, `${cases} ${ofCases} of ${values} ${ofValues}; ${taken}`);
    return said;
  };
  const names = "the first row was taken for names";
  assertEquals(await said("0,1,2\n.1,.2,.3\n.4,.5,.6\n"), `2 cases of 3 values; ${names}`);
  assertEquals(await said("0,1\n.1,.2\n.4,.5\n"), `2 cases of 2 values; ${names}`);
  assertEquals(
    await said("0,1\n.1,.2\n.4,.5\n", { header: false }),
    "3 cases of 2 values; the first row was taken for a case",
  );
  assertEquals(
    await said("1,2\n3,4\n"),
    "2 cases of 2 values; the first row was taken for a case, though it counts the columns: " +
      "--header yes takes it for names",
  );
  assertEquals(await said("1,2\n3,4\n", { header: true }), `1 case of 2 values; ${names}`);
  assertEquals(
    await said(",a\n0,.1\n1,.2\n"),
    `2 cases of 1 value; ${names}; the first column was taken for an index`,
  );
  assertEquals(
    await said("id,a\n0,.1\n1,.2\n"),
    `2 cases of 1 value; ${names}; the first column was taken for an index, as it counts the rows: ` +
      "--header yes keeps it",
  );
  assertEquals(
    await said("0,1;0,2;\n0,3;0,4;\n"),
    "2 cases of 2 values; the first row was taken for a case; commas were taken for decimal marks; " +
      "the empty last column was left out",
  );
  const trailing = npy("|b1", "1, 2", Uint8Array.of(0, 1, 10));
  assertEquals(await reading(folder.write("x.npy", trailing)), {
    said: "1 case of 2 values; what follows the array (bytes: 1) was left out, as numpy.load does",
    cases: [0, 1],
    record: {
      cases: 1,
      values: 2,
      taken: "what follows the array (bytes: 1) was left out, as numpy.load does",
    },
  });
  assertEquals(await reading(folder.write("x.idx", idx([2, 3]))), {
    said: "2 cases of 3 values",
    cases: [0, 0, 0, 0, 0, 0],
    record: { cases: 2, values: 3 },
  });
});

Deno.test("custom.load() names line and column as a table's file has them", async () => {
  using folder = scratch();
  const table = folder.write("t.csv", text("# c\n,a,b\n\n7,0,1\n8,0,1.5\n"));
  const reason =
    `${table}: line 5, column 3 is 1.5, outside [0, 1], the range of logistic output ` +
    "units: scale the values, or use --output-unit linear (read as 2 cases of 2 values; the first " +
    "row was taken for names; the first column was taken for an index)";
  await assertRejects(() => load(table), InputError, reason);
  const other =
    "it holds 2 x 2 values, and --layers begins with 3: begin --layers with the values " +
    "of a case (read as 2 cases of 2 values; the first row was taken for names; ";
  await assertRejects(() => load(table, { width: 3 }), InputError, other);
});

Deno.test("custom.load() takes integers that float32 holds, and names the first that it does not", async () => {
  using folder = scratch();
  const big = 2 ** 24;
  const arrays: [type: string, values: ArrayBufferView, exact: boolean][] = [
    ["<i8", BigInt64Array.of(0n, -1n, 2n ** 40n, BigInt(big)), true],
    ["<u8", BigUint64Array.of(0n, 1n, 2n ** 63n, 3n), true],
    ["<i8", BigInt64Array.of(0n, 1n, BigInt(-big - 1), 0n), false],
    ["<u8", BigUint64Array.of(0n, 1n, BigInt(big + 1), 2n ** 64n - 1n), false],
    ["<i4", Int32Array.of(0, 1, big + 2, -big), true],
    ["<i4", Int32Array.of(0, 1, big + 1, 0), false],
    ["<u4", Uint32Array.of(0, 1, 2 ** 32 - 1, 0), false],
    ["<f8", Float64Array.of(0, 0.1, big + 1, 0), true], // numbers that are no integers are rounded
  ];
  for (const [i, [type, values, exact]] of arrays.entries()) {
    const path = folder.write(`${i}.npy`, npy(type, "2, 2", values));
    if (exact) {
      const expected = Array.from(
        values as unknown as ArrayLike<number>,
        (n) => Math.fround(Number(n)),
      );
      assertEquals((await reading(path)).cases, expected);
    } else {
      const reason = /: row 2, column 1 is -?\d+, which float32 does not hold exactly: /;
      const { message } = await assertRejects(() => load(path), InputError);
      assertMatch(message, reason);
    }
  }
});

Deno.test("custom.load() reads an array of an .npz file, by its name where there are several", async () => {
  using folder = scratch();
  const [one, two] = [
    npy("<f4", "1, 2", Float32Array.of(1, 2)),
    npy("<f4", "2, 1", Float32Array.of(3, 4)),
  ];
  const single = folder.write("one.npz", zip({ "x.npy": one }, { deflated: true }));
  const both = folder.write("a#b.npz", zip({ "x.npy": one, "y.npy": two }));
  const said = "1 case of 2 values; its array x was taken";
  assertEquals(await reading(single).then((read) => [read.said, read.cases]), [said, [1, 2]]);
  assertEquals((await reading(`${single}#x`)).cases, [1, 2]);
  assertEquals((await reading(`${both}#y`)).cases, [3, 4]);
  const refuse = (path: string, reason: string, options = {}) =>
    assertRejects(() => load(path, options), InputError, reason);
  await refuse(both, "it holds the arrays x, y: name one, such as --data FILE#x");
  await refuse(`${both}#z`, "the .npz file has no array z, it holds x, y");
  await refuse(single, "--header is for a table of text", { header: true });
  await refuse(
    `${folder.write("x.npy", one)}#x`,
    "it holds one array without a name: leave #x out",
  );
  await refuse(`${single}#`, "there is no file");
  const sheet = folder.write("book.xlsx", zip({ "xl/workbook.xml": text("<x/>") }));
  await refuse(sheet, "give a file of data, a table of a spreadsheet as CSV");
});

Deno.test("custom.load() reads .mat files: cases are rows, or columns where only they fit", async () => {
  using folder = scratch();
  const crafter = new MATCrafter();
  /** A variable of doubles, or of bytes that are logical or levels; content column by column. */
  const variable = (name: string, dimensions: number[], content: number[], flags = 6) =>
    crafter.variable({
      ...{ name, flags, dimensions, storage: flags === 6 ? 9 : 2 },
      content: new Uint8Array((flags === 6 ? Float64Array : Uint8Array).from(content).buffer),
    });
  const write = (...variables: Uint8Array[]) => folder.write("x.mat", crafter.file(...variables));
  const said = async (path: string, width: number) => {
    const { said, cases } = await reading(path, { width });
    return [said.split("; ").at(-1), cases.join(" ")];
  };
  const rows = "rows were taken for cases", columns = "columns were taken for cases";
  const matrix = variable("X", [2, 3], [1, 2, 3, 4, 5, 6]);
  assertEquals(await said(write(matrix, variable("seed", [1, 1], [7])), 3), [rows, "1 3 5 2 4 6"]);
  assertEquals(await said(write(matrix), 2), [columns, "1 2 3 4 5 6"]);
  assertEquals(await said(write(variable("X", [2, 2], [1, 2, 3, 4])), 2), [rows, "1 3 2 4"]);
  // Two images of 1 x 3, along the first of the dimensions and along the last.
  const first = variable("X", [2, 1, 3], [1, 2, 3, 4, 5, 6]);
  const last = variable("X", [1, 3, 2], [1, 2, 3, 4, 5, 6]);
  assertEquals((await said(write(first), 3))[1], "1 3 5 2 4 6");
  assertEquals((await said(write(last), 3))[1], "1 2 3 4 5 6");
  const tall = variable("X", [2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assertEquals(await said(write(tall), 6), [
    "the first of its dimensions was taken for cases",
    "1 7 3 9 5 11 2 8 4 10 6 12",
  ]);
  const wide = variable("X", [2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assertEquals(await said(write(wide), 4), [
    "the last of its dimensions was taken for cases",
    "1 3 2 4 5 7 6 8 9 11 10 12",
  ]);
  // uint8 is levels, but for a logical array.
  assertEquals((await said(write(variable("X", [1, 2], [0, 255], 9)), 2))[1], "0 1");
  assertEquals((await said(write(variable("X", [1, 2], [0, 1], 0x0209)), 2))[1], "0 1");
  const words = variable("note", [1, 2], [104, 105], 4), other = variable("Y", [1, 2], [8, 9]);
  assertEquals((await said(write(words, matrix), 3))[1], "1 3 5 2 4 6");
  const both = write(matrix, words, other);
  assertEquals((await said(`${both}#Y`, 2))[1], "8 9");
  const refuse = (path: string, reason: string) =>
    assertRejects(() => load(path), InputError, `${both}: ${reason}`);
  await refuse(both, "it holds the numeric arrays X, Y: name one, such as --data FILE#X");
  await refuse(`${both}#Z`, "the MATLAB file has no variable Z");
  await refuse(`${both}#note`, "variable note is text");
  await refuse(write(words), "it holds no real, full numeric array");
  const old = Deno.readFileSync(new URL("../../formats/fixtures/matlab4.mat", import.meta.url));
  await refuse(folder.write("x.mat", old), "this seems to be a MATLAB 4 file");
  const turned = write(matrix), outside = `${turned}: row 1, column 2 is 3, outside [0, 1]`;
  const bits = write(variable("X", [2, 3], [0, 1, 3, 0, 1, 0]));
  await assertRejects(() => load(bits, { width: 2 }), InputError, outside);
  await assertRejects(() => load(bits, { width: 3 }), InputError, outside);
});

Deno.test("custom.load() reads .mat files of MATLAB 7.3", async () => {
  const fixture = fileURLToPath(new URL("../../formats/fixtures/matlab73.mat", import.meta.url));
  await assertRejects(() => load(fixture), InputError, "it holds the numeric arrays ");
  assertEquals((await reading(`${fixture}#flag`, { width: 1 })).cases, [1, 0, 1]);
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

Deno.test("autoencoder.ts trains on a file of the user's own, without test cases", async () => {
  using folder = scratch();
  const images = folder.write(
    "images",
    idx([40, 5, 4], new Uint8Array(800).map((_, i) => i % 256)),
  );
  const table = folder.write("t.csv", text("-3,2\n4,1\n0,0\n"));
  const run = async (...flags: string[]) => {
    const out = `${folder.path}/out${flags.length}`;
    const { status, stdout, stderr } = await runHere(
      trainAutoencoders,
      ["--problem", "custom", "--updates", "3", ...flags, "--out", out],
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
  const { cases, values, taken } = second.record.data;
  assertEquals([cases, values, taken], [3, 2, "the first row was taken for a case"]);
  const { status, stderr } = await runHere(
    trainAutoencoders,
    ["--problem", "curves", "--header", "yes"],
  );
  assertEquals([status, stderr], [
    2,
    "error: --header means nothing here, as it is for the CSV file of --problem custom: leave it " +
    "out\n",
  ]);
});
