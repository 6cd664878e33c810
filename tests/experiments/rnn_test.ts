import { assertAlmostEquals, assertEquals, assertLess, assertMatch } from "@std/assert";
import { softmax } from "../../experiments/charts/sequence_chart.ts";
import { unitRoundoff } from "../../core/reference/tolerance.ts";
import { readTable } from "../../experiments/files/tables.ts";
import { trainRecurrentNetworks } from "../../experiments/rnn.ts";
import { runHere } from "./commands.ts";
import { idx, type Scratch, scratch } from "./scratch.ts";
import { smallImages } from "./small_images.ts";
import { remains } from "./study/small_runs.ts";

function run(...args: string[]) {
  return runHere(trainRecurrentNetworks, args);
}

const tiny = [
  ...["--length", "10", "--hidden", "9", "--fan-in", "4", "--batch-size", "200"],
  ...["--updates", "8", "--every", "4", "--eval-cases", "20", "--warm-up-updates", "3"],
];

Deno.test("rnn.ts trains a grid and leaves the whole record of it", async () => {
  using folder = scratch();
  const out = `${folder.path}/run`;
  const grid = ["--optimizer", "nag,sgd", "--mu", "0.9,0.5", "--learning-rate", "0.01,1e38"];
  const { status, stdout, stderr } = await run(...tiny, ...grid, "--out", out);
  assertEquals(status, 0, stderr);
  // The same for all networks, and so above the table.
  assertMatch(stdout, /biases alone 0\.8464/);
  assertEquals(stdout.split("\n").filter((line) => /^(nag|cm|sgd) /.test(line)).length, 6);
  const curve = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(curve.length, 6 * 3);
  const [first] = curve;
  assertEquals(Object.keys(first).slice(8), [
    ...["update", "momentum", "train_loss", "test_loss", "zero_one_loss", "gradient_norm"],
    "train_zero_one_loss",
  ]);
  const summary = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  for (const row of summary) {
    assertEquals(row.biases_zero_one_loss, "0.8464");
    assertEquals(row.status, row.learning_rate === "0.01" ? "ok" : "diverged");
  }
  const finite = curve.filter(({ learning_rate, update }) =>
    learning_rate === "0.01" && update !== "0"
  );
  assertEquals(finite.every(({ gradient_norm }) => Number(gradient_norm) > 0), true);
  assertEquals(
    finite.filter(({ mu }) => mu === "0.5").map(({ momentum }) => momentum),
    ["0.5", "0.5"],
  );
  const record = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals([record.status, record.configuration.length], ["finished", 10]);
  assertEquals(record.stateBytesPerParameter, { nag: 4, sgd: 0 });
  for (const name of ["loss.svg", "example.svg"]) {
    assertMatch(Deno.readTextFileSync(`${out}/${name}`), /^<svg/);
  }
});

Deno.test("rnn.ts writes the same curve.csv by either time loop, and for a network alone", async () => {
  using folder = scratch();
  const rows = async (name: string, ...args: string[]) => {
    const words = ["--problem", "mem-5", ...tiny, "--out", `${folder.path}/${name}`, ...args];
    const { status, stderr } = await run(...words);
    assertEquals(status, 0, stderr);
    return Deno.readTextFileSync(`${folder.path}/${name}/curve.csv`);
  };
  const grid = ["--optimizer", "cm,nag", "--seed", "3,4"];
  const first = await rows("first", ...grid);
  assertEquals(await rows("second", ...grid, "--time-loop", "dispatch"), first);
  const alone = await rows("alone", "--optimizer", "nag", "--seed", "4");
  const same = first.split("\n").filter((line) => /,nag,.*,4,\d+,/.test(line));
  assertEquals(same, alone.trim().split("\n").slice(1));
});

Deno.test("rnn.ts refuses bad input in one line, with status 2, and leaves nothing", async () => {
  using folder = scratch();
  const bad: [words: string[], says: RegExp][] = [
    [["--length", "9"], /length of add must be a whole number from 10/],
    [["--problem", "mem-5", "--length", "0"], /--length.*at least 1/],
    [["--problem", "mem-5", "--symbols", "3"], /mem-5 fixes both/],
    [["--problem", "memorization"], /needs --symbols and --items/],
    [["--problem", "mem-20", "--cue", "yes"], /mem-20 has a trigger/],
    [["--spectral-radius", "0"], /--spectral-radius.*above 0/],
    [["--spectral-radius", "-1"], /--spectral-radius.*above 0/],
    [["--fan-in", "101"], /--fan-in 101 is more than the 100 hidden units/],
    [["--clip-norm", "0"], /--clip-norm.*above 0/],
    [["--length", "100000", "--batch-size", "1000"], /steps fit, or a --batch-size of about/],
    [["--finish", "10", "--updates", "5"], /--finish 10 is longer than the run/],
    [["--lenght", "80"], /did you mean --length\?/],
  ];
  for (const [words, says] of bad) {
    const { status, stdout, stderr } = await run(...words, "--out", `${folder.path}/out`);
    assertEquals([status, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    const lines = stderr.trim().split("\n").filter((line) => !line.startsWith("adapter: "));
    assertEquals(lines.length, 1);
    assertMatch(lines[0], /^error: /);
    assertMatch(lines[0], says);
    assertEquals(folder.names(), []);
  }
});

/** The flags of a series of two columns: a wave of eleven rows, and its square in other units. */
function ownSeries(folder: Scratch): string[] {
  const wave = (t: number) => Math.sin(2 * Math.PI * t / 11);
  const rows = Array.from({ length: 200 }, (_, t) => `${20 + 5 * wave(t)},${wave(t) ** 2 / 1000}`);
  const data = folder.write("series.csv", new TextEncoder().encode(`a,b\n${rows.join("\n")}\n`));
  return [
    ...["--problem", "custom", "--data", data, "--length", "12", "--hidden", "9", "--fan-in", "4"],
    ...["--batch-size", "20", "--learning-rate", "0.1", "--mu", "0.9", "--warm-up-updates", "20"],
  ];
}

Deno.test("rnn.ts predicts the next row of a series better than the row before it", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const { status, stdout, stderr } = await run(
    ...[...ownSeries(folder), "--updates", "300", "--every", "100", "--out", out],
  );
  assertEquals(status, 0, stderr);
  assertMatch(stderr, /series\.csv: 200 rows of 2 columns; the first row was taken for names\n/);
  assertMatch(stderr, /160 rows are to train on, the last 40 to test on; .*: a 20.* ± 3\.5/);
  assertMatch(stdout, /persistence {2,}0\.\d{4}\n/);
  const [row] = readTable(Deno.readTextFileSync(`${out}/summary.csv`));
  const error = Number(row.test_mean_squared_error);
  assertLess(error, Number(row.persistence_mean_squared_error) / 5);
  // The error is the mean over columns, each in standard deviations; these are of the rows trained on.
  const { data, configuration } = JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  assertEquals([data.trainRows, data.testRows, configuration.testShare], [160, 40, 0.2]);
  const squares = data.columns.map(({ name, deviation }: { name: string; deviation: number }) =>
    (Number(row[`test_rmse_${name}`]) / deviation) ** 2
  );
  // Sums of as many terms above 0: windows, steps, columns.
  const terms = 29 * 11 * 2;
  assertAlmostEquals((squares[0] + squares[1]) / 2, error, 2 * terms * unitRoundoff * error);
  const curve = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(Object.keys(curve[0]).slice(8), [
    ...["update", "momentum", "train_loss", "train_mean_squared_error"],
    ...["test_mean_squared_error", "gradient_norm", "test_rmse_a", "test_rmse_b"],
  ]);
  // In the units of the file: the first column is about 20, the other about 0.0005.
  const chart = Deno.readTextFileSync(`${out}/example.svg`);
  assertMatch(chart, /rows 176 to 186, and what the best network predicts/);
  assertMatch(chart, /a at the last step: target [12]\d\.\d+, output [12]\d\.\d+/);
  assertMatch(chart, /b at the last step: target 0\.000\d+|target \d\.\d+e-/);
  assertEquals(chart.includes(">inputs<"), false);
});

Deno.test("rnn.ts goes on with a series to the bits of a run in one piece, and as if alone", async () => {
  using folder = scratch();
  const [out, whole, alone] = ["out", "whole", "alone"].map((name) => `${folder.path}/${name}`);
  const flags = [...ownSeries(folder), "--every", "32"], grid = ["--optimizer", "nag,adamw"];
  const finish = async (...args: string[]) => {
    const { status, stderr } = await run(...args);
    assertEquals(status, 0, stderr);
  };
  await finish(...flags, ...grid, "--updates", "50", "--out", out);
  await finish("--resume", out, "--updates", "120");
  await finish(...flags, ...grid, "--updates", "120", "--out", whole);
  assertEquals(await remains(out), await remains(whole));
  await finish(...flags, "--updates", "120", "--out", alone);
  const rows = (folder: string) => Deno.readTextFileSync(`${folder}/curve.csv`).trim().split("\n");
  const networks = rows(whole).filter((line) => line.includes(",nag,"));
  // Without adamw there is no column of its settings.
  assertEquals(
    networks.map((line, i) => line.startsWith(rows(alone)[i + 1])),
    networks.map(() => true),
  );
});

Deno.test("rnn.ts refuses a series that it cannot learn in one line, and leaves nothing", async () => {
  using folder = scratch();
  const given = ownSeries(folder), [, , , data] = given;
  const text = Deno.readTextFileSync(data), lines = text.trim().split("\n");
  const rest = given.slice(4);
  const series = (content: readonly string[], ...flags: string[]) => [
    ...["--problem", "custom", "--data"],
    folder.write("bad.csv", new TextEncoder().encode(content.join("\n"))),
    ...flags.length > 0 ? flags : rest,
  ];
  const bad: [flags: () => string[], says: RegExp][] = [
    [() => ["--problem", "custom"], /custom needs --data: name a CSV file/],
    [
      () => ["--problem", "custom", "--data", `${folder.path}/none`],
      /no file .*none: name it with --data/,
    ],
    [() => ["--problem", "custom", "--data", folder.path], /is a folder: name a file/],
    [() => series(["a,b"]), /bad\.csv: the table has no row of numbers/],
    [
      () => series(lines.slice(0, 31)),
      /bad\.csv: of 30 rows 24 are to train on and 6 to test on, by --test-share 0\.2: a window of --length 12/,
    ],
    [() => [...given, "--test-share", "0.99"], /of 200 rows 2 are to train on and 198 to test on/],
    [() => series(lines.with(20, "20,cat")), /bad\.csv: line 21, column 2 of the table is "cat"/],
    [() => series(lines.with(20, "20,nan")), /bad\.csv: line 21, column 2 of the table is "nan"/],
    [
      () => series(lines.with(20, "20")),
      /bad\.csv: line 21 of the table is 1 long, the lines before 2/,
    ],
    [
      () => series(lines.map((line, i) => i > 0 && i < 170 ? line.replace(/,.*/, ",7") : line)),
      /bad\.csv: column 2 \(b\) is 7 in all 160 rows to train on, and cannot be standardized/,
    ],
    [() => [...given, "--test-share", "1"], /--test-share.*below 1/],
    [() => series(lines, "--length", "1"), /--length 1 of custom leaves no row to predict/],
    [
      () => series(lines, "--length", "12", "--batch-size", "150"),
      /--batch-size 150 is more than the 149 windows to train on/,
    ],
    [
      () => [...given, "--cue", "yes"],
      /--cue means nothing here, as it is for the paper's problems/,
    ],
    [() => [...given, "--symbols", "3"], /--symbols means nothing here/],
    [() => ["--data", data], /--data means nothing here, as it is for --problem custom/],
    [() => ["--test-share", "0.5"], /--test-share means nothing here/],
  ];
  for (const [flags, says] of bad) {
    const words = flags();
    const { status, stdout, stderr } = await run(...words, "--out", `${folder.path}/out`);
    assertEquals([status, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    assertMatch(stderr, says);
    assertEquals(folder.names().filter((name) => !name.startsWith("bad")), ["series.csv"]);
  }
});

/** 200 images with labels, and 100 to test on, as MNIST's. */
function ownDigits(folder: Scratch): string[] {
  const [, , ...data] = smallImages(folder);
  for (const [name, count] of [["train", 200], ["t10k", 100]] as const) {
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 7);
    folder.write(`${name}-labels-idx1-ubyte`, idx([count], labels));
  }
  const size = ["--hidden", "9", "--batch-size", "50", "--eval-cases", "60", "--every", "2"];
  return ["--problem", "mnist-rows", ...data, ...size, "--schedule", "constant"];
}

Deno.test("rnn.ts reads digits row after row, and goes on from where it stands", async () => {
  using folder = scratch();
  const flags = ownDigits(folder), init = ["--init", "echo-state,gaussian", "--fan-in", "4"];
  const [out, whole] = ["out", "whole"].map((name) => `${folder.path}/${name}`);
  const finish = async (...args: string[]) => {
    const { status, stderr } = await run(...args);
    assertEquals(status, 0, stderr);
  };
  await finish(...flags, ...init, "--updates", "2", "--out", out);
  await finish("--resume", out, "--updates", "4");
  await finish(...flags, ...init, "--updates", "4", "--out", whole);
  assertEquals(await remains(out), await remains(whole));
  const curve = readTable(Deno.readTextFileSync(`${out}/curve.csv`));
  assertEquals(Object.keys(curve[0]).slice(8), [
    ...["update", "momentum", "train_loss", "test_loss", "train_error_rate", "test_error_rate"],
    "gradient_norm",
  ]);
  for (const { update, train_loss } of curve) {
    if (update !== "0") assertLess(Math.abs(Number(train_loss) - Math.log(10)), 1);
  }
  assertMatch(Deno.readTextFileSync(`${out}/example.svg`), />column 27<.*>digit 9</s);
});

Deno.test("rnn.ts refuses digits that it cannot read in one line", async () => {
  using folder = scratch();
  const flags = ownDigits(folder), [problem, name] = flags;
  const bad: [flags: string[], says: RegExp][] = [
    [[problem, name], /mnist needs its files: put train-images/],
    [
      [...flags, "--length", "28"],
      /--length means nothing here, as it is for problems of any length/,
    ],
    [[...flags, "--centre", "no"], /--centre means nothing here/],
    [[...flags, "--train-cases", "201"], /--train-cases 201 is more than the 200 training cases/],
    [[...flags, "--train-cases", "49"], /--batch-size 50 is more than the 49 training cases/],
    [
      ["--train-cases", "49"],
      /--train-cases means nothing here, as it is for --problem mnist-rows/,
    ],
  ];
  for (const [words, says] of bad) {
    const { status, stderr } = await run(...words, "--out", `${folder.path}/out`);
    assertEquals(status, 2, words.join(" "));
    assertMatch(stderr, /^error: [^\n]*\n$/);
    assertMatch(stderr, says);
  }
});

Deno.test("softmax() sums to 1 in each row, for logits of any size", () => {
  assertEquals(softmax([0, 0, 1e4, -1e4], 2), [0.5, 0.5, 1, 0]);
});
