import { assertEquals, assertLess, assertMatch, assertNotEquals } from "@std/assert";
import { layerEntry } from "../../experiments/problems/classifier_layers.ts";
import { tablesOf } from "../../experiments/problems/kind_tables.ts";
import { trainClassifiers } from "../../experiments/classifier.ts";
import { readTable } from "../../experiments/files/tables.ts";
import { compareRuns } from "../../experiments/study/compare.ts";
import { readCells } from "../../experiments/study/ledger.ts";
import { npy } from "../formats/crafted_npz.ts";
import { draw } from "../gpu/fixture.ts";
import { runHere } from "./commands.ts";
import { idx, type Scratch, scratch } from "./scratch.ts";
import { remains } from "./study/small_runs.ts";

const text = (words: string) => new TextEncoder().encode(words);

/** Cases of four values whose class is which of the first three is the largest. */
function cases(count: number, stream: number) {
  const inputs = draw(4 * count, stream);
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    const [a, b, c] = inputs.subarray(4 * i);
    return a > b && a > c ? 0 : b > c ? 1 : 2;
  });
  return { inputs, labels };
}

/** The flags of data of one's own: cases to train on, and to test on. */
function ownData(folder: Scratch, { tested = true } = {}): string[] {
  const [train, test] = [cases(120, 1), cases(50, 2)];
  const files = {
    data: folder.write("x.npy", npy("<f4", "120, 4", train.inputs)),
    labels: folder.write("y.csv", text(`class\n${train.labels.join("\n")}\n`)),
    ...tested && {
      "test-data": folder.write("test_x.npy", npy("<f4", "50, 4", test.inputs)),
      "test-labels": folder.write("test_y.idx", idx([50], test.labels)),
    },
  };
  const flags = Object.entries(files).flatMap(([name, path]) => [`--${name}`, path]);
  return ["--problem", "custom", ...flags, "--layers", "4,12,3", "--batch-size", "20"];
}

async function run(...args: string[]) {
  const { status, stdout, stderr } = await runHere(trainClassifiers, args);
  assertEquals(status, 0, stderr);
  return { stdout, stderr };
}

Deno.test("classifier.ts trains a grid and leaves the whole record of it", async () => {
  using folder = scratch();
  const out = `${folder.path}/run`;
  const { stdout, stderr } = await run(
    ...[...ownData(folder), "--updates", "200", "--every", "50", "--out", out],
    ...["--optimizer", "nag,adamw", "--mu", "0.9", "--learning-rate", "0.1,1e38", "--seed", "1,2"],
  );
  assertMatch(stderr, /y\.csv: 120 labels; the first row was taken for names\n/);
  assertMatch(stdout, /after 200 updates .* has a mean test error rate of 0\.0/);
  const curve = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(curve.length, 8 * 5);
  assertEquals(
    Object.keys(curve[0]).slice(8, 14),
    ["update", "momentum", "train_loss", "test_loss", "train_error_rate", "test_error_rate"],
  );
  for (const row of readTable(Deno.readTextFileSync(`${out}/summary.csv`))) {
    const { final } = readCells(out).get(row.cell)!.result;
    const told = [row.train_error_rate, row.test_error_rate, row.test_loss];
    const { train, test } = final!;
    assertEquals(told, [train.errorRate, test.errorRate, test.loss].map(String));
    if (row.learning_rate === "1e+38") assertEquals(row.status, "diverged");
    else assertLess(Number(row.test_error_rate), 0.1);
  }
  const settings = readTable(Deno.readTextFileSync(`${out}/settings.csv`));
  assertEquals("test_error_rate" in settings[0], true);
  const { data, configuration, status } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals([status, configuration.layers, data.cases], ["finished", [4, 12, 3], 120]);
  assertEquals([data.files.length, data.test], [4, { cases: 50, values: 4 }]);
  const confusion = Deno.readTextFileSync(`${out}/confusion.svg`);
  assertMatch(confusion, /> *\d of 50 test cases are taken for another class</);
  const page = Deno.readTextFileSync(`${out}/report.html`);
  assertMatch(page, /What the best network takes each class for/);
});

Deno.test("classifier.ts goes on to the bits of a run in one piece, dropout and all", async () => {
  using folder = scratch();
  const [out, whole] = [`${folder.path}/out`, `${folder.path}/whole`];
  const grid = ["--optimizer", "nag,adamw", "--dropout", "0.2", "--l2", "1e-4", "--every", "32"];
  const flags = [...ownData(folder), ...grid];
  await run(...flags, "--updates", "50", "--out", out);
  await run("--resume", out, "--updates", "120");
  await run(...flags, "--updates", "120", "--out", whole);
  assertEquals(await remains(out), await remains(whole));
});

Deno.test("classifier.ts trains convolutional networks, and goes on with their running means", async () => {
  using folder = scratch();
  const [out, whole] = [`${folder.path}/out`, `${folder.path}/whole`];
  const flags = [
    ...ownData(folder).with(-3, "2x2,conv12@2s1p1,pool2s1,12,3"),
    ...["--batch-norm", "yes", "--every", "50", "--optimizer", "nag,schedule-free-adamw"],
  ];
  await run(...flags, "--updates", "50", "--out", out);
  await run("--resume", out, "--updates", "150");
  await run(...flags, "--updates", "150", "--out", whole);
  assertEquals(await remains(out), await remains(whole));
  for (const row of readTable(Deno.readTextFileSync(`${out}/summary.csv`))) {
    // Half of what guessing gives.
    assertLess(Number(row.test_error_rate), 1 / 3);
  }
  const { configuration } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals(configuration.layers, ["2x2", "conv12@2x2p1", "pool2s1", 12, 3]);
});

Deno.test("classifier.ts trains vision Transformers, and goes on with them", async () => {
  using folder = scratch();
  const [out, whole] = [`${folder.path}/out`, `${folder.path}/whole`];
  const flags = [
    ...[...ownData(folder).with(-3, "2x2,3"), "--patch-size", "1", "--blocks", "1", "--width", "8"],
    ...[
      "--init",
      "gaussian",
      "--optimizer",
      "nag,adamw",
      "--learning-rate",
      "0.02",
      "--every",
      "40",
    ],
  ];
  await run(...flags, "--updates", "40", "--out", out);
  await run("--resume", out, "--updates", "120");
  await run(...flags, "--updates", "120", "--out", whole);
  assertEquals(await remains(out), await remains(whole));
  for (const row of readTable(Deno.readTextFileSync(`${out}/summary.csv`))) {
    assertLess(Number(row.test_error_rate), 1 / 3);
    const { configuration } = readCells(out).get(row.cell)!;
    assertEquals([configuration.patchSize, configuration.hidden], [1, 32]);
  }
  assertMatch(Deno.readTextFileSync(`${out}/confusion.svg`), /of 50 test cases are taken/);
});

Deno.test("classifier.ts refuses what is no vision Transformer", async () => {
  const refused: [flags: string, RegExp][] = [
    [
      "--patch-size 5",
      /--patch-size 5 does not divide images of 28 x 28: give a size that divides/,
    ],
    [
      "--patch-size 7 --layers 784,10",
      /784,10 is none of a vision Transformer, which --patch-size 7/,
    ],
    ["--patch-size 7 --layers 28x28,9,10", /give images and classes alone, as 28x28,10/],
    ["--patch-size 7 --heads 3", /--heads 3 do not divide --width 64: give a width of 66/],
    ["--patch-size 7 --init lsuv", /--init lsuv is for dense layers alone: take another one/],
    [
      "--patch-size 7 --activation tanh",
      /--activation means nothing here, as it is for networks w/,
    ],
    ["--width 32", /--width means nothing here, as it is for --patch-size/],
  ];
  using folder = scratch();
  const data = ["--data", digits(folder)];
  for (const [flags, message] of refused) {
    const { status, stderr } = await runHere(trainClassifiers, [...data, ...flags.split(" ")]);
    assertEquals(status, 2, stderr);
    assertMatch(stderr, message);
  }
});

Deno.test("a layer has one name, however it is written", () => {
  const names = ["conv8@5s1p0", "conv8@5x5", "conv8@5x3s2p01", "pool2x2s2", "pool2", "pool3s2"];
  assertEquals(names.map((name) => layerEntry.read(name)), [
    ...["conv8@5x5", "conv8@5x5", "conv8@5x3s2p1", "pool2", "pool2", "pool3s2"],
  ]);
});

Deno.test("classifier.ts refuses layers that are in no order, or do not fit", async () => {
  const refused: [string, RegExp][] = [
    ["784,conv8@5x5,10", /conv8@5x5 where no images are: begin with images as 28x28/],
    ["28x28,100,pool2,10", /pool2 where no images are/],
    ["28x28,conv8@30,10", /conv8@30x30 does not fit into what is left of the images there/],
    ["28x28,pool20,pool2,10", /pool2 does not fit/],
    ["28x28,conv8@3s2p1,pool15s2,10", /pool15s2 does not fit/],
    ["28x28,conv8@3s0,10", /or conv8@3x3s2p1, or a pool .* not "conv8@3s0"/],
    ["28x28,pool2", /ends in pool2: end with a unit for each class/],
    ["conv8@5,10", /begins with conv8@5x5: begin with the values of a case/],
    ["28x28,14x14,10", /has 14x14 within: images are what it may begin with/],
    ["3x28x28,10", /is for no image of mnist: begin with 784 units, one a pixel, or with 28x28/],
    ["28x28,conv8,10", /--layers must be a number of units of at least 1, images as 28x28/],
    ["784,10", /--batch-norm yes is of hidden layers, which --layers 784,10 does not have/],
  ];
  for (const [layers, message] of refused) {
    const flags = ["--data", "none", "--layers", layers, "--batch-norm", "yes"];
    const { status, stderr } = await runHere(trainClassifiers, flags);
    assertEquals(status, 2);
    assertMatch(stderr, message);
  }
});

Deno.test("classifier.ts learns some classes alone, then others from where it stands", async () => {
  using folder = scratch();
  const [first, out] = ["first", "out"].map((name) => `${folder.path}/${name}`);
  const flags = [...ownData(folder), "--every", "40"];
  await run(...flags, "--classes", "2,0", "--updates", "80", "--out", first);
  const { data } = JSON.parse(Deno.readTextFileSync(`${first}/run.json`));
  assertEquals(data.classes, [0, 2]);
  const [{ configuration, result }] = readCells(first).values();
  const labels = [cases(120, 1), cases(50, 2)].map(({ labels }) => labels);
  const [train, test] = labels.map((labels) => labels.filter((label) => label !== 1).length);
  assertMatch(String(configuration.data), /, classes 0,2$/);
  assertEquals(configuration.testCases, test);
  assertLess(result.final!.test.errorRate, 0.1);
  // A batch of all of them is taken, and one more is not.
  const size = flags.with(flags.indexOf("--batch-size") + 1, String(train + 1));
  const { status, stderr } = await runHere(trainClassifiers, [...size, "--classes", "0,2"]);
  assertEquals(status, 2);
  assertMatch(stderr, new RegExp(`more than the ${train} training cases`));
  const next = ["--classes", "1", "--from", first, "--states", "anew", "--updates", "120"];
  await run(...flags, ...next, "--out", out);
  const errors = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(errors.map(({ update }) => update), ["80", "120"]);
  assertEquals(errors.map(({ train_error_rate }) => train_error_rate), ["1", "0"]);
});

Deno.test("classifier.ts writes the same rows for a network alone", async () => {
  using folder = scratch();
  const rows = async (name: string, ...args: string[]) => {
    const out = `${folder.path}/${name}`;
    await run(...ownData(folder), "--updates", "12", "--every", "4", "--out", out, ...args);
    return Deno.readTextFileSync(`${out}/curve.csv`);
  };
  const grid = await rows("grid", "--optimizer", "cm,nag", "--seed", "3,4", "--dropout", "0.5");
  const alone = await rows("alone", "--optimizer", "nag", "--seed", "4", "--dropout", "0.5");
  const same = grid.split("\n").filter((line) => /,nag,.*,4,\d+,/.test(line));
  assertEquals(same, alone.trim().split("\n").slice(1));
  const other = await rows("other", "--optimizer", "nag", "--seed", "4");
  assertNotEquals(other, alone);
});

Deno.test("classifier.ts does without test cases, and runs stand side by side", async () => {
  using folder = scratch();
  const folders = ["1", "2"].map((seed) => `${folder.path}/${seed}`);
  for (const [i, out] of folders.entries()) {
    const flags = [...ownData(folder, { tested: false }), "--updates", "40", "--every", "20"];
    const { stdout } = await run(...flags, "--seed", String(i + 1), "--out", out);
    assertMatch(stdout, /largest class alone {2}0\.6250/);
    assertMatch(Deno.readTextFileSync(`${out}/confusion.svg`), /of 120 training cases/);
    const [row] = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
    assertEquals([row.test_error_rate, row.best_train_error_rate !== ""], ["", true]);
  }
  const { signal: interruption } = new AbortController(), out = `${folder.path}/all`;
  await compareRuns({ folders, out, isMadeUp: false, tablesOf, interruption });
  const summary = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  assertEquals(summary.map(({ seed }) => seed), ["1", "2"]);
});

Deno.test("classifier.ts trains on fewer cases and wrong labels, for all networks the same", async () => {
  using folder = scratch();
  const chosen = ["--train-cases", "60", "--label-noise", "0.4", "--data-seed", "7"];
  const at = async (name: string, ...args: string[]) => {
    const out = `${folder.path}/${name}`;
    const { stderr } = await run(...ownData(folder), "--updates", "12", ...args, "--out", out);
    const { data } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
    const cells = [...readCells(out).values()].map(({ configuration }) => configuration.data);
    return { out, stderr, data, cells, curve: Deno.readTextFileSync(`${out}/curve.csv`) };
  };
  const { stderr, data, cells, curve, out } = await at("chosen", ...chosen, "--seed", "1,2");
  const { share, seed, changed } = data.labelNoise;
  assertMatch(stderr, new RegExp(`note: ${changed} of 60 training labels are of another class`));
  assertEquals([data.firstCases, share, seed], [60, 0.4, 7]);
  const identity = /, first 60 cases, label noise 0\.4 by seed 7$/;
  for (const cell of cells) assertMatch(cell as string, identity);
  const alone = await at("alone", ...chosen, "--seed", "2");
  assertEquals(
    alone.curve.trim().split("\n").slice(1),
    curve.trim().split("\n").filter((line) => /,2,\d+,/.test(line)),
  );
  await run("--resume", out, "--updates", "24");
});

/** A folder with the files of MNIST, of a few images whose brightest row is their label. */
function digits(folder: Scratch): string {
  const write = (name: string, count: number) => {
    const labels = Uint8Array.from({ length: count }, (_, i) => 7 * i % 10);
    const images = new Uint8Array(count * 784);
    labels.forEach((label, i) =>
      images.fill(255, 784 * i + 56 * label, 784 * i + 56 * (label + 1))
    );
    folder.write(`${name}-images-idx3-ubyte`, idx([count, 28, 28], images));
    folder.write(`${name}-labels-idx1-ubyte`, idx([count], labels));
  };
  write("train", 200);
  write("t10k", 30);
  return folder.path;
}

Deno.test("classifier.ts learns images and labels of MNIST's files, and shows mistakes", async () => {
  using folder = scratch();
  const data = digits(folder), out = `${folder.path}/out`;
  const flags = ["--data", data, "--layers", "784,10", "--batch-size", "20", "--updates"];
  const { stderr } = await run(...flags, "1", "--out", out);
  assertMatch(stderr, /holds images or labels that are not MNIST.*: 200 to train on, 30 to test\n/);
  const { data: told } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals(told.files.map(({ path }: { path: string }) => path.slice(data.length + 1)), [
    ...["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"],
    ...["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"],
  ]);
  const [row] = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  const wrong = Math.round(30 * Number(row.test_error_rate));
  assertLess(0, wrong);
  const mistakes = Deno.readTextFileSync(`${out}/mistakes.svg`);
  assertMatch(mistakes, new RegExp(`${wrong} of ${wrong} test cases, the most certain first`));
  assertEquals(mistakes.match(/xlink:href="data:image\/png/g)?.length, wrong);
  await run("--resume", out, "--updates", "100");
  const [learned] = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  assertEquals(learned.test_error_rate, "0");
});

Deno.test("classifier.ts refuses bad input in one line, with status 2, and leaves nothing", async () => {
  using folder = scratch();
  const mnist = ["--data", digits(folder)], given = ownData(folder);
  /** The flags of own data with some in place of others; an empty one is left out. */
  const own = (changes: Record<string, string> = {}) =>
    Object.entries({
      ...Object.fromEntries(
        given.flatMap((word, i) => i % 2 ? [] : [[word.slice(2), given[i + 1]]]),
      ),
      ...changes,
    }).flatMap(([name, value]) => value === "" ? [] : [`--${name}`, value]);
  const file = (name: string, bytes: Uint8Array | string) =>
    folder.write(name, typeof bytes === "string" ? text(bytes) : bytes);
  const labels = (at: number, label: string) =>
    file("bad.csv", cases(120, 1).labels.join("\n").split("\n").with(at, label).join("\n"));
  const some = Array(120).fill(0);
  const before = folder.names();
  const bad: [() => string[], RegExp][] = [
    [() => ["--problem", "custom"], /custom needs --layers: the values of a case/],
    [() => ["--problem", "mnist"], /train-labels-idx1-ubyte and t10k-labels-idx1-ubyte.*--data/],
    [() => own({ data: "" }), /custom needs --data/],
    [() => own({ classes: "0,3" }), /--classes names 3: the classes of 3 output units are 0 to 2/],
    [
      () => own({ classes: "1,2", labels: file("bad", idx([120], new Uint8Array(120).fill(1))) }),
      /--classes 1,2: there are no cases of class 2/,
    ],
    [() => own({ labels: "" }), /custom needs --labels/],
    [() => own({ "test-labels": "" }), /--test-data needs --test-labels/],
    [() => own({ "test-data": "" }), /--test-labels needs --test-data/],
    [() => own({ labels: `${folder.path}/none` }), /no file .*none: name it with --labels/],
    [() => own({ "test-data": `${folder.path}/none` }), /name it with --test-data where it lies/],
    [() => own({ labels: folder.path }), /is a folder: name a file/],
    [() => own({ labels: file("bad", "") }), /bad: it is empty/],
    [() => own({ labels: labels(16, "3") }), /bad\.csv: line 17, column 1 is 3: .* 3 output units/],
    [() => own({ labels: labels(2, "1.5") }), /line 3, column 1 is 1\.5: .*whole numbers 0 to 2/],
    [() => own({ labels: labels(2, "-1") }), /line 3, column 1 is -1: /],
    [() => own({ labels: labels(2, "cat") }), /line 3, column 1 of the table is "cat"/],
    [() => own({ labels: file("bad", idx([119])) }), /bad: it holds 119 labels for 120 cases/],
    [() => own({ labels: file("bad", idx([120, 3])) }), /120 x 3 values.*save the number of the/],
    [
      () => own({ "test-labels": file("bad", idx([50], new Uint8Array(50).fill(4))) }),
      /bad: row 1, column 1 is 4: /,
    ],
    [
      () =>
        own({ labels: file("bad.npy", npy("<i8", "120,", BigInt64Array.from(some, () => -7n))) }),
      /bad\.npy: row 1, column 1 is -7: /,
    ],
    [() => own({ layers: "3,3" }), /x\.npy: it holds 120 x 4 values, and --layers begins with 3/],
    [() => own({ "test-data": file("bad", idx([50, 3])) }), /bad: it holds 50 x 3 values, and/],
    [() => own({ data: file("bad.gz", Uint8Array.of(31, 139, 8, 0)) }), /bad\.gz: /],
    [() => own({ layers: "4" }), /custom needs --layers/],
    [() => own({ layers: "4,1" }), /--layers 4,1 ends in one unit/],
    [() => own({ "batch-size": "121" }), /--batch-size 121 is more than the 120 training cases/],
    [
      () => [...mnist, "--layers", "28x28,conv2@5x5,10", "--init", "he,lsuv"],
      /--init lsuv is for dense layers alone: --layers 28x28,conv2@5x5,10 has others, or take/,
    ],
    [
      () => own({ init: "lsuv", "batch-norm": "yes" }),
      /--init lsuv is for dense layers alone: leave out --batch-norm/,
    ],
    [() => own({ "label-noise": "1.1" }), /--label-noise must be .* of at most 1, not "1\.1"/],
    [
      () => own({ "data-seed": "3" }),
      /--data-seed means nothing here, as it is for --label-noise/,
    ],
    [() => own({ dropout: "1" }), /--dropout.*below 1/],
    [() => own({ "fan-in": "3" }), /--fan-in means nothing here, as it is for --init sparse/],
    [() => own({ download: "no" }), /--download means nothing here, as it is for --problem mnist/],
    [() => [...mnist, "--layers", "9,10"], /--layers 9,10 is for no image of mnist/],
    [
      () => [...mnist, "--layers", "784,9"],
      /train-labels-idx1-ubyte: row 8, column 1 is 9: .* 0 to 8/,
    ],
    [() => [...mnist, "--labels", "y.npy"], /--labels means nothing here.*--problem custom/],
    [() => [...mnist, "--activation", "linear"], /--activation must be one of relu, tanh, sigmoid/],
  ];
  for (const [flags, says] of bad) {
    const args = [...flags(), "--out", `${folder.path}/out`];
    const { status, stdout, stderr } = await runHere(trainClassifiers, args);
    assertEquals([status, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    assertMatch(stderr, says);
    assertEquals(folder.names().filter((name) => !name.startsWith("bad")), before);
  }
});
