import { assert, assertEquals } from "@std/assert";
import type { RandomStream } from "../../core/random.ts";
import { injectFaults } from "../../experiments/files/disk.ts";
import { exists } from "../../experiments/files/files.ts";
import { InputError } from "../../mod.ts";
import { callFaults, systemError } from "../experiments/files/disk_faults.ts";
import { linesOnStderr } from "../experiments/processes.ts";
import { type SmallOutcome, type SmallRun, trainSmall } from "../experiments/study/small_grid.ts";

const task = { updates: 20, every: 4, checkpointEvery: { updates: 3 } } satisfies Partial<SmallRun>;

/** What a run leaves: its networks bit for bit, and its tables. */
function remainsOf({ states, curve, summary }: SmallOutcome) {
  return { states, curve, summary };
}

/** A run that no call failed of. */
export interface UndisturbedRun {
  readonly remains: ReturnType<typeof remainsOf>;
  /** How often each call was made. */
  readonly calls: ReadonlyMap<string, number>;
}

/** Trains undisturbed. */
export async function undisturbedRun(folder: string): Promise<UndisturbedRun> {
  const calls = new Map<string, number>();
  using _counting = injectFaults((call) => void calls.set(call, (calls.get(call) ?? 0) + 1));
  return { remains: remainsOf(await quietly({ folder, ...task })), calls };
}

/** Nothing but what goes wrong is to be seen. */
async function quietly(run: SmallRun, said: string[] = []): Promise<SmallOutcome> {
  let outcome: SmallOutcome | undefined;
  said.push(...await linesOnStderr(async () => void (outcome = await trainSmall(run))));
  return outcome!;
}

/** A run during which calls fail, and how it is told. */
export interface SystemErrorTrial {
  /** Not there yet. */
  readonly folder: string;
  readonly random: RandomStream;
  readonly undisturbed: UndisturbedRun;
}

/**
 * Trains in a folder while a call, drawn at random, fails with an error that it can give: once, for a
 * while or from then on, in a run that begins or in one that goes on. It trains to its end, or is
 * refused, and leaves no record where it was new; where it is gone on with afterwards, it ends with
 * the same files and bits. Resolves to how often a call failed, once at most.
 */
export async function befallBySystemError(trial: SystemErrorTrial): Promise<number> {
  const { folder, random, undisturbed } = trial;
  const draw = (most: number) => Math.floor(most * random.uniform());
  const { call, name } = callFaults[draw(callFaults.length)];
  const first = draw(undisturbed.calls.get(call) ?? 1), count = [1, 5, Infinity][draw(3)];
  const isNew = draw(2) === 0;
  if (!isNew) await quietly(stoppedAt(draw(task.updates), folder));
  const words = `${call} ${name} at call ${first} of a ${
    isNew ? "new" : "resumed"
  } run, ${count} times`;
  const said: string[] = [];
  let calls = 0, struck = 0, refusal: unknown;
  {
    using _faults = injectFaults((called) => {
      if (called !== call || calls++ < first || calls > first + count) return undefined;
      struck++;
      return systemError(name);
    });
    try {
      await quietly({ ...stoppedAt(draw(2 * task.updates), folder), resume: !isNew }, said);
    } catch (error) {
      refusal = error;
    }
  }
  if (refusal !== undefined) assertRefused(refusal, { folder, isNew, words });
  assertToldOnce(said.filter((line) => line.startsWith("warning: ")), { folder, words });
  const resume = exists(`${folder}/run.json`);
  assertEquals(remainsOf(await quietly({ folder, ...task, resume })), undisturbed.remains, words);
  return Math.min(struck, 1);
}

/** A run that is ended after so many updates, if it has so many. */
function stoppedAt(updates: number, folder: string): SmallRun {
  const onUpdate: SmallRun["onUpdate"] = (update, { ending }) =>
    update >= updates && ending.stop("enough");
  return { folder, ...task, onUpdate };
}

/** In one line that names a path; of a new run no record stays, which would block the next one. */
function assertRefused(
  error: unknown,
  { folder, isNew, words }: { folder: string; isNew: boolean; words: string },
): void {
  const text = error instanceof Error ? error.stack ?? error.message : error;
  assert(error instanceof InputError, `${words}: ${text}`);
  assert(error.message.includes(folder), `${words}: ${error.message}`);
  assert(!isNew || !exists(`${folder}/run.json`), `${words}: a record was left behind: ${text}`);
}

/** One fault may have several consequences; of each there is one warning, which names a path. */
function assertToldOnce(
  warnings: readonly string[],
  { folder, words }: { folder: string; words: string },
): void {
  const consequence = /cannot be flushed|cannot be claimed|could not be written/;
  const told = new Set(warnings.map((line) => line.match(consequence)?.[0]));
  const isClear = told.size === warnings.length && !told.has(undefined) &&
    warnings.every((line) => line.includes(folder));
  assert(isClear, `${words}: ${warnings.join("\n")}`);
}
