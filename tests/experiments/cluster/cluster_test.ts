// A command in shares, by what is written for Slurm and by a Slurm of a few lines.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runOnCluster } from "../../../experiments/cluster.ts";
import { runJob } from "../../../experiments/cluster/job.ts";
import { lockFolder } from "../../../experiments/files/lock.ts";
import { runHere } from "../commands.ts";
import { environment } from "../processes.ts";
import { type Scratch, scratch } from "../scratch.ts";
import { names, smallAutoencoders } from "../study/small_runs.ts";

function flagsOf(folder: Scratch): string[] {
  return smallAutoencoders(folder).flags.join(" ").replace("300", "60").split(" ");
}

/** Commands of the system in place of Slurm's: each is a shell script, and nothing else is found. */
function slurm(folder: Scratch, commands: Readonly<Record<string, string>>): Disposable {
  const bin = `${folder.path}/bin`;
  Deno.mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(commands)) {
    Deno.writeTextFileSync(`${bin}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return environment({ PATH: bin });
}

/** Takes every job, and notes how it was asked; `deno cache` has nothing to do here. */
const obliging = {
  sh: 'PATH=$PATH:/usr/bin:/bin exec /bin/sh -c "$(/bin/sed "/ cache /d" "$1")"',
  sbatch: 'echo "$@" >> "$0.log"; if [ $# -gt 2 ]; then echo 8; else echo "7;alone"; fi',
};

Deno.test("what is written for Slurm starts the program itself, in shares, and a report after them", async () => {
  using folder = scratch();
  const out = `${folder.path}/a 'folder' of 100%`, flags = flagsOf(folder);
  const { status, stdout, stderr } = await runHere(runOnCluster, [
    ...["experiments/autoencoder.ts", ...flags, "--shards", "2", "--partition", "gpus"],
    ...["--gres=gpu:1", "--time", "90m", "--sbatch=--account=lab --mem=8G", "--out", out],
    ...["--dry-run", "yes"],
  ]);
  assertEquals(status, 0, stderr);
  assertStringIncludes(stdout, `4 networks in 2 tasks: sh ${out}/slurm/submit.sh submits`);
  assertEquals(names(out), [
    ...["slurm/report.sh", "slurm/submission.json", "slurm/submit.sh", "slurm/train.sh"],
  ]);
  const [train, report, submit] = ["train", "report", "submit"]
    .map((name) => Deno.readTextFileSync(`${out}/slurm/${name}.sh`));
  const options = [...train.matchAll(/^#SBATCH (.*)$/gm)].map(([, option]) => option);
  assertEquals(options, [
    "--job-name=nagare-autoencoder-train",
    "--array=1-2",
    ...["--partition=gpus", "--gres=gpu:1", "--time=90", "--signal=B:TERM@120"],
    ...["--requeue", "--open-mode=append", `--output="${out}%/slurm/train-%a.log"`],
    ...[`--chdir="${Deno.cwd()}"`, "--account=lab --mem=8G"],
  ]);
  // A path with a space stands between quotes.
  assertMatch(train, /^export DENO_DIR='?\/.*\/\.deno'? NO_COLOR=1$/m);
  assertMatch(train, /^exec '?\/.* run -A --cached-only --config '?\//m);
  assertStringIncludes(train, Deno.execPath());
  assertStringIncludes(train, `--out '${out.replaceAll("'", "'\\''")}' --shard "$SLURM_ARRAY_TA`);
  assertStringIncludes(train, '"$SLURM_ARRAY_TASK_ID/2"\n');
  assertEquals(/--array|--shard/.test(report), false);
  assertMatch(submit, /^'?\/.* cache --quiet .*\/experiments\/cluster\/job\.ts'?$/m);
  for (const text of [train, report, submit]) {
    const path = folder.write("script.sh", new TextEncoder().encode(text));
    const { success } = await new Deno.Command("sh", { args: ["-n", path] }).output();
    assertEquals(success, true, text);
  }
});

Deno.test("what cannot be handed over is refused in one line, and leaves nothing", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, flags = flagsOf(folder);
  const shared = ["autoencoder", ...flags, "--shards", "2"];
  const before = folder.names();
  const cases: [args: readonly string[], line: string][] = [
    [[], "the program comes first, one of autoencoder, classifier, rnn, language, paper, studies"],
    [
      ["train.ts"],
      'first, one of autoencoder, classifier, rnn, language, paper, studies, not "train.ts"',
    ],
    [["autoencoder", ...flags], "--shards needs a value: how many tasks the networks are divided"],
    [[...shared, "--gres", "gpu:1\n#SBATCH"], '--gres must be words in one line, not "gpu:1'],
    [[...shared, "--shard", "1/2"], "--shard is for a run on one machine: leave it out"],
    [[...shared, "--live", "yes"], "--live is for a run on one machine: leave it out"],
    [[...shared, "--optimiser", "nag"], "there is no flag --optimiser; did you mean --optimizer?"],
    [["paper", "table9", "--shards", "2"], "there is no command table9: use table1"],
    [["--status", `${folder.path}/none`], `${folder.path}/none has nothing that was handed to Sl`],
  ];
  for (const [args, line] of cases) {
    const place = args.includes("--status") ? [] : ["--out", out];
    const { status, stdout, stderr } = await runHere(runOnCluster, [...args, ...place]);
    assertEquals([status, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    assertStringIncludes(stderr, line);
  }
  const closed = await runHere(runOnCluster, [...shared, "--out", "/proc/self/out"]);
  assertMatch(closed.stderr, /^error: \/proc\/self\/out cannot be written \(.*; name another/);
  assertEquals(folder.names(), before);
});

Deno.test("without Slurm the jobs are written, and what it says is passed on", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`;
  const args = ["autoencoder", ...flagsOf(folder), "--shards", "4", "--out", out];
  {
    using _nothing = slurm(folder, {});
    const { status, stderr } = await runHere(runOnCluster, args);
    assertEquals(status, 2);
    assertMatch(stderr, /^error: Slurm is not on this machine, .*; submit them by sh .*submit\.sh/);
    assertEquals(names(out).length, 4);
  }
  using _slurm = slurm(folder, { ...obliging, sbatch: '[ "$1" = --version ]' });
  const { status, stderr } = await runHere(runOnCluster, args);
  assertEquals(status, 2);
  assertMatch(stderr, /^error: no job is submitted, for the reason above: repeat the command/);
});

Deno.test("shares that were handed over are counted, and lost ones are named", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, flags = flagsOf(folder);
  const args = ["autoencoder", ...flags, "--shards", "4", "--out", out];
  using _slurm = slurm(folder, obliging);
  const { stdout, stderr } = await runHere(runOnCluster, args);
  assertMatch(stdout, /^4 networks in 4 tasks: job 7, and job 8 makes the report when/, stderr);
  const asked = Deno.readTextFileSync(`${folder.path}/bin/sbatch.log`).trim().split("\n");
  assertStringIncludes(asked[2], "--dependency=afterok:7_1:7_2:7_3:7_4 --kill-on-invalid-dep=no");
  const ended = await runHere(runJob, [
    ...["autoencoder", ...flags, "--out", out, "--shard", "1/4"],
  ]);
  assertEquals(ended.status, 0, ended.stderr);
  using _queue = slurm(folder, {
    squeue: "echo '7_3|RUNNING|None'; echo '7_4|PENDING|Resources'; echo '8|PENDING|Dependency'",
  });
  const told = await runHere(runOnCluster, ["--status", out]);
  assertEquals(told.stdout.trim().split("\n"), [
    "share  networks  finished  state",
    "1/4           1         1  finished",
    "2/4           1         0  lost before it began",
    "3/4           1         0  running, job 7_3",
    "4/4           1         0  pending, job 7_4 (Resources)",
    "",
    "1 of 4 networks are finished",
    "report: pending, job 8 (Dependency)",
    `lost: 2; scontrol requeue 7_2 has them go on, or where that is too late, the same command ` +
    `with --out ${out}`,
  ]);
  const again = await runHere(runOnCluster, args);
  assertMatch(again.stderr, /^error: job 7_3 is at work in .*: let it end, or scancel it\n$/);
});

Deno.test("a job leaves a share that is held to who holds it, and ends well", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, place = `${out}/shards/2-of-2`;
  Deno.mkdirSync(place, { recursive: true });
  using _holder = lockFolder(place);
  const { status, stderr } = await runHere(runJob, [
    ...["autoencoder", ...flagsOf(folder), "--out", out, "--shard", "2/2"],
  ]);
  assertEquals(status, 0);
  assertMatch(
    stderr,
    /^note: another run is at work in .*2-of-2 \(process .*: this job leaves it/m,
  );
});

Deno.test("a job that is asked to end has itself queued again, a cancelled one does not", async () => {
  using folder = scratch();
  const out = `${folder.path}/out`, bin = `${folder.path}/bin`;
  using _job = environment({
    ...{ SLURM_JOB_ID: "7", SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "1" },
  });
  const job = ["autoencoder", ...flagsOf(folder), "--out", out, "--shard", "1/2"];
  const endedIn = async (state: string) => {
    using _slurm = slurm(folder, {
      squeue: `echo '7_1|${state}|None'`,
      scontrol: 'echo "$@" > "$0.log"',
    });
    return (await runHere(runJob, job, AbortSignal.abort(new Error("asked to end")))).stderr;
  };
  assertStringIncludes(await endedIn("COMPLETING"), "scontrol requeue 7_1 has it go on");
  assertEquals(names(bin).includes("scontrol.log"), false);
  assertStringIncludes(await endedIn("RUNNING"), "note: the job is queued again, and goes on");
  assertEquals(Deno.readTextFileSync(`${bin}/scontrol.log`), "requeue 7_1\n");
});
