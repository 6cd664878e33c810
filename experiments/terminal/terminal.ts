// All that the programs say goes through here: console.* and the streams throw where the disk behind
// them is full, a pipe is closed or a terminal is gone, and no training ends for want of a reader.
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
// @ts-types="./cli_progress.d.ts"
import type { TerminalStream } from "cli-progress";

let quiet = false;

/** Whether notes and progress are left out on stderr: warnings and errors are not. */
export function setQuiet(isQuiet: boolean): void {
  quiet = isQuiet;
}

/** Whether notes and progress are left out. */
export function isQuiet(): boolean {
  return quiet;
}

/** Bars on the terminal take lines above themselves; the newest is at the end. */
const bars: ((text: string) => void)[] = [];

/** Hands what is said to a bar on the terminal until disposed of: a line amid a bar is garbled. */
export function sayAbove(bar: (text: string) => void): Disposable {
  bars.push(bar);
  return { [Symbol.dispose]: () => void bars.splice(bars.indexOf(bar), 1) };
}

/**
 * Says a line, or lines, on stderr; on a terminal above the bar where there is one. When quiet, it
 * says only what begins with "warning: " or "error: ".
 */
export function say(text: string): void {
  if (quiet && !/^(warning|error): /.test(text)) return;
  const bar = bars.at(-1);
  if (bar === undefined) unlessItFails(text, () => console.error(text));
  else bar(text);
}

/** Prints text on stdout. */
export function print(text: string): void {
  unlessItFails(text, () => console.log(text));
}

/** stderr as a terminal, for a progress bar; undefined where it is none. */
export function stderrTerminal(): TerminalStream | undefined {
  if (!Deno.stderr.isTerminal()) return undefined;
  return {
    isTTY: true,
    get columns() {
      return terminalColumns();
    },
    write(text) {
      // Of a bar nothing is kept but the lines that pass above it.
      // deno-lint-ignore no-control-regex
      const isLine = /^[^\x1b]*[^\x1b\n]\n$/.test(text);
      unlessItFails(isLine ? text.trimEnd() : "", () => writeAll(new TextEncoder().encode(text)));
    },
  };
}

/** The terminal's width where stdout is one; elsewhere the 80 columns that are common. */
export function stdoutColumns(): number {
  return Deno.stdout.isTerminal() && terminalColumns() || commonColumns;
}

/** How a question is answered where the person at the terminal does not. */
export interface Unanswered {
  /** The answer where nobody can give one, as stdin or stderr is no terminal; else the default. */
  readonly unattended?: boolean;
  /** Aborted when the program is to end: the answer is no. */
  readonly interruption?: AbortSignal;
}

/**
 * Asks the person at the terminal: y or yes, n or no, Enter for the default. Ctrl-C, Ctrl-D and an
 * interruption mean no. Where nobody can answer, `unattended` or the default holds at once.
 */
export async function ask(
  question: string,
  isDefault: boolean,
  { unattended = isDefault, interruption }: Unanswered = {},
): Promise<boolean> {
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) return unattended;
  const reader = createInterface({ input: process.stdin, output: keyboardEcho(), terminal: true });
  const left = new AbortController();
  for (const event of ["SIGINT", "close"]) reader.on(event, () => left.abort());
  const signal = AbortSignal.any([left.signal, ...interruption ? [interruption] : []]);
  try {
    for (;;) {
      const text = await reader.question(`${question} ${isDefault ? "[Y/n]" : "[y/N]"} `, {
        signal,
      });
      const answer = text.trim().toLowerCase();
      if (answer === "") return isDefault;
      if (/^(y|yes|n|no)$/.test(answer)) return answer.startsWith("y");
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  } finally {
    reader.close();
  }
}

/** Where the question and what is typed are shown. */
function keyboardEcho(): Writable {
  const echo = new Writable({
    write(bytes, _encoding, done) {
      unlessItFails("", () => writeAll(bytes));
      done();
    },
  });
  // For lines longer than the terminal is wide.
  return Object.assign(echo, { columns: terminalColumns() || commonColumns });
}

const commonColumns = 80;
const firstKept = 50;
const mostKept = 2 * firstKept;
const longestKept = 2000;

const kept: string[] = [];
let dropped = 0;

/**
 * What could not be said so far; of very much the first and the last, and how much there was between
 * them.
 */
export function unsaid(): string[] {
  if (dropped === 0) return [...kept];
  return [...kept.slice(0, firstKept), `(and ${dropped} more)`, ...kept.slice(firstKept)];
}

function unlessItFails(text: string, write: () => void): void {
  try {
    write();
  } catch {
    if (text === "") return;
    kept.push(text.slice(0, longestKept));
    if (kept.length > mostKept) {
      kept.splice(firstKept, 1);
      dropped++;
    }
  }
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}

/** A terminal that is gone has no width. */
function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 0;
  }
}
