import { InputError, printable } from "../../mod.ts";
import { parseArgs } from "@std/cli";
import { suggestedFlag } from "./suggestions.ts";

/** One flag: what it takes, in words and as a function of the text given. */
export interface Flag<T> {
  /** What it sets, as a sentence of the help. */
  readonly help: string;
  /** What a value may be: "a number above 0". */
  readonly allowed: string;
  /** The unit of a value: "per update", "seconds". */
  readonly unit: string | undefined;
  /** The heading that it stands below in the help. */
  readonly section: string | undefined;
  /** Whether several values may be given, separated by commas. */
  readonly list: boolean;
  /** How a value is written in the help: N, N,..., PATH, NAME. */
  readonly placeholder: string;
  /** The value where the flag is not given. */
  readonly fallback: T;
  /** The fallback in words; undefined where there is none. */
  readonly shown: string | undefined;
  /** The value of a text. Throws InputError, in words that name the flag. */
  read(name: string, text: string): T;
}

/** The flags of a program: the name as it is typed, without the dashes, and what it takes. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The values of a flag table: `--learning-rate` is read as `learningRate`. */
export type Values<F extends FlagTable> = {
  readonly [Name in keyof F as CamelCase<Name & string>]: F[Name] extends Flag<infer T> ? T : never;
};

/** What every flag says of itself. */
export interface FlagOptions<T> {
  /** What it sets, as a sentence. */
  help: string;
  /** The unit of a value: "per update", "seconds". */
  unit?: string;
  /** The value where the flag is not given; without it the value is then undefined. */
  default?: T;
  /** The default in words, where it depends on other flags: "the paper's network". */
  shown?: string;
  /** The heading that it stands below in the help: "Optimizer". */
  section?: string;
}

/** The options of a list: a value given twice is refused unless `repeats` is set. */
export interface ListOptions<T> extends FlagOptions<readonly T[]> {
  /** Whether a value may stand in the list more than once. */
  repeats?: boolean;
}

/** The range of a number; without a bound it is open on that side. */
export interface Range {
  above?: number;
  atLeast?: number;
  below?: number;
  atMost?: number;
}

/** The type of a flag's value: undefined only where no default is given. */
export type Given<Options, T> = Options extends { default: unknown } ? T : T | undefined;

/** What one value is: its words, and its text read; undefined for a text that is none. */
export interface Kind<T> {
  readonly allowed: string;
  readonly placeholder: string;
  read(text: string): T | undefined;
  show(value: T): string;
}

/** A real number in decimal notation. */
export function number<const O extends FlagOptions<number> & Range>(
  options: O,
): Flag<Given<O, number>> {
  return single(real(options), options);
}

/** Real numbers, separated by commas. */
export function numbers<const O extends ListOptions<number> & Range>(
  options: O,
): Flag<Given<O, readonly number[]>> {
  return several(real(options), options);
}

/** An integer that float64 holds exactly. */
export function integer<const O extends FlagOptions<number> & Range>(
  options: O,
): Flag<Given<O, number>> {
  return single(whole(options), options);
}

/** Integers, separated by commas. */
export function integers<const O extends ListOptions<number> & Range>(
  options: O,
): Flag<Given<O, readonly number[]>> {
  return several(whole(options), options);
}

/** One of the names given. */
export function choice<
  const Name extends string,
  const O extends FlagOptions<NoInfer<Name>>,
>(names: readonly Name[], options: O): Flag<Given<O, Name>> {
  return single(oneOf(names), options);
}

/** Some of the names given, separated by commas. */
export function choices<
  const Name extends string,
  const O extends ListOptions<NoInfer<Name>>,
>(names: readonly Name[], options: O): Flag<Given<O, readonly Name[]>> {
  return several(oneOf(names), options);
}

/** A file or a folder. */
export function path<const O extends FlagOptions<string>>(options: O): Flag<Given<O, string>> {
  return single(location, options);
}

/** Words for another program. */
export function words<const O extends FlagOptions<string>>(options: O): Flag<Given<O, string>> {
  return single(line, options);
}

/** One part of several equal ones: 2/8 is the second of eight. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

/** A {@linkcode Share}, written I/N. */
export function share<const O extends FlagOptions<Share>>(options: O): Flag<Given<O, Share>> {
  return single(shareOf, options);
}

/** yes or no. */
export function yesNo<const O extends FlagOptions<boolean>>(options: O): Flag<Given<O, boolean>> {
  return single(truth, options);
}

/**
 * The values of a command line. Both `--flag value` and `--flag=value` are understood; negative
 * numbers are values. Throws InputError for an unknown flag (with the nearest name), a missing
 * value, one that is not allowed, a flag given twice and a word that belongs to no flag.
 */
export function parseFlags<F extends FlagTable>(table: F, args: readonly string[]): Values<F> {
  const names = Object.keys(table);
  const words = joinValues(args, names).filter((word) => word !== "--quiet");
  const parsed = parseArgs(words, {
    string: names,
    collect: names,
    unknown: (arg) => refuse(arg, names),
  });
  parsed._.forEach((word) => refuse(String(word), names));
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(table)) {
    values[camelCase(name)] = valueOf(name, flag, parsed[name] as string[]);
  }
  return values as Values<F>;
}

/** A command line in two: what belongs to the flags of a table, and what is another program's. */
export function partFlags(
  table: FlagTable,
  args: readonly string[],
): { own: string[]; others: string[] } {
  const isOwn = (word: string) => Object.hasOwn(table, word.match(/^--([^=]+)/)?.[1] ?? "");
  const { own = [], others = [] } = Object.groupBy(
    joinValues(args, Object.keys(table)),
    (word) => isOwn(word) ? "own" : "others",
  );
  return { own, others };
}

/**
 * The flags of the program on a command line that was understood: no value begins with two dashes.
 */
export function namedFlags(args: readonly string[]): string[] {
  return args.filter((arg) => arg.startsWith("--")).map((arg) => arg.slice(2).split("=")[0])
    .filter((name) => !Object.hasOwn(commonFlags, name));
}

/**
 * Refuses flags on a command line that would mean nothing there. Throws InputError.
 *
 * @param idle what a flag is for, where that is not asked for: { "fan-in": "--init sparse" }
 */
export function refuseIdle(
  idle: Readonly<Record<string, string | false>>,
  args: readonly string[] = Deno.args,
): void {
  for (const name of namedFlags(args)) {
    if (!idle[name]) continue;
    throw new InputError(`--${name} means nothing here, as it is for ${idle[name]}: leave it out`);
  }
}

/** The flags of every program, and what they do; they take no value. */
export const commonFlags = {
  help: "Prints this.",
  version: "Prints the version of Nagare and of Deno.",
  quiet: "Leaves out notes and progress: warnings, errors and results remain.",
} as const;

/** Flags that stand together in the help. */
export function inSection<F extends FlagTable>(section: string, flags: F): F {
  const entries = Object.entries(flags).map(([name, flag]) => [name, { ...flag, section }]);
  return Object.fromEntries(entries) as F;
}

/** Whether a command line asks for the help. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

function valueOf<T>(name: string, flag: Flag<T>, texts: readonly string[]): T {
  if (texts.length === 0) return flag.fallback;
  if (texts.length > 1) {
    const once = flag.list ? `once, with commas: --${name} ${printable(texts.join(","))}` : "once";
    throw new InputError(`--${name} is given ${texts.length} times; give it ${once}`);
  }
  const text = texts[0].trim();
  if (text === "") throw new InputError(`--${name} needs a value: ${flag.allowed}`);
  return flag.read(name, text);
}

/** parseArgs takes `--flag -1` for two flags; `--flag=-1` is what it reads as one. */
function joinValues(args: readonly string[], names: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const takesNext = names.includes(args[i].slice(2)) && args[i].startsWith("--");
    const hasNext = i + 1 < args.length && /^(?!-)|^-[\d.]|^-$/.test(args[i + 1]);
    joined.push(takesNext ? `${args[i]}=${hasNext ? args[++i] : ""}` : args[i]);
  }
  return joined;
}

function refuse(arg: string, names: readonly string[]): never {
  if (!arg.startsWith("-")) {
    throw new InputError(
      `"${printable(arg)}" belongs to no flag; a setting is written --flag value`,
    );
  }
  const name = arg.replace(/^-+/, "").replace(/=.*$/s, "");
  if (Object.hasOwn(commonFlags, name) && arg.startsWith("--")) {
    throw new InputError(`--${name} takes no value: write --${name} alone`);
  }
  throw new InputError(
    `there is no flag ${printable(arg.replace(/=.*$/s, ""))}; ${
      suggestedFlag(name, [...names, ...Object.keys(commonFlags)])
    }`,
  );
}

/** `learning-rate` as `learningRate`: how the value of a flag is called. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** A flag that takes one value of a kind. */
export function single<T, Result>(kind: Kind<T>, options: FlagOptions<T>): Flag<Result> {
  return {
    help: options.help,
    allowed: kind.allowed,
    unit: options.unit,
    section: options.section,
    list: false,
    placeholder: kind.placeholder,
    fallback: options.default as Result,
    shown: options.shown ??
      (options.default === undefined ? undefined : kind.show(options.default)),
    read(name, text) {
      refuseList(name, text, kind);
      return readOne(name, kind, text) as unknown as Result;
    },
  };
}

/** A flag that takes values of a kind, separated by commas. */
export function several<T, Result>(kind: Kind<T>, options: ListOptions<T>): Flag<Result> {
  return {
    help: options.help,
    allowed: `${kind.allowed}, or several with commas`,
    unit: options.unit,
    section: options.section,
    list: true,
    placeholder: `${kind.placeholder},...`,
    fallback: options.default as Result,
    shown: options.shown ?? options.default?.map(kind.show).join(","),
    read(name, text) {
      const values = text.split(",").map((entry) => readOne(name, kind, entry.trim()));
      if (!options.repeats) refuseRepeats(name, values, kind);
      return values as Result;
    },
  };
}

function readOne<T>(name: string, kind: Kind<T>, text: string): T {
  const value = kind.read(text);
  if (value !== undefined) return value;
  throw new InputError(`--${name} must be ${kind.allowed}, not "${printable(text)}"`);
}

/** Where each part of a text is a value, and the text is none. */
function refuseList<T>(name: string, text: string, kind: Kind<T>): void {
  const parts = text.split(",");
  const isValue = (part: string) => kind.read(part.trim()) !== undefined;
  if (parts.length === 1 || isValue(text) || !parts.every(isValue)) return;
  throw new InputError(`--${name} takes one value, not the ${parts.length} of ${printable(text)}`);
}

function refuseRepeats<T>(name: string, values: readonly T[], kind: Kind<T>): void {
  const repeated = values.find((value, i) => values.indexOf(value) !== i);
  if (repeated === undefined) return;
  throw new InputError(`--${name} names ${kind.show(repeated)} twice; give each value once`);
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number of a range, in decimal notation. */
export function real(range: Range): Kind<number> {
  return numeric("a number", range, Number.isFinite);
}

/** An integer of a range that float64 holds exactly. */
export function whole(range: Range): Kind<number> {
  return numeric("an integer", range, Number.isSafeInteger);
}

function numeric(noun: string, range: Range, accepts: (value: number) => boolean): Kind<number> {
  return {
    allowed: noun + rangeWords(range),
    placeholder: "N",
    read(text) {
      const value = decimal.test(text) ? Number(text) : NaN;
      return accepts(value) && isWithin(value, range) ? value : undefined;
    },
    show: String,
  };
}

function isWithin(value: number, { above, atLeast, below, atMost }: Range): boolean {
  return !(value <= (above ?? -Infinity) || value < (atLeast ?? -Infinity) ||
    value >= (below ?? Infinity) || value > (atMost ?? Infinity));
}

function rangeWords({ above, atLeast, below, atMost }: Range): string {
  const words = [
    above !== undefined ? `above ${above}` : "",
    atLeast !== undefined ? `of at least ${atLeast}` : "",
    below !== undefined ? `below ${below}` : "",
    atMost !== undefined ? `of at most ${atMost}` : "",
  ].filter((bound) => bound !== "");
  return words.length === 0 ? "" : ` ${words.join(" and ")}`;
}

/** One of the names given. */
export function oneOf<Name extends string>(names: readonly Name[]): Kind<Name> {
  return {
    allowed: `${names.length > 1 ? "one of " : ""}${names.join(", ")}`,
    placeholder: "NAME",
    read: (text) => names.find((name) => name === text),
    show: String,
  };
}

const location: Kind<string> = {
  allowed: "a path",
  placeholder: "PATH",
  read: (text) => text,
  show: String,
};

const line: Kind<string> = {
  allowed: "words in one line",
  placeholder: "WORDS",
  read: (text) => /[\n\r]/.test(text) ? undefined : text,
  show: String,
};

const shareOf: Kind<Share> = {
  allowed: "I/N, I from 1 to N, such as 2/8",
  placeholder: "I/N",
  read(text) {
    const [, index, count] = text.match(/^(\d{1,6})\/(\d{1,6})$/)?.map(Number) ?? [];
    return index >= 1 && index <= count ? { index, count } : undefined;
  },
  show: ({ index, count }) => `${index}/${count}`,
};

/** yes or no. */
export const truth: Kind<boolean> = {
  allowed: "yes or no",
  placeholder: "yes|no",
  read: (text) => text === "yes" ? true : text === "no" ? false : undefined,
  show: (value) => value ? "yes" : "no",
};
