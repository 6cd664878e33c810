import { InputError } from "../../mod.ts";
import { asksForHelp, type FlagTable, nearest, parseFlags, type Values } from "./flags.ts";
import { helpText } from "./help.ts";
import { runMain } from "./program.ts";
import { print } from "./terminal.ts";

/** One of the commands of a program: what it does, its flags, and what it runs. */
export interface Subcommand {
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly flags: FlagTable;
  run(args: readonly string[], interruption: AbortSignal): Promise<void>;
}

/** A command whose function is given the values of its flags. */
export function subcommand<F extends FlagTable>(
  { summary, flags }: { summary: string; flags: F },
  main: (values: Values<F>, interruption: AbortSignal) => Promise<void>,
): Subcommand {
  return {
    summary,
    flags,
    run: (args, interruption) => main(parseFlags(flags, args), interruption),
  };
}

/**
 * Runs the command that the command line begins with, or prints the help of the program or of the
 * command, and ends as `runMain` does.
 */
export function runSubcommands(
  { usage, summary, commands }: {
    usage: string;
    summary: string;
    commands: Readonly<Record<string, Subcommand>>;
  },
  args: readonly string[] = Deno.args,
): Promise<void> {
  return runMain(async (interruption) => {
    const [name, ...rest] = args;
    if (name === undefined || asksForHelp([name])) {
      print(
        [summary, "", `Usage: ${usage} COMMAND [--flag value ...]`, "", overview(commands)]
          .join("\n"),
      );
      return;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : refuse(name, commands);
    if (asksForHelp(rest)) {
      print(helpText({ usage: `${usage} ${name}`, ...command }));
      return;
    }
    await command.run(rest, interruption);
  });
}

function overview(commands: Readonly<Record<string, Subcommand>>): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 4;
  return Object.entries(commands)
    .map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`).join("\n") +
    "\n\nCOMMAND --help lists its flags.";
}

function refuse(name: string, commands: Readonly<Record<string, Subcommand>>): never {
  const names = Object.keys(commands);
  const near = nearest(name, names);
  const hint = near === undefined ? "; --help says what they do" : `; did you mean ${near}?`;
  throw new InputError(`there is no command ${name}: use ${names.join(", ")}${hint}`);
}
