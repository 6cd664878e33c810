import { fileURLToPath } from "node:url";
import { isOptimizerFile, optimizerNamesOf } from "../study/optimizer_flags.ts";
import type { SharedCommand } from "./plan.ts";

/** What Slurm is asked for. */
export interface Resources {
  readonly partition?: string | undefined;
  readonly gres?: string | undefined;
  readonly time_ms?: number | undefined;
  /** Further options of sbatch. */
  readonly sbatch?: string | undefined;
}

/** Where the files of a submission are. */
export function slurmFolder({ folder }: Pick<SharedCommand, "folder">): string {
  return `${folder}/slurm`;
}

/** The scripts of a submission, by name: `tasks` are the shares that are to be trained. */
export function jobScripts(
  command: SharedCommand,
  resources: Resources,
  tasks: readonly number[],
): Record<"train.sh" | "report.sh" | "submit.sh", string> {
  const all = tasks.length === command.shards;
  const array = all ? `1-${command.shards}` : tasks.join();
  return {
    "train.sh": jobScript(command, resources, {
      name: "train",
      options: [`--array=${array}`],
      log: "train-%a.log",
      // Of an array that is begun again in part the number of its tasks is another one.
      words: ["--shard", `"$SLURM_ARRAY_TASK_ID/${command.shards}"`],
    }),
    "report.sh": jobScript(command, resources, {
      name: "report",
      options: [],
      log: "report.log",
      words: [],
    }),
    "submit.sh": submitScript(command, tasks),
  };
}

/** So long before its time is up a job is asked to end; Slurm may be a minute early. */
const longestNotice_s = 120;

function jobScript(
  command: SharedCommand,
  { partition, gres, time_ms, sbatch }: Resources,
  { name, options, log, words }: {
    name: string;
    options: readonly string[];
    log: string;
    words: readonly string[];
  },
): string {
  const minutes = time_ms === undefined ? undefined : Math.ceil(time_ms / 60_000);
  const notice_s = Math.min(longestNotice_s, (minutes ?? Infinity) * 60 / 4);
  const pattern = `${slurmFolder(command).replaceAll("%", "%%")}/${log}`;
  const lines = [
    `--job-name=nagare-${command.program}-${name}`,
    ...options,
    ...partition === undefined ? [] : [`--partition=${partition}`],
    ...gres === undefined ? [] : [`--gres=${gres}`],
    ...minutes === undefined ? [] : [`--time=${minutes}`],
    `--signal=B:TERM@${notice_s}`,
    "--requeue",
    "--open-mode=append",
    `--output="${pattern}"`,
    `--chdir="${Deno.cwd()}"`,
    ...sbatch === undefined ? [] : [sbatch],
  ];
  const { program, args, folder } = command;
  return [
    "#!/bin/sh",
    ...lines.map((line) => `#SBATCH ${line}`),
    environment(),
    // Signals are for the program, and its status is the job's.
    [
      `exec ${deno()} run -A --cached-only --config ${quote(configuration)} ${
        quote(jobModule)
      } \\\n `,
      ...[program, ...args, "--out", folder].map(quote),
      ...words,
    ].join(" "),
    "",
  ].join("\n");
}

function submitScript(command: SharedCommand, tasks: readonly number[]): string {
  const [train, report, jobs] = ["train.sh", "report.sh", "jobs"]
    .map((name) => quote(`${slurmFolder(command)}/${name}`));
  // Those of users may import others.
  const optimizers = optimizerNamesOf(command.args, []).filter(isOptimizerFile);
  const modules = [jobModule, ...optimizers].map(quote).join(" ");
  return `#!/bin/sh
# Submits the tasks, and the report that waits until all of them have ended well.
set -e
${environment()}
# Machines that compute may have no network.
${deno()} cache --quiet --config ${quote(configuration)} ${modules}
train=$(sbatch --parsable ${train})
train=\${train%;*}
# Of an array as a whole Slurm holds a failure against tasks that are begun again.
waits=afterok
for task in ${tasks.join(" ")}; do waits="$waits:\${train}_$task"; done
report=$(sbatch --parsable --dependency="$waits" --kill-on-invalid-dep=no ${report}) || {
  scancel "$train"
  exit 1
}
echo "$train \${report%;*} $waits" | tee -a ${jobs}
`;
}

const root = new URL("../../", import.meta.url);
const configuration = fileURLToPath(new URL("deno.json", root));
const jobModule = fileURLToPath(new URL("job.ts", import.meta.url));

/** npx passes no signal on: the binary itself is started. */
function deno(): string {
  return quote(Deno.execPath());
}

/** What programs are started with, wherever they run. */
function environment(): string {
  return [
    `export DENO_DIR=${quote(fileURLToPath(new URL(".deno", root)))} NO_COLOR=1`,
    'export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}"',
  ].join("\n");
}

/** A word of a command line, as shells read it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
