// A process may end between any two writes: what it left goes on to the same bytes.

import { assertEquals, assertGreater } from "@std/assert";
import { injectFaults } from "../../../experiments/files/disk.ts";
import { exists } from "../../../experiments/files/files.ts";
import { linesOnStderr } from "../processes.ts";
import { scratch } from "../scratch.ts";
import { type SmallOutcome, type SmallRun, trainSmall } from "./small_grid.ts";

const task = {
  updates: 4,
  every: 2,
  finish: 1,
  grid: { optimizer: ["nag"], mu: [0.9], learningRate: [0.1], seed: [1] },
  checkpointEvery: { updates: 2 },
} satisfies Omit<SmallRun, "folder">;

function remainsOf({ states, curve, summary, cells }: SmallOutcome) {
  const results = cells.map(({ result }) => ({
    ...result,
    curve: result.curve.map(({ seconds: _, ...row }) => row),
  }));
  return JSON.stringify(
    { states, curve, summary, results },
    (_, value) => ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
  );
}

/** What is thrown in place of a write: no error of the system, which a run survives. */
class Killed extends Error {}

/** Trains until so many writes, renames and the like were carried out, and nothing after them. */
async function killedAfter(folder: string, count: number): Promise<boolean> {
  let left = count, isDead = false;
  const changing = ["write", "truncate", "rename", "mkdir", "create", "remove"];
  using _faults = injectFaults((call) => {
    if (!changing.includes(call)) return undefined;
    isDead ||= left-- === 0;
    return isDead ? new Killed() : undefined;
  });
  try {
    await trainSmall({ folder, ...task });
  } catch (error) {
    if (!isDead) throw error;
  }
  return isDead;
}

/** Every so many of them are tried; any stride meets writes of all kinds, as the kinds alternate. */
const stride = 5;

Deno.test("a run that was killed between its writes goes on to the same bytes", async () => {
  using folder = scratch({ inMemory: true });
  let count = 0;
  await linesOnStderr(async () => {
    const whole = remainsOf(await trainSmall({ folder: `${folder.path}/whole`, ...task }));
    for (;; count += stride) {
      const out = `${folder.path}/${count}`;
      if (!await killedAfter(out, count)) break;
      // As the system does with the locks of a process that is gone.
      if (exists(`${out}/.claim`)) Deno.removeSync(`${out}/.claim`);
      const again = await trainSmall({ folder: out, ...task, resume: exists(`${out}/run.json`) });
      assertEquals(remainsOf(again) === whole, true, `killed before change ${count}`);
    }
  });
  assertGreater(count, 40);
});
