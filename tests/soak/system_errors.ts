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
 * while or from then on. The run trains to its end, or is refused and leaves no record; where it is
 * gone on with afterwards, it ends with the same files and bits. Resolves to how often a call failed.
 */
export async function befallBySystemError(trial: SystemErrorTrial): Promise<number> {
  const { folder, random, undisturbed } = trial;
  const draw = (most: number) => Math.floor(most * random.uniform());
  const { call, name } = callFaults[draw(callFaults.length)];
  const first = draw(undisturbed.calls.get(call) ?? 1), count = [1, 5, Infinity][draw(3)];
  const stopAt = draw(2 * task.updates);
  const words = `${call} ${name} at its call ${first}, ${count} times`;
  const said: string[] = [];
  let calls = 0, struck = 0, refusal: unknown;
  {
    using _faults = injectFaults((called) => {
      if (called !== call || calls++ < first || calls > first + count) return undefined;
      struck++;
      return systemError(name);
    });
    try {
      await quietly({
        folder,
        ...task,
        onUpdate: (update, { ending }) => update >= stopAt && ending.stop("enough"),
      }, said);
    } catch (error) {
      refusal = error;
    }
  }
  if (refusal !== undefined) {
    const text = refusal instanceof Error ? refusal.stack ?? refusal.message : refusal;
    assert(refusal instanceof InputError, `${words}: ${text}`);
    assert(refusal.message.includes(folder), `${words}: ${refusal.message}`);
    assert(!exists(`${folder}/run.json`), `${words}: a record was left behind: ${text}`);
  }
  const warnings = said.filter((line) => line.startsWith("warning: "));
  const isTold = warnings.length <= 1 && warnings.every((line) => line.includes(folder));
  assert(isTold, `${words}: ${warnings.join("\n")}`);
  const resume = exists(`${folder}/run.json`);
  assertEquals(remainsOf(await quietly({ folder, ...task, resume })), undisturbed.remains, words);
  return Math.min(struck, 1);
}
