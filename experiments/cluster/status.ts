import { readIfReadable } from "../files/files.ts";
import { placeOf, recordName } from "../study/run_folder.ts";
import { alignTable } from "../terminal/aligned_table.ts";
import { type PlannedShare, planShares } from "./plan.ts";
import { queued, type QueuedJob } from "./slurm.ts";
import { readSubmission, submittedJobs } from "./submission.ts";

/** How far the shares of a folder are, and which tasks were lost, in lines. */
export async function statusOf(folder: string, interruption: AbortSignal): Promise<string> {
  const { command } = readSubmission(folder);
  const shares = await planShares(command, interruption);
  const submitted = submittedJobs(folder);
  const jobs = await queued(submitted.flatMap(({ train, report }) => [train, report]));
  const states = shares.map((share, i) => {
    const job = jobs?.findLast(({ id }) => id.endsWith(`_${i + 1}`));
    const place = placeOf(folder, { index: i + 1, count: command.shards });
    return stateOf(share, { job, place, isKnown: jobs !== undefined });
  });
  const rows = shares.map(({ networks, missing }, i) => [
    ...[`${i + 1}/${command.shards}`, networks.length],
    ...[networks.length - missing.length, states[i].words],
  ]);
  const total = shares.reduce((sum, { networks }) => sum + networks.length, 0);
  const finished = total - shares.reduce((sum, { missing }) => sum + missing.length, 0);
  const lost = states.flatMap(({ isLost }, i) => isLost ? [i + 1] : []);
  const train = submitted.at(-1)?.train;
  const report = jobs?.findLast(({ id }) => !id.includes("_"));
  return [
    alignTable([["share", "networks", "finished", "state"], ...rows]),
    "",
    `${finished} of ${total} networks are finished`,
    ...report ? [`report: ${jobWords(report)}`] : [],
    ...lost.length > 0
      ? [
        `lost: ${lost.join(", ")}; scontrol requeue ${
          lost.map((i) => `${train}_${i}`).join()
        } has ` +
        `them go on, or where that is too late, the same command with --out ${folder}`,
      ]
      : [],
  ].join("\n");
}

interface ShareState {
  readonly words: string;
  /** Whether nobody trains what is missing of it. */
  readonly isLost: boolean;
}

/** Slurm knows what is queued; of what is not, the share's record says how it ended. */
function stateOf(
  { missing }: PlannedShare,
  { job, place, isKnown }: { job: QueuedJob | undefined; place: string; isKnown: boolean },
): ShareState {
  if (job) return { words: jobWords(job), isLost: false };
  if (missing.length === 0) return { words: "finished", isLost: false };
  const status = recordedStatus(place);
  if (!isKnown) return { words: status ?? "not begun", isLost: false };
  // A process that was killed has left its record as it was.
  const words = status === "running" ? "lost while it ran" : status ?? "lost before it began";
  return { words, isLost: true };
}

function jobWords({ id, state, reason }: QueuedJob): string {
  return `${state.toLowerCase()}, job ${id}${reason === "None" ? "" : ` (${reason})`}`;
}

function recordedStatus(place: string): string | undefined {
  const bytes = readIfReadable(`${place}/${recordName}`);
  try {
    const { status, error } = JSON.parse(new TextDecoder().decode(bytes));
    return error === undefined ? status : `${status}: ${error}`;
  } catch {
    return undefined; // it is not there, or being written
  }
}
