import { resolve } from "node:path";
import { InputError } from "../mod.ts";
import { programOf, sharedFolders } from "./cluster/programs.ts";
import { statusOf } from "./cluster/status.ts";
import { handOver } from "./cluster/submission.ts";
import { tryWriting } from "./files/files.ts";
import { withAbsolutePaths } from "./study/command_line.ts";
import { runCommand } from "./study/grid_program.ts";
import { chooseRunFolder } from "./study/run_folder.ts";
import { outFlag } from "./study/run_options.ts";
import { duration } from "./terminal/durations.ts";
import {
  inSection,
  integer,
  namedFlags,
  parseFlags,
  partFlags,
  path,
  words,
  yesNo,
} from "./terminal/flags.ts";
import { helpText, type Manual } from "./terminal/help.ts";
import { commonAnswer } from "./terminal/program.ts";
import { print } from "./terminal/terminal.ts";

const flags = inSection("Cluster", {
  shards: integer({ atLeast: 1, unit: "tasks", help: "Into so many the networks are divided." }),
  partition: words({ shown: "the cluster's", help: "Where the jobs are queued." }),
  gres: words({ shown: "none", help: "What each task has to itself: gpu:1." }),
  time: duration({
    shown: "the partition's",
    help: "After which a job is queued again, and goes on where it was.",
  }),
  sbatch: words({ shown: "none", help: "Further options of sbatch: --sbatch='--account=lab'." }),
  out: outFlag("PROGRAM"),
  "dry-run": yesNo({ default: false, help: "Writes the jobs, and submits none." }),
  status: path({
    help: "The folder of a command that was submitted: counts its networks and names lost tasks.",
  }),
});

const manual: Manual = {
  usage: "deno run -A experiments/cluster.ts PROGRAM",
  summary:
    "Divides the networks of a program, with flags of its own, among tasks of Slurm; a last job makes " +
    "the report. All machines see the results and this checkout. A task takes one GPU: the one that " +
    "Slurm lets it see, or that VK_DRIVER_FILES or MESA_VK_DEVICE_SELECT names.",
  examples: [{
    command: "deno run -A experiments/cluster.ts autoencoder --optimizer cm,nag --mu 0.9,0.99 " +
      "--seed 1,2 --shards 8 --partition P --gres gpu:1 --time 8h",
    does: "trains a network in each of 8 tasks, with a GPU each",
  }],
  flags,
};

/** Hands a program to Slurm, or tells how far it is. */
export async function runOnCluster(
  given: readonly string[],
  interruption: AbortSignal,
): Promise<void> {
  const answer = commonAnswer(given, () => helpText(manual));
  if (answer !== undefined) return print(answer);
  const { own, others } = partFlags(flags, given.filter((word) => word !== "--quiet"));
  const options = parseFlags(flags, own);
  if (options.status !== undefined) {
    parseFlags(flags, others);
    return print(await statusOf(options.status, interruption));
  }
  const [name, ...args] = withAbsolutePaths(others), program = programOf(name);
  refuseOfOneMachine(args);
  const { shards, partition, gres, time: time_ms, sbatch, dryRun: isTried } = options;
  if (shards === undefined) {
    throw new InputError("--shards needs a value: how many tasks the networks are divided into");
  }
  const out = options.out ?? sharedFolders[program];
  if (out !== undefined) tryWriting(out, "--out");
  const folder = resolve(out ?? chooseRunFolder(program));
  const command = { program, args, folder, shards };
  await handOver(command, { partition, gres, time_ms, sbatch }, { isTried, interruption });
}

/** What tells a run on one machine where it is, and how it goes on. */
function refuseOfOneMachine(args: readonly string[]): void {
  const idle = namedFlags(args).find((name) => ["shard", "resume", "live"].includes(name));
  if (idle === undefined) return;
  throw new InputError(`--${idle} is for a run on one machine: leave it out, and name its --out`);
}

if (import.meta.main) await runCommand(runOnCluster);
