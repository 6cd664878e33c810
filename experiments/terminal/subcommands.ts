import { InputError } from "../../mod.ts";
import { type FlagTable, parseFlags, type Values } from "./flags.ts";
import { type Example, helpText, type Manual, overviewText } from "./help.ts";
import { commonAnswer, runMain } from "./program.ts";
import { nearest } from "./suggestions.ts";
import { print } from "./terminal.ts";

/** One of the commands of a program: what it does, its flags, and what it runs. */
export interface Subcommand {
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly examples?: readonly Example[];
  readonly flags: FlagTable;
  run(args: readonly string[], interruption: AbortSignal): Promise<unknown>;
}

/** A command whose function is given the values of its flags. */
export function subcommand<F extends FlagTable>(
  manual: Omit<Manual, "usage"> & { flags: F },
  main: (values: Values<F>, interruption: AbortSignal) => Promise<unknown>,
): Subcommand {
  return {
    ...manual,
    run: (args, interruption) => main(parseFlags(manual.flags, args), interruption),
  };
}

/** A program of several commands. */
export interface CommandTable extends Omit<Manual, "flags"> {
  readonly commands: Readonly<Record<string, Subcommand>>;
}

/** Carries the command line of a process out, and ends as `runMain` does. */
export function runSubcommands(
  program: CommandTable,
  args: readonly string[] = Deno.args,
): Promise<void> {
  return runMain((interruption) => runSubcommand(program, args, interruption));
}

/**
 * Runs the command that a command line begins with, or prints the help of the program or of the
 * command, or the version.
 */
export async function runSubcommand(
  program: CommandTable,
  args: readonly string[],
  interruption: AbortSignal,
): Promise<void> {
  const { usage, commands } = program;
  const [name = "--help", ...rest] = args.filter((word) => word !== "--quiet");
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const answer = command
    ? commonAnswer(args, () => helpText({ ...command, usage: `${usage} ${name}` }))
    : commonAnswer([name], () => overviewText(program));
  if (answer !== undefined) return print(answer);
  if (!command) refuse(name, commands);
  await command.run(rest, interruption);
}

function refuse(name: string, commands: Readonly<Record<string, Subcommand>>): never {
  const names = Object.keys(commands);
  const near = nearest(name, names);
  const hint = near === undefined ? "; --help says what they do" : `; did you mean ${near}?`;
  throw new InputError(`there is no command ${name}: use ${names.join(", ")}${hint}`);
}
