import { isAbsolute, resolve } from "node:path";
import { InputError } from "../../mod.ts";
import { readWhole } from "../files/files.ts";
import { namedFlags } from "../terminal/flags.ts";

/** Flags of a configuration that say where and not what: a run again is another run. */
const ofThePlace = ["out", "resume", "config", "dry-run", "live", "max-time", "shard"];

/**
 * A command line with what `--config FILE` says before it: the flags of a run.json, or an object of
 * flags and their values, such as {"optimizer": ["nag", "sgd"], "updates": 2000}. What the command
 * line names itself is taken from there. Throws InputError where the file is neither.
 */
export function withConfig(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => arg === "--config" || arg.startsWith("--config="));
  if (at < 0) return args;
  const isJoined = args[at] !== "--config";
  const path = isJoined ? args[at].slice("--config=".length) : args[at + 1];
  if (!path || path.startsWith("--")) {
    throw new InputError("--config needs a value: a run.json, or a file of flags and their values");
  }
  const rest = args.toSpliced(at, isJoined ? 1 : 2);
  const given = new Set([...namedFlags(rest), ...ofThePlace]);
  const own = [...readFlags(path)].filter(([name]) => !given.has(name));
  return [...own.map(([name, value]) => `--${name}=${value}`), ...rest];
}

/** The flags of command lines, later ones in place of earlier ones, without those of a place. */
export function flagsOf(...lines: readonly (readonly string[])[]): string[] {
  const flags = new Map(lines.flatMap(pairsOf));
  return [...flags].filter(([name]) => !ofThePlace.includes(name))
    .flatMap(([name, value]) => [`--${name}`, value]);
}

function readFlags(path: string): Map<string, string> {
  const json = parse(path);
  if (!("arguments" in json)) {
    return new Map(Object.entries(json).map(([name, value]) => [name, textOf(value, name, path)]));
  }
  const { arguments: first, resumed = [] } = json as Partial<RunRecord>;
  const sessions = [first, ...resumed.map(({ arguments: words }) => words)];
  return new Map(sessions.flatMap((words) => pairsOf(words ?? [])));
}

interface RunRecord {
  readonly arguments: readonly string[];
  readonly resumed: readonly { readonly arguments: readonly string[] }[];
}

function parse(path: string): object {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(readWhole(path)));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InputError(
    `--config ${path} is no configuration: name a run.json, or a JSON object of flags and values`,
  );
}

/** The flags on a command line with their values. */
function pairsOf(words: readonly string[]): [string, string][] {
  return words.flatMap((word, i): [string, string][] => {
    const [, name, value] = word.match(/^--([^=]+)(?:=(.*))?$/s) ?? [];
    const next = words[i + 1];
    return name === undefined ? [] : [[name, value ?? (next?.startsWith("--") ? "" : next ?? "")]];
  });
}

function textOf(value: unknown, name: string, path: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map((entry) => textOf(entry, name, path)).join();
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new InputError(
    `--config ${path} gives ${name} no value: a text, a number, true, false or a list of them`,
  );
}

/** Flags whose values are paths, or names among which paths may stand. */
const pathFlags = [
  ...["--data", "--labels", "--test-data", "--test-labels", "--text"],
  ...["--optimizer", "--hf-schedule", "--from"],
];

/**
 * A command line with paths made absolute, for a run that goes on from another folder; as it is where
 * the current folder may not be asked for.
 */
export function withAbsolutePaths(args: readonly string[]): string[] {
  return args.map((word, i) => {
    const [, flag, value] = pathFlags.includes(args[i - 1])
      ? ["", args[i - 1], word]
      : word.match(/^(--[a-z-]+)=(.*)$/s) ?? [];
    if (!value || !pathFlags.includes(flag) || !mayAskForFolder()) return word;
    const absolute = flag === "--optimizer" || flag === "--hf-schedule"
      ? value.split(",").map((name) => isRelativeFile(name) ? resolve(name) : name).join()
      : isAbsolute(value)
      ? value
      : resolve(value);
    return word.slice(0, word.length - value.length) + absolute;
  });
}

/** Optimizers and their schedules have plain names, or are files. */
function isRelativeFile(name: string): boolean {
  return /[/\\]|\.([cm]?[jt]sx?|json)$/.test(name) && !/^file:/.test(name) && !isAbsolute(name);
}

function mayAskForFolder(): boolean {
  try {
    return Deno.cwd() !== "";
  } catch {
    return false;
  }
}
