// What optimizers declare, as flags of a program.

import { InputError, printable, type Setting } from "../../mod.ts";
import {
  type Flag,
  integers,
  type Kind,
  numbers,
  type Range,
  real,
  several,
  whole,
} from "../terminal/flags.ts";
import { nearest } from "../terminal/suggestions.ts";
import { hfScheduleNames } from "./hf_schedules.ts";
import { type OptimizerChoice, shippedOptimizers } from "./shipped_optimizers.ts";

/** What a program takes where nobody says, and an optimizer has no default of its own. */
export interface OptimizerDefaults {
  /** Of --optimizer. */
  readonly optimizer: readonly string[];
  /** Of --learning-rate. */
  readonly learningRate: readonly number[];
  /** Of --mu. */
  readonly mu: readonly number[];
  /** Of settings, by optimizer, where the program's networks ask for another one than its own. */
  readonly own?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** An optimizer with the defaults of a program. */
export function withDefaults(choice: OptimizerChoice, { own }: OptimizerDefaults): OptimizerChoice {
  const others = choice.file ? undefined : own?.[choice.name];
  if (!others) return choice;
  const settings = choice.settings.map((setting) => {
    const value = others[setting.name];
    return value === undefined ? setting : { ...setting, default: value };
  });
  return { ...choice, settings };
}

/** What the library says of settings, with the names of their flags. */
export function inFlags(message: string, choices: readonly OptimizerChoice[]): string {
  return [...declarationsOf(choices).keys()].reduce((told, name) => {
    const asOption = told.replace(new RegExp(`\\b${name}: (?=\\d)`, "g"), `--${flagOf(name)} `);
    // A single word may be a word.
    if (!/[A-Z]/.test(name)) return asOption;
    return asOption.replace(new RegExp(`\\b${name}\\b`, "g"), `--${flagOf(name)}`);
  }, message);
}

/**
 * The flags of optimizers. Besides those named here there is one for every other setting that an
 * optimizer declares, of the type `Flag<readonly number[] | undefined>`.
 */
export type OptimizerFlags = {
  readonly optimizer: Flag<readonly string[]>;
  readonly "learning-rate": Flag<readonly number[] | undefined>;
  readonly mu: Flag<readonly number[] | undefined>;
  readonly "momentum-in": Flag<readonly string[] | undefined>;
  readonly "hf-schedule": Flag<readonly string[] | undefined>;
};

/** A setting, and the optimizer that declares it. */
interface Declaration {
  readonly optimizer: string;
  readonly setting: Setting;
}

/** The choices of tensors that have a name; any other one is that of a tensor. */
export const tensorChoices = ["all", "weights", "biases", "hidden", "ends", "none"] as const;

/**
 * A flag for all that the shipped optimizers and `choices` declare. A setting that several declare
 * takes the widest of their ranges: `expandOptimizers()` holds each value to those that it is for.
 *
 * @param taken names of other flags and columns of the program. Throws InputError where a user's
 * file declares a setting of such a name.
 */
export function optimizerFlags(
  choices: readonly OptimizerChoice[],
  { defaults, taken = [] }: { defaults: OptimizerDefaults; taken?: readonly string[] },
): OptimizerFlags {
  const all = [...Object.values(shippedOptimizers), ...choices.filter(({ file }) => file)]
    .map((choice) => withDefaults(choice, defaults));
  refuseTaken(all, taken.map((name) => name.replaceAll("_", "-")));
  const declared = declarationsOf(all);
  const rates = declared.get("learningRate")!, momenta = declared.get("momentum")!;
  const own = [...declared].filter(([name]) => name !== "learningRate" && name !== "momentum");
  return {
    optimizer: several(optimizerName, {
      default: defaults.optimizer,
      help: "How parameters move; several stand side by side in one grid. lookahead goes around " +
        "nag; muon-hidden leaves the first and the last weight matrix to AdamW, muon none.",
    }),
    "learning-rate": numbersOf(rates, {
      shown: `the optimizer's, or ${defaults.learningRate.join(",")}`,
      help: `The learning rate, constant within a run (${ownDefaults(rates)}; of the others ${
        defaults.learningRate.join(",")
      }).`,
    }),
    mu: numbersOf(momenta, {
      shown: `the optimizer's, or ${defaults.mu.join(",")}`,
      help: `The cap mu_max of the momentum schedule, of ${
        namesOf(momenta.filter(({ setting }) => setting.default === undefined))
      }; a constant momentum of ${ownDefaults(momenta)}.`,
    }),
    "momentum-in": several(tensorChoice, {
      shown: "all",
      help: "Of cm: the tensors that have a momentum, all others go by plain gradient descent.",
    }),
    "hf-schedule": several(scheduleName, {
      help:
        "Of hf and hf-dagger: CG steps, step size, decay, cases and L2 by update, in place of " +
        "their flags: how the paper ran hf-dagger on its problems, or a JSON file of your own.",
    }),
    ...Object.fromEntries(own.map(([name, declarations]) => [
      flagOf(name),
      numbersOf(declarations, {
        help: helpOf(declarations),
        ...declarations.some(({ setting }) => setting.default !== undefined) &&
          { shown: "the optimizer's" },
      }),
    ])),
  };
}

/**
 * The optimizers that a command line names, before its flags are known: a user's file adds some.
 *
 * @param fallback where it names none
 */
export function optimizerNamesOf(
  args: readonly string[],
  fallback: readonly string[],
): readonly string[] {
  const at = args.findIndex((arg) => arg === "--optimizer" || arg.startsWith("--optimizer="));
  if (at < 0) return fallback;
  const text = args[at].includes("=") ? args[at].replace(/^[^=]*=/s, "") : args[at + 1] ?? "";
  // Without a value it is for parseFlags() to refuse.
  if (text.trim() === "" || (text === args[at + 1] && text.startsWith("--"))) return fallback;
  return [...new Set(text.split(",").map((name) => name.trim()))];
}

/** Whether a value of --optimizer is the path or the URL of a file, and no name. */
export function isOptimizerFile(name: string): boolean {
  return /[/\\]|^file:|\.[cm]?[jt]sx?$/.test(name);
}

/** Refuses what is neither a file nor the name of an optimizer. Throws InputError. */
export function checkOptimizerName(name: string): void {
  const names = Object.keys(shippedOptimizers);
  if (isOptimizerFile(name) || names.includes(name)) return;
  const near = nearest(name, names);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw new InputError(
    `--optimizer must be ${optimizerName.allowed}, not "${printable(name)}"${hint}`,
  );
}

/** What a value of a setting is. */
export function kindOf(setting: Setting): Kind<number> {
  return setting.whole ? whole(setting) : real(setting);
}

/** `weightDecay` as `weight-decay`. */
export function flagOf(name: string): string {
  if (name === "momentum") return "mu";
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What each setting's name is declared by, in the order of the optimizers. */
export function declarationsOf(
  choices: readonly OptimizerChoice[],
): Map<string, readonly Declaration[]> {
  const all = choices.flatMap(({ name, settings }) =>
    settings.map((setting) => ({ optimizer: name, setting }))
  );
  return Map.groupBy(all, ({ setting }) => setting.name);
}

/** "adamw, lion": the optimizers of some declarations. */
export function namesOf(declarations: readonly Declaration[]): string {
  return declarations.map(({ optimizer }) => optimizer).join(", ");
}

/** The name of a shipped optimizer, or a file. */
export const optimizerName: Kind<string> = {
  allowed:
    `one of ${Object.keys(shippedOptimizers).join(", ")}, or a file that exports a family, ` +
    "such as ./mine.ts",
  placeholder: "NAME",
  read(text) {
    checkOptimizerName(text);
    return text;
  },
  show: String,
};

const scheduleName: Kind<string> = {
  allowed: `one of ${hfScheduleNames.join(", ")}, or a JSON file`,
  placeholder: "NAME",
  read: (text) => text === "" ? undefined : text,
  show: String,
};

const tensorChoice: Kind<string> = {
  allowed: `one of ${tensorChoices.join(", ")}, or the name of a tensor`,
  placeholder: "NAME",
  read: (text) => text === "" ? undefined : text,
  show: String,
};

function refuseTaken(choices: readonly OptimizerChoice[], taken: readonly string[]): void {
  for (const { name, settings, file } of choices) {
    const clash = file && settings.find((setting) => taken.includes(flagOf(setting.name)));
    if (!clash) continue;
    throw new InputError(
      `--optimizer ${
        printable(file.path, 160)
      }: ${name} declares a setting "${clash.name}", which ` +
        "is a flag or a column of this program: call it otherwise",
    );
  }
}

/** Numbers in the widest of the ranges that are declared. */
function numbersOf(
  declarations: readonly Declaration[],
  options: { help: string; shown?: string },
): Flag<readonly number[] | undefined> {
  const settings = declarations.map(({ setting }) => setting);
  const range = { ...lowest(settings), ...highest(settings) };
  return settings.every(({ whole }) => whole)
    ? integers({ ...options, ...range })
    : numbers({ ...options, ...range });
}

/** The lower of the lower bounds; none where one has none. */
function lowest(settings: readonly Setting[]): Range {
  const bounds = settings.map(({ above, atLeast }) =>
    Math.max(above ?? -Infinity, atLeast ?? -Infinity)
  );
  const bound = Math.min(...bounds);
  if (bound === -Infinity) return {};
  const takesIt = settings.some(({ above, atLeast }) => atLeast === bound && above !== bound);
  return takesIt ? { atLeast: bound } : { above: bound };
}

/** The higher of the upper bounds, likewise. */
function highest(settings: readonly Setting[]): Range {
  const bounds = settings.map(({ below, atMost }) =>
    Math.min(below ?? Infinity, atMost ?? Infinity)
  );
  const bound = Math.max(...bounds);
  if (bound === Infinity) return {};
  const takesIt = settings.some(({ below, atMost }) => atMost === bound && below !== bound);
  return takesIt ? { atMost: bound } : { below: bound };
}

/** What each optimizer says of a setting, once, with the defaults: "How far (nag 3, cm 4)." */
function helpOf(declarations: readonly Declaration[]): string {
  const said = Map.groupBy(declarations, ({ setting }) => setting.help);
  return [...said].map(([help, of]) => `${help.replace(/\.$/, "")} (${ownDefaults(of, true)}).`)
    .join(" ");
}

/** "adamw 0.001, lion 0.0001": of those that have a default, or of all. */
function ownDefaults(declarations: readonly Declaration[], ofAll = false): string {
  return declarations
    .filter(({ setting }) => ofAll || setting.default !== undefined)
    .map(({ optimizer, setting }) =>
      setting.default === undefined ? optimizer : `${optimizer} ${setting.default}`
    ).join(", ");
}
