// A command in shares, on Slurm itself: deno task cluster.

import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { pause, runDeno } from "../experiments/processes.ts";
import { scratch } from "../experiments/scratch.ts";
import { remains as tableRemains } from "../experiments/tables/small_tables.ts";
import { remains } from "../experiments/study/small_runs.ts";
import { type SlurmNode, startSlurm } from "./slurm_node.ts";

const programs = fileURLToPath(new URL("../../experiments/", import.meta.url));
const asked = ["--shards", "2", "--partition", "all", "--gres", "gpu:1", "--time", "10m"];

function cluster(node: SlurmNode, args: readonly string[]) {
  return runDeno(["run", "-A", `${programs}cluster.ts`, ...args], { env: { ...node.env } });
}

/** Waits until something holds of a folder and its jobs. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; !await holds(); tries++) {
    assert(tries < 600, "it takes too long");
    await pause(500);
  }
}

async function isQueueEmpty(node: SlurmNode): Promise<boolean> {
  return await node.ask("squeue", "--noheader") === "";
}

/** What a job has said. */
function log(folder: string, name: string): string {
  try {
    return Deno.readTextFileSync(`${folder}/slurm/${name}.log`);
  } catch {
    return "";
  }
}

/** All that a run leaves, but for the order in which networks were saved. */
async function tablesOf(folder: string) {
  const { network, networks, ...others } = await remains(folder);
  return { ...others, network: network.toHex(), networks };
}

Deno.test("tasks that are asked to end, or cancelled and begun again, make the run of one machine", async () => {
  await using node = await startSlurm();
  using folder = scratch();
  const [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  const flags = [
    ...["--layers", "784,20,6", "--optimizer", "nag,sgd", "--seed", "1,2", "--updates", "600"],
    ...["--every", "100", "--schedule-period", "20", "--eval-cases", "500"],
  ];
  const alone = await runDeno(["run", "-A", `${programs}autoencoder.ts`, ...flags, "--out", whole]);
  assertEquals(alone.status, 0, alone.stderr);
  const { status, stdout, stderr } = await cluster(
    node,
    ["autoencoder", ...flags, ...asked, "--out", out],
  );
  assertEquals(status, 0, stderr);
  assertMatch(stdout, /^4 networks in 2 tasks: job 1, and job \d+ makes the report /);
  const isUnderWay = (name: string) => log(out, name).includes("200/1200 network updates");
  await until(() => isUnderWay("train-1") && isUnderWay("train-2"));
  // As Slurm does where the time is up, and as a user does.
  await node.ask("scancel", "--signal=TERM", "--batch", "1_1");
  await node.ask("scancel", "1_2");
  await until(() => log(out, "train-1").includes("note: the job is queued again"));
  await until(() => log(out, "train-2").includes("scontrol requeue 1_2 has it go on"));
  await until(async () =>
    (await node.ask("squeue", "--noheader", "--format=%r")).includes("Never")
  );
  const told = await cluster(node, ["--status", out]);
  assertMatch(told.stdout, /^2\/2 +2 +0 +interrupted$/m, told.stderr);
  assertMatch(told.stdout, /^lost: 2; scontrol requeue 1_2 has them go on/m);
  assertMatch(told.stdout, /^report: pending, job \d+/m);
  const again = await cluster(node, ["autoencoder", ...flags, ...asked, "--out", out]);
  assertMatch(again.stderr, /^error: job \d(_\d)? is at work in .*, or waits for it/);
  await node.ask("scontrol", "requeue", "1_2");
  await until(() => isQueueEmpty(node));
  assertEquals(await tablesOf(out), await tablesOf(whole), log(out, "report"));
  const { stdout: end } = await cluster(node, ["--status", out]);
  assertStringIncludes(end, "4 of 4 networks are finished");
});

Deno.test("stages of a table that depend on all tasks are tasks again", async () => {
  await using node = await startSlurm();
  using folder = scratch();
  const [whole, out] = [`${folder.path}/whole`, `${folder.path}/out`];
  const args = [
    ...["table5", "--preset", "small", "--problem", "add", "--length", "10", "--hidden", "15"],
    ...["--updates", "20", "--warm-up-updates", "5", "--learning-rate", "0.01,0.02", "--mu", "0.9"],
    ...["--batch-size", "5", "--seed", "1,2", "--widen", "no"],
  ];
  const alone = await runDeno(["run", "-A", `${programs}paper.ts`, ...args, "--out", whole]);
  assertEquals(alone.status, 0, alone.stderr);
  const { status, stderr } = await cluster(node, ["paper", ...args, ...asked, "--out", out]);
  assertEquals(status, 0, stderr);
  await until(() => isQueueEmpty(node));
  assertEquals(tableRemains(out), tableRemains(whole), log(out, "report"));
  const jobs = Deno.readTextFileSync(`${out}/slurm/jobs`).trim().split("\n");
  assertEquals(jobs.length, 2, log(out, "report"));
});

Deno.test("what Slurm refuses is told in its words", async () => {
  await using node = await startSlurm();
  using folder = scratch();
  const { status, stderr } = await cluster(node, [
    ...["autoencoder", "--shards", "1", "--partition", "nowhere", "--out", `${folder.path}/out`],
  ]);
  assertEquals(status, 2);
  assertStringIncludes(stderr, "sbatch: error: invalid partition specified: nowhere");
  assertMatch(stderr, /^error: no job is submitted, for the reason above/m);
});
