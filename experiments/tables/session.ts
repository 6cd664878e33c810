import { InputError } from "../../mod.ts";
import { exists, tryWriting } from "../files/files.ts";
import { readRecord } from "../study/resume.ts";
import { placeOf, recordName } from "../study/run_folder.ts";
import type { Session } from "../study/study.ts";
import { formatDuration } from "../terminal/progress.ts";
import { ask, say } from "../terminal/terminal.ts";
import { machineFlags } from "../study/run_options.ts";
import { type FlagTable, path, type Values } from "../terminal/flags.ts";
import { requirePermissions } from "../terminal/permissions.ts";

/** Where networks are trained, and where results go. */
export const paperFlags = {
  out: path({
    default: "results/paper",
    help: "The folder for the results. What it holds is not trained again.",
  }),
  "checkpoint-every": machineFlags["checkpoint-every"],
  "max-time": machineFlags["max-time"],
  "dry-run": machineFlags["dry-run"],
  shard: machineFlags.shard,
  replicas: machineFlags.replicas,
  adapter: machineFlags.adapter,
  profile: machineFlags.profile,
  tune: machineFlags.tune,
} satisfies FlagTable;

/** The values of {@linkcode paperFlags}. */
export type PaperOptions = Values<typeof paperFlags>;

/**
 * A command of paper.ts, or of another program of tables: its folder takes several of them, and what it
 * holds is not trained again. Throws InputError where it cannot be written, or holds what an older
 * version left.
 */
export function paperSession(
  options: PaperOptions,
  interruption: AbortSignal,
  program = "paper",
): Session {
  const { out, shard } = options;
  checkFolder(out);
  const isThere = exists(`${placeOf(out, shard)}/${recordName}`);
  const earlier = isThere ? readRecord(out, program, shard) : undefined;
  return {
    program,
    // What the folder holds is another command's as well: none of it is finished for good.
    earlier: earlier && { ...earlier, status: "stopped" },
    interruption,
    isShared: true,
    toGoOn: "repeat the command",
    options: {
      ...options,
      resume: earlier ? out : undefined,
      ...{ from: undefined, cell: undefined, states: "kept" as const },
      ...{ target: undefined, stopWhenFlat: undefined },
      stopWhenDiverged: false,
    },
  };
}

/** Refuses a folder that cannot be written, or that an older version wrote, before any work. */
export function checkFolder(folder: string): void {
  requirePermissions({ name: "read", path: folder }, { name: "write", path: folder });
  tryWriting(folder, "--out");
  const isOlder = ["table1", "table2", "table3", "table5", "branches"]
    .some((name) => exists(`${folder}/${name}.json`)) &&
    !exists(`${folder}/${recordName}`) && !exists(`${folder}/shards`);
  if (!isOlder) return;
  throw new InputError(
    `${folder} holds tables of an older version of Nagare: go on with that version, or name another ` +
      "folder with --out",
  );
}

/** Asks the person at the terminal, if there is one, whether so long a time is meant. */
export function agreePaper(
  interruption: AbortSignal,
  budget = "the paper's budget",
): (seconds: number) => Promise<boolean> {
  return (seconds) => {
    say(`note: this is ${budget}; --preset small shows its claims without a GPU`);
    const days = seconds / 86_400;
    const time = days < 2 ? formatDuration(seconds) : `about ${Math.round(days)} days`;
    return ask(`this takes ${time}: go on?`, false, { unattended: true, interruption });
  };
}
