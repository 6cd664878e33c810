// A run that is begun, goes on and is compared, whatever is done to it meanwhile.

import { assertEquals } from "@std/assert";
import { hasState, readCells, readState, statePath } from "../../experiments/study/ledger.ts";
import { type Ended, root } from "../experiments/processes.ts";
import { names, remains, type SmallRun } from "../experiments/study/small_runs.ts";

/** What a run leaves when nothing is done to it, and how long it takes. */
export interface Reference {
  readonly run: SmallRun;
  readonly remains: Awaited<ReturnType<typeof remains>>;
  readonly names: readonly string[];
  readonly lifetime_ms: number;
}

/** Often enough that most kills lose something, and some hit the writing. */
const cadence = ["--checkpoint-every", "20"];

/** An error, or where one came from, on stderr. */
export const complaint = /^error|^ {4}at /m;

/** A process of a run; `ended` resolves with what it said. */
export interface Session {
  readonly child: Deno.ChildProcess;
  readonly ended: Promise<Ended>;
}

/** What is put around a session. */
export interface Surroundings {
  /** Words for deno, before the program. */
  readonly options?: readonly string[];
  /** The command that runs deno, in place of nothing. */
  readonly within?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Begins a run in a folder, or goes on with the one that is there. */
export function startSession(
  { program, flags }: SmallRun,
  out: string,
  { options = [], within = [], env = {} }: Surroundings = {},
): Session {
  const words = isBegun(out) ? ["--resume", out] : [...flags, ...cadence, "--out", out];
  const [command, ...args] = [
    ...within,
    ...[Deno.execPath(), "run", "-A", ...options, program, ...words],
  ];
  const child = new Deno.Command(command, {
    args,
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { child, ended: endOf(child) };
}

async function endOf(child: Deno.ChildProcess): Promise<Ended> {
  const { code, stdout, stderr } = await child.output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { status: code, stdout: said, stderr: complained };
}

/** Whether a folder holds a run that can go on; a process may have been killed before it did. */
export function isBegun(out: string): boolean {
  return fileNames(out).includes("run.json");
}

/** Runs to the end, undisturbed. */
export async function finish(run: SmallRun, out: string): Promise<void> {
  const { status, stderr } = await startSession(run, out).ended;
  assertEquals(status, 0, stderr);
}

/** What a run leaves undisturbed. */
export async function referenceOf(run: SmallRun, out: string): Promise<Reference> {
  const start = performance.now();
  await finish(run, out);
  const lifetime_ms = performance.now() - start;
  return { run, remains: await remains(out), names: fileNames(out), lifetime_ms };
}

/** Compares what a run left in the end, bit for bit. */
export async function assertSame(out: string, reference: Reference): Promise<void> {
  assertEquals(await remains(out), reference.remains);
  assertEquals(fileNames(out), reference.names);
}

/**
 * Checks that what has its name is whole, in the middle of a run, and gives the updates of the states
 * that networks go on from, by cell.
 */
export async function savedUpdates(out: string): Promise<ReadonlyMap<string, number>> {
  if (isBegun(out)) JSON.parse(Deno.readTextFileSync(`${out}/run.json`));
  const updates = new Map<string, number>();
  for (const { id } of readCells(out).values()) {
    if (hasState(out, id)) updates.set(id, (await readState(statePath(out, id), id)).update);
  }
  return updates;
}

/** The least of {@linkcode savedUpdates}; 0 where no state is there yet. */
export async function leastUpdates(out: string): Promise<number> {
  const updates = [...(await savedUpdates(out)).values()];
  return updates.length === 0 ? 0 : Math.min(...updates);
}

function fileNames(out: string): string[] {
  try {
    return names(out);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
