import { commonFlags, type Flag, type FlagTable } from "./flags.ts";

/** A command line that may be pasted, and what it does. */
export interface Example {
  readonly command: string;
  /** A sentence. */
  readonly does: string;
}

/** What a program says of itself. */
export interface Manual {
  /** How it is started: "deno run -A experiments/autoencoder.ts". */
  readonly usage: string;
  /** What it does, in a sentence or two. */
  readonly summary: string;
  readonly examples?: readonly Example[];
  readonly flags: FlagTable;
}

const lineWidth = 80;

/**
 * The help of a program: how it is started, what it does, examples, and below the headings of their
 * sections the flags, each with its values, unit and default.
 */
export function helpText({ usage, summary, examples = [], flags }: Manual): string {
  const sections = Map.groupBy(Object.entries(flags), ([, flag]) => flag.section ?? "Flags");
  const lists = [...sections].map(([section, entries]) => ({
    section,
    rows: entries.map(([name, flag]) => [`--${name} ${flag.placeholder}`, describe(flag)]),
  }));
  const common = Object.entries(commonFlags).map(([name, does]) => [`--${name}`, does]);
  lists.push({ section: "All programs", rows: common });
  const margin = marginOf(lists.flatMap(({ rows }) => rows));
  return [
    ...opening(`${usage} [--flag value ...]`, summary, examples),
    ...lists.flatMap(({ section, rows }) => ["", `${section}:`, ...rowLines(rows, margin)]),
  ].join("\n");
}

/** The help of a program of several commands, each with its summary. */
export function overviewText(
  { usage, summary, examples = [], commands }: Omit<Manual, "flags"> & {
    readonly commands: Readonly<Record<string, { readonly summary: string }>>;
  },
): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [name, summary]);
  return [
    ...opening(`${usage} COMMAND [--flag value ...]`, summary, examples),
    "",
    "Commands:",
    ...rowLines(rows, marginOf(rows)),
    "",
    "COMMAND --help lists its flags.",
  ].join("\n");
}

function opening(usage: string, summary: string, examples: readonly Example[]): string[] {
  return [
    `Usage: ${usage}`,
    "",
    ...wrap(summary, lineWidth),
    ...examples.length > 0 ? ["", "Examples:"] : [],
    ...examples.flatMap(({ command, does }) => [
      ...wrap(command, lineWidth - 8).map((line, i, lines) =>
        `${i === 0 ? "  " : "      "}${line}${i + 1 < lines.length ? " \\" : ""}`
      ),
      ...wrap(does, lineWidth - 4).map((line) => `    ${line}`),
    ]),
  ];
}

function describe({ help, allowed, unit, shown }: Flag<unknown>): string {
  const values = allowed[0].toUpperCase() + allowed.slice(1);
  const inUnit = unit === undefined ? "" : ` (${unit})`;
  return `${help} ${values}${inUnit}; ${shown === undefined ? "no default" : `default ${shown}`}.`;
}

function marginOf(rows: readonly string[][]): number {
  return Math.max(...rows.map(([name]) => name.length)) + 4;
}

/** A name in front of its text, every line of which begins at the margin. */
function rowLines(rows: readonly string[][], margin: number): string[] {
  return rows.flatMap(([name, text]) =>
    wrap(text, lineWidth - margin).map((line, i) =>
      (i === 0 ? `  ${name}` : "").padEnd(margin) + line
    )
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
