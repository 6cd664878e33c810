// All that the programs say goes through here: console.* and the streams throw where the disk behind
// them is full, a pipe is closed or a terminal is gone, and no training ends for want of a reader.
// @ts-types="./cli_progress.d.ts"
import type { TerminalStream } from "cli-progress";

/** Says a line, or lines, on stderr. */
export function say(text: string): void {
  unlessItFails(text, () => console.error(text));
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
