import { assertEquals, assertMatch } from "@std/assert";
import { softmax } from "../../experiments/charts/sequence_chart.ts";
import { readTable } from "../../experiments/files/tables.ts";
import { trainRecurrentNetworks } from "../../experiments/rnn.ts";
import { runHere } from "./commands.ts";
import { scratch } from "./scratch.ts";

function run(...args: string[]) {
  return runHere(trainRecurrentNetworks, args);
}

const tiny = [
  ...["--length", "10", "--hidden", "9", "--fan-in", "4", "--batch-size", "5"],
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

Deno.test("softmax() sums to 1 in each row, for logits of any size", () => {
  assertEquals(softmax([0, 0, 1e4, -1e4], 2), [0.5, 0.5, 1, 0]);
});
