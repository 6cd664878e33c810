import type { Flag, FlagTable } from "./flags.ts";

/** What a program says of itself. */
export interface Manual {
  /** How it is started: "deno run -A experiments/autoencoder.ts". */
  readonly usage: string;
  /** What it does, in a sentence or two. */
  readonly summary: string;
  readonly flags: FlagTable;
}

const lineWidth = 88;

/** The help of a program: what it does, and each flag with its values, unit and default. */
export function helpText({ usage, summary, flags }: Manual): string {
  const names = Object.entries(flags).map(([name, flag]) => `--${name} ${flag.placeholder}`);
  const rows = [
    ...Object.values(flags).map((flag, i) => [names[i], describe(flag)]),
    ["--help", "Prints this."],
  ];
  const margin = Math.max(...rows.map(([name]) => name.length)) + 4;
  return [
    ...wrap(summary, lineWidth),
    "",
    `Usage: ${usage} [--flag value ...]`,
    "",
    ...rows.flatMap(([name, text]) => hang(`  ${name}`, text, margin)),
  ].join("\n");
}

function describe({ help, allowed, unit, shown }: Flag<unknown>): string {
  const values = allowed[0].toUpperCase() + allowed.slice(1);
  const inUnit = unit === undefined ? "" : ` (${unit})`;
  return `${help} ${values}${inUnit}; ${shown === undefined ? "no default" : `default ${shown}`}.`;
}

/** A text beside its heading, every line at the margin. */
function hang(heading: string, text: string, margin: number): string[] {
  return wrap(text, lineWidth - margin).map((line, i) =>
    (i === 0 ? heading : "").padEnd(margin) + line
  );
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
