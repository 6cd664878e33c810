import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readCells } from "../../experiments/study/cell.ts";
import { runDeno } from "./processes.ts";
import { scratch } from "./scratch.ts";

const program = fileURLToPath(new URL("../../experiments/paper.ts", import.meta.url));
const paper = (...args: string[]) => runDeno(["run", "-A", program, ...args]);
const tiny = ["--preset", "small", "--layers", "784,8,3", "--updates", "4", "--finish", "2"]
  .concat(["--learning-rates", "0.05", "--seeds", "1", "--schedule-period", "1"]);

Deno.test("paper.ts names its commands", async () => {
  const { status, stdout } = await paper("--help");
  assertEquals(status, 0);
  for (const name of ["table1", "table2", "table3", "table5", "theory", "phases", "all"]) {
    assertStringIncludes(stdout, `  ${name} `);
  }
});

Deno.test("paper.ts refuses what cannot be trained in one line, and leaves no folder", async () => {
  using folder = scratch();
  const cases: [args: string[], line: string][] = [
    [["table4"], "there is no command table4: use table1, table2"],
    [
      ["table1", "--updates", "100"],
      "--updates 100 is shorter than the low-momentum finish of 1000",
    ],
    [["table1", "--layers", "100,3"], "--layers 100,3 is no encoder of curves"],
    [["table1", "--shard", "3/2"], '--shard must be I/N, I from 1 to N, such as 2/8, not "3/2"'],
    [["table3", "--mu", "0.9,0.99"], "--mu takes one cap for table3, not 0.9,0.99"],
    [["table5", "--lengths", "10"], "--lengths names 1 of 4"],
    [["table5", "--lengths", "5,10,10,10"], "the length of add must be a whole number from 10"],
    [["table1", "--batch-size", "20001"], "--batch-size 20001 is more than the 20000 training"],
    [["phases", "--batch-size", "20001"], "--batch-size 20001 is more than the 20000 training"],
    [["table5", "--hidden", "12"], "--hidden 12 is less than the 15 incoming connections"],
    [["table5", "--updates", "100"], "--updates 100 ends within the warm-up of 1000"],
    [["phases", "--mu", "0.9"], "--mu names 1 cap"],
  ];
  const ended = await Promise.all(
    cases.map(([args], i) => paper(...args, "--out", `${folder.path}/results-${i}`)),
  );
  cases.forEach(([, line], i) => {
    const { status, stdout, stderr } = ended[i];
    assertEquals([status, stdout, stderr.trim().split("\n").length], [2, "", 1], line);
    assertStringIncludes(stderr, `error: ${line}`);
  });
  assertEquals(folder.names(), []);
});

Deno.test("paper.ts trains what a folder lacks, and refuses another grid", async () => {
  using folder = scratch();
  const table = (...args: string[]) => paper("table2", ...tiny, "--out", folder.path, ...args);
  const half = await table("--shard", "1/2");
  assertEquals(half.status, 0, half.stderr);
  const rest = await table();
  assertEquals(rest.status, 0, rest.stderr);
  assertStringIncludes(rest.stderr, "networks are there already");
  // One rate alone is the lowest and the highest: both sides of it are tried besides.
  const rates = [...readCells(folder.path).values()].map(({ configuration }) => configuration)
    .filter(({ mu }) => mu === 0.9).map(({ learningRate }) => learningRate);
  assertEquals([0.025, 0.05, 0.1].filter((rate) => !rates.includes(rate)), []);
  const nothing = await table();
  assertEquals([nothing.status, nothing.stdout], [0, rest.stdout]);
  const other = await table("--batch-size", "100");
  assertEquals(
    [other.status, other.stderr],
    [
      2,
      `error: ${folder.path}/table2.json was laid with batchSize 200, not 100: repeat the command ` +
      "as it was, or name another folder with --out\n",
    ],
  );
});

Deno.test("paper.ts opens a GPU that fails anew, and ends with the same networks", async () => {
  using folder = scratch();
  const networks = async (name: string, env: Record<string, string>, ...options: string[]) => {
    const out = `${folder.path}/${name}`;
    const { status, stderr } = await runDeno(
      ["run", "-A", ...options, program, "table2", ...tiny, "--out", out],
      { env },
    );
    assertEquals(status, 0, stderr);
    return { stderr, results: new Map([...readCells(out)].map(([id, cell]) => [id, cell.result])) };
  };
  const undisturbed = await networks("undisturbed", {});
  const preload = fileURLToPath(new URL("../soak/gpu_faults.ts", import.meta.url));
  const struck = `${folder.path}/struck`;
  const disturbed = await networks(
    "disturbed",
    { NAGARE_FAULT: "submit 40", NAGARE_STRUCK: struck },
    "--preload",
    preload,
  );
  Deno.statSync(struck);
  assertMatch(disturbed.stderr, /^warning: .*the GPU is opened anew \(1 of at most 3 times\)/m);
  assertEquals(disturbed.results, undisturbed.results);
});
