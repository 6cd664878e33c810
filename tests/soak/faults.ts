import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import type { RandomStream } from "../../core/random.ts";
import { exists } from "../../experiments/files/files.ts";
import { type Ended, pause } from "../experiments/processes.ts";
import { names, snapshot } from "../experiments/study/small_runs.ts";
import { edited, edits, type Specimen, specimen } from "../properties/damage.ts";
import {
  assertSame,
  finish,
  isBegun,
  type Reference,
  savedUpdates,
  startSession,
} from "./session.ts";

/** What a fault befalls. */
export interface FaultTrial {
  readonly reference: Reference;
  /** A folder that is not there yet. */
  readonly out: string;
  readonly random: RandomStream;
}

/** Something that goes wrong around a run. */
export interface Fault {
  /** As the table of faults has it. */
  readonly name: string;
  /** What it is to survive it. */
  readonly survival: string;
  /**
   * Does it to a run, and resolves to how often it came about: a moment drawn at random may lie
   * behind the end. Rejects where the run does not survive it.
   */
  befall(trial: FaultTrial): Promise<number>;
}

const sameRun = "the run, or --resume, ends with the same files and bits";

/** An integer from 1 to `most`. */
function draw(random: RandomStream, most: number): number {
  return 1 + Math.floor(most * random.uniform());
}

/** A process that does not get on says so in one line, and what it left goes on. */
async function assertSurvived({ status, stderr }: Ended, { reference, out }: FaultTrial) {
  const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
  assert(status === 0 ? errors.length === 0 : errors.length === 1, stderr);
  assertNotMatch(stderr, /^ {4}at /m);
  await savedUpdates(out);
  await finish(reference.run, out);
  await assertSame(out, reference);
}

/** A fault of the GPU, which is put between it and the program. */
function gpuFault(name: string, fault: (trial: FaultTrial) => string): Fault {
  const preload = fileURLToPath(new URL("gpu_faults.ts", import.meta.url));
  return {
    name,
    survival: sameRun,
    async befall(trial) {
      const { reference, out } = trial, struck = `${out}.struck`;
      const { ended } = startSession(reference.run, out, {
        options: ["--preload", preload],
        env: { NAGARE_FAULT: fault(trial), NAGARE_STRUCK: struck },
      });
      await assertSurvived(await ended, trial);
      return Number(exists(struck));
    },
  };
}

const lostDevice = gpuFault(
  "GPU device lost",
  ({ reference, random }) => `lose ${draw(random, reference.lifetime_ms)}`,
);

const failedSubmit = gpuFault(
  "GPU work refused",
  ({ random }) => `submit ${draw(random, 40)}`,
);

/** A limit on the size of files stands for a full disk. The states of these runs have 15 blocks or so. */
const fullDisk: Fault = {
  name: "disk full",
  survival: sameRun,
  async befall(trial) {
    const { reference, out, random } = trial, blocks = draw(random, 100);
    const within = ["sh", "-c", `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`, "sh"];
    const ended = await startSession(reference.run, out, { within }).ended;
    await assertSurvived(ended, trial);
    return Number(ended.status !== 0);
  },
};

const lostFolder: Fault = {
  name: "folder of the run moved away",
  survival: sameRun,
  async befall(trial) {
    const { reference, out, random } = trial;
    const { ended } = startSession(reference.run, out);
    while (!isBegun(out)) await pause(5);
    await pause(reference.lifetime_ms * random.uniform() / 2);
    Deno.renameSync(out, `${out}.elsewhere`);
    await assertSurvived(await ended, trial);
    return 1;
  },
};

/** Where output goes that nobody takes. */
const sinks = [
  ...['exec "$@" >/dev/full', 'exec "$@" 2>/dev/full', 'exec "$@" >/dev/full 2>&1'],
  ...['exec "$@" >&-', 'exec "$@" 2>&-', 'exec "$@" >&- 2>&-'],
  ...['"$@" 2>&1 | head -n 1', '"$@" 2>&1 | true'],
];

const failingOutput: Fault = {
  name: "output that fails: disk full, pipe or stream closed",
  survival: "the same files and bits",
  async befall({ reference, out, random }) {
    const within = ["sh", "-c", sinks[draw(random, sinks.length) - 1], "sh"];
    const { status, stderr } = await startSession(reference.run, out, { within }).ended;
    assertEquals([status, recordOf(out).status], [0, "finished"], `${within}: ${stderr}`);
    await assertSame(out, reference);
    return 1;
  },
};

const requests: Fault = {
  name: "SIGUSR1, SIGUSR2, and a hangup that is ignored",
  survival: "the same files and bits",
  async befall({ reference, out, random }) {
    const within = ["sh", "-c", `trap '' HUP; exec "$@"`, "sh"];
    const { child, ended } = startSession(reference.run, out, { within });
    while (!isBegun(out)) await pause(5);
    let came = 0;
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const) {
      await pause(reference.lifetime_ms * random.uniform() / 6);
      if (recordOf(out).status !== "running") break;
      child.kill(signal);
      came++;
    }
    const { status, stderr } = await ended;
    assertEquals([status, recordOf(out).status], [0, "finished"], stderr);
    await assertSame(out, reference);
    return came;
  },
};

function recordOf(out: string): { status: string } {
  return JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
}

/** A file that a run goes on from, damaged: the states and the cells of its networks. */
function damagedFile(name: string, isOne: (name: string) => boolean): Fault {
  return {
    name,
    survival: "one clear error, nothing overwritten",
    async befall({ reference, out, random }) {
      const { child, ended } = startSession(reference.run, out);
      while ((await savedUpdates(out)).size === 0) await pause(5);
      child.kill("SIGKILL");
      await ended;
      const files = names(out).filter(isOne);
      const path = `${out}/${files[draw(random, files.length) - 1]}`;
      const whole = Deno.readFileSync(path);
      const damages = damagesOf(whole, draw(random, 2 ** 31 - 1));
      for (const { bytes, history } of damages) {
        Deno.writeFileSync(path, bytes);
        const before = snapshot(out);
        const { status, stderr } = await startSession(reference.run, out).ended;
        const reason = `${path}, ${history}: ${stderr}`;
        assertEquals([status, stderr.match(/^error: /gm)?.length], [2, 1], reason);
        assertEquals(snapshot(out), before, reason);
      }
      Deno.writeFileSync(path, whole);
      await finish(reference.run, out);
      await assertSame(out, reference);
      return damages.length;
    },
  };
}

/** Changes of a file that do not leave the same. */
function damagesOf(whole: Uint8Array<ArrayBuffer>, seed: number): Specimen[] {
  const file = specimen(whole, "the file"), text = new TextDecoder().decode(whole).trim();
  return fc.sample(edits, { seed, numRuns: 6 }).map((edits) => edited(file, edits))
    .filter(({ bytes }) => new TextDecoder().decode(bytes).trim() !== text);
}

const damagedStates = damagedFile(
  "state damaged or cut",
  (name) => /^cells\/[0-9a-f]+\.safetensors$/.test(name),
);

const damagedCells = damagedFile("cell damaged or cut", (name) =>
  name.endsWith(".json") &&
  name.startsWith("cells/"));

/** What goes wrong with the GPU. */
export const gpuFaults: readonly Fault[] = [lostDevice, failedSubmit];

/** Everything that goes wrong around runs, but for signals. */
export const faults: readonly Fault[] = [
  ...gpuFaults,
  fullDisk,
  lostFolder,
  damagedStates,
  damagedCells,
  failingOutput,
  requests,
];
