// Programs without a process: what their command lines print, and how they end.

import type { Command } from "../../experiments/study/grid_program.ts";
import { expectedFailure } from "../../experiments/terminal/program.ts";
import type { Ended } from "./processes.ts";

/** Carries a command line out in this process, and collects what it says. */
export async function runHere(
  command: Command,
  args: readonly string[],
  interruption = new AbortController().signal,
): Promise<Ended> {
  const out: string[] = [], said: string[] = [];
  const { log, error } = console;
  console.log = (text: string) => void out.push(`${text}\n`);
  console.error = (text: string) => void said.push(`${text}\n`);
  try {
    const status = await statusOf(command(args, interruption), said);
    return { status, stdout: out.join(""), stderr: said.join("") };
  } finally {
    Object.assign(console, { log, error });
    Deno.exitCode = 0;
  }
}

/** As a process would end with. */
async function statusOf(ended: Promise<void>, said: string[]): Promise<number> {
  try {
    await ended;
    return Number(Deno.exitCode);
  } catch (thrown) {
    const failure = expectedFailure(thrown);
    if (failure === undefined) throw thrown;
    said.push(`error: ${failure.message.replace(/\s*\n\s*/g, " ")}\n`);
    return failure.status;
  }
}
