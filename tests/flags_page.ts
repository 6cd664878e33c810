/**
 * Writes experiments/FLAGS.md, all flags of all programs, from what these say of themselves:
 * `deno task flags`.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { runOnCluster } from "../experiments/cluster.ts";
import { programs as ofCluster } from "../experiments/cluster/programs.ts";
import { runPage } from "../experiments/page.ts";
import type { Command } from "../experiments/study/grid_program.ts";
import { runHere } from "./experiments/commands.ts";

const root = new URL("../", import.meta.url);

/** Where the page lies. */
export const flagsPagePath = new URL("experiments/FLAGS.md", root);

/** A flag as the help of a command tells it. */
interface ToldFlag {
  /** The command, as a user types it after experiments/: "paper.ts table1". */
  readonly command: string;
  /** The heading above it in the help. */
  readonly section: string;
  /** With what it takes: "--updates N". */
  readonly usage: string;
  readonly text: string;
}

const programs: Readonly<Record<string, Command>> = {
  ...ofCluster,
  page: runPage,
  cluster: runOnCluster,
};
/** Those with a help for each of their commands; they come last. */
const ofCommands = ["paper", "studies"];

/** The page: each flag once for all commands that say the same of it. */
export async function flagsPage(): Promise<string> {
  const flags: ToldFlag[] = [];
  for (const command of await commands()) flags.push(...await flagsOf(command));
  const lines = [
    "# All flags",
    "",
    "Made by `deno task flags` from what the programs say under `--help`. A flag of which several",
    "commands say the same stands here once, below the names of these.",
    ...sectionsOf(flags),
  ];
  return await formatted(lines.join("\n"));
}

async function helpOf(command: string): Promise<string> {
  const [file, ...words] = command.split(" ");
  const program = programs[basename(file, ".ts")];
  const { status, stdout, stderr } = await runHere(program, [...words, "--help"]);
  if (status !== 0) throw new Error(`${command} --help ended with ${status}: ${stderr}`);
  return stdout;
}

async function commands(): Promise<string[]> {
  const all = Object.keys(programs).filter((name) => !ofCommands.includes(name))
    .map((name) => `${name}.ts`);
  for (const name of ofCommands) {
    const [, list] = (await helpOf(`${name}.ts`)).split(/^Commands:\n/m);
    all.push(...[...list.matchAll(/^ {2}(\S+)/gm)].map(([, word]) => `${name}.ts ${word}`));
  }
  return all;
}

async function flagsOf(command: string): Promise<ToldFlag[]> {
  const blocks = (await helpOf(command)).split("\n\n").map((block) => block.trimEnd().split("\n"));
  return blocks.filter((lines) => lines[1]?.startsWith("  --")).flatMap(([heading, ...lines]) => {
    const section = heading.replace(/:$/, "");
    // A name is two columns or more in front of its text; longer lines go on below that.
    const entries = lines.join("\n").split(/\n(?= {2}--)/);
    return entries.map((entry): ToldFlag => {
      const [, usage, text] = entry.match(/^ {2}(--.*?) {2,}(.*)$/s)!;
      return { command, section, usage, text: text.replaceAll(/\s+/g, " ") };
    });
  });
}

/** The flags by section, then by the commands that share them, in the order of the programs. */
function sectionsOf(flags: readonly ToldFlag[]): string[] {
  const told = Map.groupBy(flags, ({ usage, text }) => JSON.stringify([usage, text]));
  const shared = [...told.values()].map((same) => ({
    ...same[0],
    commands: commandsWords(same.map(({ command }) => command)),
  }));
  // What all programs have comes last.
  const sections = [...Map.groupBy(shared, ({ section }) => section)]
    .toSorted(([a], [b]) => Number(a === "All programs") - Number(b === "All programs"));
  return sections.flatMap(([section, entries]) => [
    "",
    `## ${section === "Flags" ? "Tables and comparisons" : section}`,
    ...[...Map.groupBy(entries, ({ commands }) => commands)].flatMap(([commands, of]) => [
      "",
      ...section === "All programs" ? [] : [`Of ${commands}:`, ""],
      ...of.map(({ usage, text }) => `- \`${usage}\`: ${text.replaceAll(/[*<]/g, "\\$&")}`),
    ]),
  ]);
}

/** "autoencoder.ts, paper.ts table1, table2": each program is named once. */
function commandsWords(commands: readonly string[]): string {
  return commands.map((command, i) => {
    const [program, ...words] = command.split(" ");
    return commands[i - 1]?.startsWith(`${program} `) ? words.join(" ") : command;
  }).join(", ");
}

/** As `deno fmt` leaves it. */
async function formatted(text: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--config", `${fileURLToPath(new URL("deno.json", root))}`, "--ext", "md", "-"],
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("deno fmt refused the page");
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) await Deno.writeTextFile(flagsPagePath, await flagsPage());
