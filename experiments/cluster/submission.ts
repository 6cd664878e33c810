import { InputError } from "../../mod.ts";
import { makeFolder } from "../files/disk.ts";
import { exists, orUnwritable, pathWords, readWhole, writeWhole } from "../files/files.ts";
import { print } from "../terminal/terminal.ts";
import { planShares, type SharedCommand } from "./plan.ts";
import { programs } from "./programs.ts";
import { jobScripts, quote, type Resources, slurmFolder } from "./scripts.ts";
import { ownJob, queued, submit } from "./slurm.ts";

/** A command that was handed to a cluster: what its folder says of it. */
export interface Submission {
  readonly command: SharedCommand;
  readonly resources: Resources;
  /** The networks that its tasks were to train, by ID. */
  readonly networks: readonly string[];
}

const submissionName = "submission.json";

/**
 * Writes the jobs of a command into its folder, and submits them unless `isTried`: a task for each
 * share that is not trained yet, and the report that waits for all of them. Throws InputError.
 */
export async function handOver(
  command: SharedCommand,
  resources: Resources,
  { isTried, interruption }: { isTried: boolean; interruption: AbortSignal },
): Promise<void> {
  const others = submittedJobs(command.folder)
    .flatMap(({ train, report }) => [train, report]).filter((job) => job !== ownJob());
  const [working] = await queued(others) ?? [];
  if (working) {
    throw new InputError(
      `job ${working.id} is at work in ${command.folder}, or waits for it: let it end, or scancel it`,
    );
  }
  const shares = await planShares(command, interruption);
  const tasks = shares.flatMap(({ missing }, i) => missing.length > 0 ? [i + 1] : []);
  const networks = shares.flatMap(({ missing }) => missing);
  if (tasks.length === 0) {
    const words = [command.program, ...command.args, "--out", command.folder].map(quote).join(" ");
    return print(
      `${command.folder} lacks no network; its tables are made by deno run -A experiments/` +
        words.replace(" ", ".ts "),
    );
  }
  const folder = slurmFolder(command);
  const submission: Submission = { command, resources, networks };
  orUnwritable(folder, () => {
    makeFolder(folder);
    for (const [name, text] of Object.entries(jobScripts(command, resources, tasks))) {
      writeWhole(`${folder}/${name}`, text);
    }
    writeWhole(`${folder}/${submissionName}`, JSON.stringify(submission, null, 2) + "\n");
  });
  const amount = `${networks.length} networks in ${tasks.length} tasks`;
  if (isTried) {
    return print(`${amount}: sh ${folder}/submit.sh submits ${folder}/train.sh and report.sh`);
  }
  const [train, report] = (await submit(`${folder}/submit.sh`)).split(" ");
  print(
    `${amount}: job ${train}, and job ${report} makes the report when they have ended; ` +
      `deno run -A experiments/cluster.ts --status ${command.folder}`,
  );
}

/** What a folder says of the command that was handed over. Throws InputError where there is none. */
export function readSubmission(folder: string): Submission {
  const path = `${slurmFolder({ folder })}/${submissionName}`;
  if (!orUnwritable(folder, () => exists(path))) {
    throw new InputError(
      `${
        pathWords(folder)
      } has nothing that was handed to Slurm: name the folder of a run that was`,
    );
  }
  try {
    const submission: Submission = JSON.parse(new TextDecoder().decode(readWhole(path)));
    if (Object.hasOwn(programs, submission.command.program)) {
      return { ...submission, command: { ...submission.command, folder } };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new InputError(`${path} is not as it was written: hand the command over again`);
}

/** The jobs that were submitted for a folder, the last ones last. */
export function submittedJobs(
  folder: string,
): { readonly train: string; readonly report: string; readonly waits: string }[] {
  const path = `${slurmFolder({ folder })}/jobs`;
  if (!exists(path)) return [];
  return new TextDecoder().decode(readWhole(path)).trim().split("\n").map((line) => {
    const [train, report, waits] = line.split(" ");
    return { train, report, waits };
  });
}
