import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { programs } from "../../experiments/cluster/programs.ts";
import { folderFormat } from "../../experiments/study/run_folder.ts";
import { runHere } from "./commands.ts";
import { beside, type Ended, runDeno } from "./processes.ts";
import { scratch } from "./scratch.ts";
import { remains } from "./tables/small_tables.ts";

const program = beside("../../experiments/paper.ts");
const paper = (...args: string[]) => runHere(programs.paper, args);
/** CM and NAG of one recurrent network. */
const tiny = ["--preset", "small", "--problem", "add", "--length", "10", "--hidden", "15"]
  .concat(["--updates", "20", "--warm-up-updates", "5", "--learning-rate", "0.01", "--mu", "0.9"])
  .concat(["--batch-size", "200", "--seed", "1", "--widen", "no"]);

Deno.test("paper.ts names its commands", async () => {
  const { status, stdout } = await paper("--help");
  assertEquals(status, 0);
  for (const name of ["table1", "table2", "table3", "table5", "hf", "theory", "phases", "all"]) {
    assertStringIncludes(stdout, `  ${name} `);
  }
});

Deno.test("paper.ts refuses what cannot be trained in one line, and leaves no folder", async () => {
  using folder = scratch();
  const cases: [args: string[], line: string][] = [
    [["table6"], "there is no command table6: use table1, table2"],
    [
      ["table1", "--updates", "100"],
      "--updates 100 is shorter than the low-momentum finish of 1000",
    ],
    [["table1", "--layers", "100,3"], "--layers 100,3 is no encoder of curves"],
    [["table1", "--shard", "3/2"], '--shard must be I/N, I from 1 to N, such as 2/8, not "3/2"'],
    [["table3", "--mu", "0.9,0.99"], "--mu takes one cap for table3, not 0.9,0.99"],
    [["table5", "--length", "10"], "--length names 1 of 4"],
    [["table5", "--length", "5,10,10,10"], "the length of add must be a whole number from 10"],
    [["table1", "--batch-size", "20001"], "--batch-size 20001 is more than the 20000 training"],
    [["phases", "--batch-size", "20001"], "--batch-size 20001 is more than the 20000 training"],
    [["table5", "--hidden", "12"], "--hidden 12 is less than the 15 incoming connections"],
    [["table5", "--updates", "100"], "--updates 100 ends within the warm-up of 1000"],
    [["phases", "--mu", "0.9"], "--mu names 1 cap"],
  ];
  for (const [args, line] of cases) {
    const { status, stdout, stderr } = await paper(...args, "--out", `${folder.path}/results`);
    assertEquals([status, stdout, stderr.trim().split("\n").length], [2, "", 1], line);
    assertStringIncludes(stderr, `error: ${line}`);
  }
  assertEquals(folder.names(), []);
});

Deno.test("paper.ts refuses a folder of another program, and of an older version", async () => {
  using folder = scratch();
  const other = { program: "rnn", format: folderFormat, arguments: [] };
  folder.write("run.json", new TextEncoder().encode(JSON.stringify(other)));
  const inFolder = async () => await paper("table5", ...tiny, "--out", folder.path);
  const lineOf = ({ status, stderr }: Ended) => {
    assertEquals([status, stderr.trim().split("\n").length], [2, 1], stderr);
    return stderr;
  };
  assertStringIncludes(lineOf(await inFolder()), `${folder.path} is a run of rnn, not of paper`);
  Deno.renameSync(`${folder.path}/run.json`, `${folder.path}/table5.json`);
  assertStringIncludes(lineOf(await inFolder()), `${folder.path} holds tables of an older version`);
  assertEquals(folder.names(), ["table5.json"]);
});

Deno.test("paper.ts trains in shares at once, a GPU that fails among them, to the same networks", async () => {
  using folder = scratch();
  const [one, shared] = [`${folder.path}/one`, `${folder.path}/shared`];
  const whole = await paper("table5", ...tiny, "--out", one);
  assertEquals(whole.status, 0, whole.stderr);
  const preload = beside("../soak/gpu_faults.ts");
  const struck = `${folder.path}/struck`;
  const [first, second] = await Promise.all([
    paper("table5", ...tiny, "--out", shared, "--shard", "1/2"),
    runDeno(
      ["run", "-A", "--preload", preload, program, "table5", ...tiny, "--out", shared].concat([
        "--shard",
        "2/2",
      ]),
      { env: { NAGARE_FAULT: "submit 40", NAGARE_STRUCK: struck } },
    ),
  ]);
  assertEquals([first.status, second.status], [0, 0], first.stderr + second.stderr);
  Deno.statSync(struck);
  assertMatch(second.stderr, /^warning: .*the GPU is opened anew \(1 of at most 3 times\)/m);
  const together = await paper("table5", ...tiny, "--out", shared);
  assertEquals([together.status, remains(shared)], [0, remains(one)]);
  // All were there: the report alone is made, without a GPU.
  assertEquals(together.stderr, "");
});
