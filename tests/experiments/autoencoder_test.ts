import { fileURLToPath } from "node:url";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { sha256 } from "../../experiments/files/files.ts";
import { readCells } from "../../experiments/study/ledger.ts";
import { readTable } from "../../experiments/files/tables.ts";
import { trainAutoencoders } from "../../experiments/autoencoder.ts";
import { runHere } from "./commands.ts";
import { runDeno } from "./processes.ts";
import { gzip, idx, scratch } from "./scratch.ts";
import { smallImages } from "./small_images.ts";

const program = fileURLToPath(new URL("../../experiments/autoencoder.ts", import.meta.url));

function run(...args: string[]) {
  return runHere(trainAutoencoders, args);
}

const tiny = ["--layers", "784,9,3", "--updates", "12", "--every", "5", "--eval-cases", "150"];

Deno.test("autoencoder.ts trains a grid and leaves the whole record of it", async () => {
  using folder = scratch();
  const out = `${folder.path}/run`;
  const grid = [
    "--optimizer",
    "nag,sgd",
    "--mu",
    "0.9,0.5",
    "--learning-rate",
    "0.1,1e38",
    "--seed",
    "1,2",
  ];
  const flags = [...tiny, ...smallImages(folder), ...grid];
  const { status, stdout, stderr } = await run(...flags, "--out", out);
  assertEquals(status, 0, stderr);
  assertMatch(stderr, /^adapter: /);

  // Two rates and two seeds: eight networks of NAG, and four of SGD, to which mu means nothing.
  const summary = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  assertEquals(summary.length, 12);
  assertEquals(summary.filter(({ optimizer }) => optimizer === "sgd").length, 4);
  const curve = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(curve.length, 12 * 4);
  assertEquals([...new Set(curve.map(({ update }) => update))], ["0", "5", "10", "12"]);

  for (const row of summary) {
    // Over all cases, where the curve has 150 of them.
    const { final } = readCells(out).get(row.cell)!.result;
    assertEquals(row.train_squared_error, String(final!.train.squaredError));
    const errors = curve.filter((other) =>
      ["optimizer", "mu", "learning_rate", "seed"].every((column) => row[column] === other[column])
    ).map(({ train_squared_error }) => Number(train_squared_error));
    if (row.learning_rate === "0.1") {
      assertAlmostEquals(Number(row.train_squared_error) / errors[3], 1, 0.1);
      assertEquals([row.status, row.diverged_at], ["ok", ""]);
      assertLess(errors[3], errors[1]);
      assertLess(errors[1], errors[0]);
    } else {
      // Weights of 1e36 and more: products of two overflow.
      assertEquals(row.status, "diverged");
      assert(Number(row.diverged_at) <= 12);
    }
  }
  const record = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals([record.status, record.configuration.updates], ["finished", 12]);
  assert(record.adapter.limits.maxBufferSize > 0);
  assertEquals(record.stateBytesPerParameter, { nag: 4, sgd: 0 });
  assertMatch(Deno.readTextFileSync(`${out}/loss.svg`), /^<svg/);
  assertEquals(
    Deno.readFileSync(`${out}/reconstructions.png`).slice(1, 4),
    new TextEncoder().encode("PNG"),
  );
  // Two seeds each: a row a setting.
  assertEquals(stdout.split("\n").filter((line) => /^(nag|sgd) /.test(line)).length, 6);
});

Deno.test("autoencoder.ts writes the same curve.csv twice, and for a network alone", async () => {
  using folder = scratch();
  const flags = [...tiny, ...smallImages(folder)];
  const rows = async (name: string, ...args: string[]) => {
    const { status, stderr } = await run(...flags, "--out", `${folder.path}/${name}`, ...args);
    assertEquals(status, 0, stderr);
    return Deno.readTextFileSync(`${folder.path}/${name}/curve.csv`);
  };
  const grid = ["--optimizer", "cm,nag", "--seed", "3,4"];
  const first = await rows("first", ...grid);
  assertEquals(await rows("second", ...grid), first);
  const alone = await rows("alone", "--optimizer", "nag", "--seed", "4");
  const same = first.split("\n").filter((line) => /,nag,.*,4,\d+,/.test(line));
  assertEquals(same, alone.trim().split("\n").slice(1));
});

Deno.test("autoencoder.ts refuses bad input in one line, with status 2, and leaves nothing", async () => {
  using folder = scratch();
  const data = `${folder.path}/data`;
  Deno.mkdirSync(data);
  const images = "train-images-idx3-ubyte";
  const write = (bytes: number[]) => Deno.writeFileSync(`${data}/${images}`, new Uint8Array(bytes));
  const header = (
    ...sizes: number[]
  ) => [0, 0, 8, sizes.length, ...sizes.flatMap((n) => [0, 0, n >> 8, n & 255])];
  const out = `${folder.path}/out`;
  const bad: [words: string[], says: RegExp, before?: () => void][] = [
    [["--learning-rat", "0.1"], /no flag --learning-rat; did you mean --learning-rate\?/],
    [["--learning-rate"], /--learning-rate needs a value/],
    [["--learning-rate", "fast"], /--learning-rate.*above 0.*fast/],
    [["--learning-rate", "-0.5"], /--learning-rate.*above 0.*-0.5/],
    [["--mu", "1"], /--mu.*below 1/],
    [["--updates", "0"], /--updates.*at least 1/],
    [["--batch-size", "20001"], /--batch-size 20001.*20000 training cases/],
    [["--finish", "10", "--updates", "5"], /--finish 10 is longer than the run/],
    [["--layers", "100,9"], /--layers 100,9.*begins with 784/],
    [
      ["--optimizer", "adam"],
      /--optimizer must be one of sgd, cm, nag, .*not "adam"; did you mean adamw\?/,
    ],
    [["--problem", "mnist"], /--data.*--download yes/],
    [["--download", "yes"], /--download yes is for mnist alone/],
    [["--problem", "faces"], /olivettifaces\.mat.*--data/],
    [["--problem", "faces", "--data", folder.path], /holds none of olivettifaces\.mat/],
    [["--problem", "faces", "--output-unit", "logistic"], /--output-unit logistic.*custom alone/],
    [["--loss", "squared-error"], /--loss squared-error.*custom alone/],
    [["--l2", "-1"], /--l2.*at least 0/],
    [["--test-data", "x.npy"], /--test-data means nothing here, as it is for --problem custom/],
    [["--data", folder.path], /holds no digs3pts_1\.mat/],
    [["--problem", "custom", "--data", program], /custom needs --layers/],
    [["--problem", "custom", "--layers", "9,3"], /custom needs --data/],
    [
      ["--problem", "custom", "--layers", "2,1", "--data", `${data}/${images}`],
      /line 1, column 2 is 1\.5, outside \[0, 1\]/,
      () => write([...new TextEncoder().encode("0,1.5")]),
    ],
    [
      ["--problem", "mnist", "--data", data],
      /is a folder: name a file/,
      () => {
        Deno.removeSync(`${data}/${images}`);
        Deno.mkdirSync(`${data}/${images}`);
      },
    ],
    [
      ["--problem", "mnist", "--data", data],
      /an IDX file has a header of at least 4 bytes, this has 0/,
      () => {
        Deno.removeSync(`${data}/${images}`);
        write([]);
      },
    ],
    [
      ["--problem", "mnist", "--data", `${folder.path}/none`],
      /there is no folder [^ ]*none: name the one/,
    ],
    [
      ["--problem", "mnist", "--data", `${folder.path}`],
      /holds none of train-images-idx3-ubyte, train-images-idx3-ubyte\.gz, train-images\.idx3-ubyte/,
    ],
    [
      ["--problem", "mnist", "--data", data],
      /train-images-idx3-ubyte: .*starts with the bytes 00 00/,
      () => write([9, 9, 9, 9, 0, 0, 0, 1, 0]),
    ],
    [
      ["--problem", "mnist", "--data", data],
      /train-images-idx3-ubyte: /,
      () => write([...header(2, 28, 28), 1, 2, 3]),
    ],
    [
      ["--problem", "mnist", "--data", data],
      /20 x 28 pixels/,
      () => write([...header(1, 20, 28), ...Array(560).fill(0)]),
    ],
    [["--out", program], /cannot be written/],
  ];
  for (const [args, says, before] of bad) {
    before?.();
    const words = args.includes("--out") ? args : [...args, "--out", out];
    const { status, stdout, stderr } = await run(...words);
    assertEquals([status, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    assertMatch(stderr, says);
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["data"]);
  }
});

Deno.test("autoencoder.ts refuses a folder with the record of another run, and touches nothing", async () => {
  using folder = scratch();
  const path = `${folder.path}/run.json`, old = { program: "autoencoder", arguments: [] };
  const records: [record: string, says: string][] = [
    ["{}", `${path} is not as it was written: begin the run anew in another folder`],
    [
      JSON.stringify({ ...old, format: 2, program: "rnn" }),
      `${folder.path} is a run of rnn, not of autoencoder: name another folder`,
    ],
    [
      JSON.stringify(old),
      `${folder.path} holds a run of an older version of Nagare: go on with that version ` +
      "(run.json names it), or begin the run anew in another folder",
    ],
  ];
  for (const [record, says] of records) {
    for (const flag of ["--out", "--resume"]) {
      Deno.writeTextFileSync(path, record);
      const { status, stderr } = await run(...tiny, flag, folder.path);
      assertEquals([status, stderr], [2, `error: ${says}\n`]);
      assertEquals([folder.names(), Deno.readTextFileSync(path)], [["run.json"], record]);
    }
  }
});

Deno.test("autoencoder.ts names the permission flags it lacks", async () => {
  const { status, stderr } = await runDeno(["run", program, ...tiny]);
  assertEquals([status, stderr], [
    2,
    'error: permission missing: add --allow-read=results --allow-write=results after "deno run" (-A allows everything)\n',
  ]);
});

Deno.test("autoencoder.ts --l2 moves the weights, and the loss is told without it", async () => {
  using folder = scratch();
  const images = smallImages(folder);
  const curveOf = async (l2: string) => {
    const out = `${folder.path}/${l2}`;
    const { status, stderr } = await run(
      ...[...images, "--layers", "784,9,3", "--updates", "2", "--every", "1"],
      ...["--eval-cases", "200", "--l2", l2, "--out", out],
    );
    assertEquals(status, 0, stderr);
    return readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  };
  const [[, ...plain], [, ...decayed]] = [await curveOf("0"), await curveOf("0.5")];
  // Of the first update the loss is that of the initial weights, with the penalty or without.
  assertEquals(decayed[0].train_loss, plain[0].train_loss);
  assertNotEquals(decayed[0].train_squared_error, plain[0].train_squared_error);
});

Deno.test("autoencoder.ts records which files it read, and trains on what they hold", async () => {
  using folder = scratch();
  const train = idx([200, 28, 28], new Uint8Array(200 * 784).map((_, i) => i % 256));
  folder.write("train-images-idx3-ubyte.gz", await gzip(train));
  const test = folder.write("t10k-images-idx3-ubyte", idx([7, 28, 28]));
  const out = `${folder.path}/out`;
  const { status, stderr } = await run(
    ...["--problem", "mnist", "--data", folder.path, "--download", "yes"],
    ...["--layers", "784,5", "--updates", "2", "--out", out],
  );
  assertEquals(status, 0, stderr);
  const { data } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals(data, {
    kind: "not MNIST: its SHA-256 differs",
    files: [
      { path: `${folder.path}/train-images-idx3-ubyte.gz`, sha256: sha256(train) },
      { path: test, sha256: sha256(idx([7, 28, 28])) },
    ],
    trainCases: 200,
    testCases: 7,
  });
  assertStringIncludes(
    stderr,
    "images that are not MNIST, as their SHA-256 differs: 200 to train on, 7 to test\n",
  );
  assertStringIncludes(
    Deno.readTextFileSync(`${out}/report.html`),
    "data: not MNIST: its SHA-256 differs, 200 and 7 cases",
  );
});
