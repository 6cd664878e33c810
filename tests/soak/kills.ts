import { assert, assertGreaterOrEqual, assertNotMatch } from "@std/assert";
import type { RandomStream } from "../../core/random.ts";
import type { SmallRun } from "../experiments/study/small_runs.ts";
import {
  assertSame,
  complaint,
  finish,
  type Reference,
  savedUpdates,
  startSession,
} from "./session.ts";

/** The signals that runs are ended by, with the status that tells of each. */
export const killSignals = { SIGKILL: 137, SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

/** One of {@linkcode killSignals}. */
export type KillSignal = keyof typeof killSignals;

/** SIGKILL, which no program can answer, is the most usual. */
const drawn: readonly KillSignal[] = [
  ...Array(8).fill("SIGKILL"),
  ...["SIGTERM", "SIGINT", "SIGHUP"] as const,
];

/** A signal, and when it comes. */
interface Blow {
  readonly signal: KillSignal;
  readonly delay_ms: number;
}

/** How a run is killed. */
export interface KillOptions {
  readonly reference: Reference;
  /** A folder that is not there yet. */
  readonly out: string;
  readonly random: RandomStream;
  /** The most kills; then it is left to finish. */
  readonly most: number;
  /** Called after each kill. */
  readonly onKill?: (signal: KillSignal) => void;
}

/**
 * Begins a run and kills it at a random moment of its life, start and end included; goes on with it
 * and kills it again, until it ends by itself. After each kill what it left must be whole, with
 * nothing lost that was saved before; in the end it must have left the same as the reference.
 */
export async function killAgainAndAgain(options: KillOptions): Promise<void> {
  const { reference, out, random, most, onKill = () => {} } = options;
  let saved: ReadonlyMap<string, number> = new Map();
  for (let kills = 0; kills < most; kills++) {
    const blow = drawBlow(random, reference.lifetime_ms);
    if (!await strike(reference.run, out, blow)) return await assertSame(out, reference);
    const now = await savedUpdates(out);
    for (const [id, updates] of saved) {
      const reason = `${id} had a state of ${updates} updates before`;
      assertGreaterOrEqual(now.get(id) ?? 0, updates, reason);
    }
    saved = now;
    onKill(blow.signal);
  }
  await finish(reference.run, out);
  await assertSame(out, reference);
}

function drawBlow(random: RandomStream, lifetime_ms: number): Blow {
  const signal = drawn[Math.floor(drawn.length * random.uniform())];
  return { signal, delay_ms: lifetime_ms * random.uniform() };
}

/** Whether the signal came before the end of the process. */
async function strike(run: SmallRun, out: string, { signal, delay_ms }: Blow): Promise<boolean> {
  const { child, ended } = startSession(run, out);
  const timer = setTimeout(() => killIfAlive(child, signal), delay_ms);
  const { status, stderr } = await ended;
  clearTimeout(timer);
  const reason = `${signal} after ${delay_ms.toFixed()} ms, status ${status}: ${stderr}`;
  assert(status === 0 || status === killSignals[signal], reason);
  assertNotMatch(stderr, complaint, reason);
  return status !== 0;
}

/** It may have ended, and not been told of yet. */
function killIfAlive(child: Deno.ChildProcess, signal: KillSignal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
