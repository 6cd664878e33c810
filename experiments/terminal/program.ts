import { AdapterError, GPUFault, InputError } from "../../mod.ts";
import { asksForHelp, type FlagTable, parseFlags, type Values } from "./flags.ts";
import { gitRevision, versions } from "../files/provenance.ts";
import { helpText, type Manual } from "./help.ts";
import { missingPermission } from "./permissions.ts";
import { listenForInterruption } from "./signals.ts";
import { print, say, setQuiet } from "./terminal.ts";

/** A program with a command line: what it says of itself, and its flags. */
export interface Program<F extends FlagTable> extends Manual {
  readonly flags: F;
}

/**
 * Runs a program on its command line: reads the flags, or prints the help or the version where it is
 * asked for, and ends as {@linkcode runMain} does.
 */
export function runProgram<F extends FlagTable>(
  program: Program<F>,
  main: (flags: Values<F>, interruption: AbortSignal) => Promise<void> | void,
  args: readonly string[] = Deno.args,
): Promise<void> {
  return runMain(async (interruption) => {
    const answer = commonAnswer(args, () => helpText(program));
    if (answer !== undefined) return print(answer);
    await main(parseFlags(program.flags, args), interruption);
  });
}

/**
 * Heeds the flags of all programs: what --help or --version has printed instead of a run, and
 * --quiet for the run.
 */
export function commonAnswer(args: readonly string[], help: () => string): string | undefined {
  if (asksForHelp(args)) return help();
  if (args.includes("--version")) return versionText();
  setQuiet(args.includes("--quiet"));
}

/** "nagare 0.1.0 (deno 2.9.6)", with the git revision of a checkout. */
export function versionText(revision = gitRevision()): string {
  const { nagare, deno } = versions;
  return `nagare ${nagare} (deno ${deno}${revision === undefined ? "" : `, revision ${revision}`})`;
}

/**
 * Runs `main` and ends the process as a command should: status 0 when it returns, one line on
 * stderr for what the user or the machine can mend (status 2 for input and missing permissions, 1
 * for adapter, GPU and system), the stack for a defect, and 130, 143 or 129 after Ctrl-C, SIGTERM or
 * a hangup. `interruption` is aborted at the first of these signals; a second Ctrl-C or SIGTERM,
 * more than a second later, ends the process at once.
 */
export async function runMain(
  main: (interruption: AbortSignal) => Promise<void> | void,
): Promise<void> {
  using interruption = listenForInterruption();
  try {
    await main(interruption.signal);
  } catch (error) {
    if (!isInterruption(error, interruption.signal)) fail(error);
  }
  if (interruption.status !== undefined) Deno.exit(interruption.status);
}

function fail(error: unknown): never {
  const failure = expectedFailure(error);
  if (failure === undefined) throw error;
  say(`error: ${failure.message.replace(/\s*\n\s*/g, " ")}`);
  Deno.exit(failure.status);
}

/** What a failure that is no defect says, and its status; undefined for a defect. */
export function expectedFailure(error: unknown): { message: string; status: number } | undefined {
  if (error instanceof InputError) return { message: error.message, status: 2 };
  if (error instanceof Deno.errors.NotCapable) {
    return { message: missingPermission(error.message), status: 2 };
  }
  if (error instanceof AdapterError || error instanceof GPUFault || isSystemError(error)) {
    return { message: error.message, status: 1 };
  }
  return undefined;
}

/**
 * A full disk, a folder that is gone: errors of the operating system carry its code, ENOSPC, or
 * where Deno has no name for it its number.
 */
export function isSystemError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const named = "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
  return named || /\(os error \d+\)/.test(error.message);
}

function isInterruption(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error === signal.reason;
}
