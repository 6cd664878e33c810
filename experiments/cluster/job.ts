/**
 * What a job of a cluster runs: a share of a program's networks, or without `--shard` the rest and the
 * report, with what Slurm is to know of its end.
 */
import { TakenError } from "../files/claim.ts";
import { runCommand } from "../study/grid_program.ts";
import { say } from "../terminal/terminal.ts";
import { planShares } from "./plan.ts";
import { type ProgramName, programs } from "./programs.ts";
import { beginAgain, waitAnew } from "./slurm.ts";
import { handOver, readSubmission, submittedJobs } from "./submission.ts";

/** Carries out what a job was given. */
export async function runJob(given: readonly string[], interruption: AbortSignal): Promise<void> {
  const [program, ...args] = given as readonly [ProgramName, ...string[]];
  const isShare = args.includes("--shard"), folder = args[args.indexOf("--out") + 1];
  const jobs = submittedJobs(folder).at(-1);
  const isBegunAgain = Deno.env.get("SLURM_RESTART_COUNT") !== undefined;
  if (isShare && isBegunAgain && jobs) await waitAnew(jobs.report, jobs.waits);
  try {
    if (!isShare && await handOverNext(folder, interruption)) return;
    await programs[program](args, interruption);
  } catch (error) {
    if (!(error instanceof TakenError)) throw error;
    // Whoever trains it brings it to its end: the report may wait for this job no longer.
    const [who] = error.message.split(/[:;]/);
    say(`note: ${who}: this job leaves it to that one, and ends well`);
  } finally {
    if (interruption.aborted) await beginAgain();
  }
}

/** Tables ask for more networks as they learn: those are for all machines again. */
async function handOverNext(folder: string, interruption: AbortSignal): Promise<boolean> {
  const { command, resources, networks: before } = readSubmission(folder);
  const shares = await planShares(command, interruption);
  const isNew = shares.some(({ missing }) => missing.some((id) => !before.includes(id)));
  if (isNew) await handOver(command, resources, { isTried: false, interruption });
  return isNew;
}

if (import.meta.main) await runCommand(runJob);
