import { InputError } from "../../mod.ts";
import { say } from "../terminal/terminal.ts";

/** A job, or a task of one, as Slurm has it. */
export interface QueuedJob {
  /** Of a task 17_2. */
  readonly id: string;
  /** RUNNING, PENDING, COMPLETING, ... */
  readonly state: string;
  /** Why it waits. */
  readonly reason: string;
}

/** What a command of Slurm prints; what it has to say goes to stderr. Undefined where it is absent. */
async function ask(
  command: string,
  args: readonly string[],
  stderr: "inherit" | "null" = "inherit",
): Promise<{ success: boolean; text: string } | undefined> {
  try {
    const asked = new Deno.Command(command, { args: [...args], stdin: "null", stderr });
    const { success, stdout } = await asked.output();
    return { success, text: new TextDecoder().decode(stdout).trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Has a script submit its jobs, and gives what it prints. Throws InputError where Slurm is not here,
 * or refuses them, in words of its own.
 */
export async function submit(script: string): Promise<string> {
  if (await ask("sbatch", ["--version"]) === undefined) {
    throw new InputError(
      `Slurm is not on this machine, as there is no sbatch: the jobs are written; submit them by sh ` +
        `${script} on one that has it`,
    );
  }
  const submitted = await ask("sh", [script]);
  if (submitted?.success) return submitted.text;
  throw new InputError(
    `no job is submitted, for the reason above: repeat the command with what is to be another way`,
  );
}

/** The jobs of some numbers that have not ended, tasks one by one; undefined where Slurm is absent. */
export async function queued(jobs: readonly string[]): Promise<QueuedJob[] | undefined> {
  if (jobs.length === 0) return [];
  const list = ["--noheader", "--array", "--format=%i|%T|%r", `--jobs=${jobs.join()}`];
  // It knows a job no more some minutes after its end.
  const asked = await ask("squeue", list, "null");
  return asked?.text.split("\n").filter((line) => line !== "").map((line) => {
    const [id, state, reason] = line.split("|");
    return { id, state, reason };
  });
}

/** The job that this process runs in, 17 or of a task 17_2; undefined where it is in none. */
export function ownJob(): string | undefined {
  const [job, array, task] = ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID"]
    .map((name) => Deno.env.get(name));
  // The number of an array is also that of one of its tasks.
  return array ? `${array}_${task}` : job;
}

/** Has a job wait for others anew: one that saw a task of theirs fail waits for ever. */
export async function waitAnew(job: string, others: string): Promise<void> {
  await ask("scontrol", ["update", `JobId=${job}`, `Dependency=${others}`], "null");
}

/**
 * Has the job of this process begin again, where it runs in one that was asked to end and not
 * cancelled: its time is up, or others need the machine.
 */
export async function beginAgain(): Promise<void> {
  const job = ownJob();
  if (job === undefined) return;
  const [own] = await queued([job]) ?? [];
  if (own?.state !== "RUNNING") {
    return say(`note: the job is at its end; scontrol requeue ${job} has it go on`);
  }
  if ((await ask("scontrol", ["requeue", job]))?.success) {
    say("note: the job is queued again, and goes on from here");
  }
}
