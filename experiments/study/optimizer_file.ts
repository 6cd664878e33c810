// Optimizers of a user's own: a module that exports a family.

import { fileURLToPath, pathToFileURL } from "node:url";
import { resolve } from "node:path";
import * as v from "valibot";
import {
  type Elementwise,
  elementwise,
  type Family,
  InputError,
  optimizerOf,
  printable,
  type Setting,
} from "../../mod.ts";
import { exists, pathWords, readWhole, sha256 } from "../files/files.ts";
import { camelCase } from "../terminal/flags.ts";
import { checkOptimizerName, flagOf, isOptimizerFile, kindOf } from "./optimizer_flags.ts";
import { choiceOf, type OptimizerChoice, shippedOptimizers } from "./shipped_optimizers.ts";

/**
 * The optimizers of --optimizer, each a name of a shipped one or a file: the path, or the `file:`
 * URL, of a module that exports a family as its default or as its only one. A family is what
 * `elementwise()` makes, or the literal that it is given. The module is run with the permissions of
 * the program.
 *
 * Throws InputError for an unknown name; for a file that is not there, cannot be read or loaded, or
 * exports no family or several; and for a family whose name is taken, or whose settings are not
 * declared as flags and tables need them.
 */
export async function loadOptimizers(names: readonly string[]): Promise<OptimizerChoice[]> {
  const choices: OptimizerChoice[] = [];
  for (const name of names) {
    checkOptimizerName(name);
    const choice = isOptimizerFile(name) ? await loadFile(name) : shippedOptimizers[name];
    if (choice.file && choices.some((other) => other.name === choice.name)) {
      refuse(name, `another one is called ${choice.name} too: give each a name of its own`);
    }
    choices.push(choice);
  }
  return choices;
}

async function loadFile(given: string): Promise<OptimizerChoice> {
  const path = pathOf(given);
  if (!exists(path)) refuse(given, `there is no such file${path === given ? "" : ` as ${path}`}`);
  const bytes = bytesOf(path);
  const family = familyIn(given, await load(given, pathToFileURL(path).href));
  checkName(given, family.name);
  const settings = family.settings.map((setting) => checkSetting(given, family, setting));
  const twice = settings.find(({ name }, i) =>
    settings.findIndex((setting) => setting.name === name) !== i
  );
  if (twice) refuse(given, `${family.name} declares the setting "${twice.name}" twice`);
  const declared = new Map(family.settings.map(({ name }) => [camelCaseOf(name), name]));
  return choiceOf({
    name: family.name,
    settings,
    file: { path, sha256: sha256(bytes) },
    make: (settings) =>
      optimizerOf(
        family,
        Object.fromEntries(
          Object.entries(settings).map(([name, value]) => [declared.get(name) ?? name, value]),
        ),
      ),
  });
}

/** What is there but no file, or cannot be read, is refused by its path. */
function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  try {
    return readWhole(path);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`--optimizer: ${error.message}`) : error;
  }
}

function pathOf(given: string): string {
  if (!given.startsWith("file:")) {
    return /^[a-z][a-z0-9+.-]+:\/\//i.test(given)
      ? refuse(given, "name a file of this machine, by its path or a file: URL")
      : resolve(given);
  }
  try {
    return fileURLToPath(given);
  } catch (error) {
    return refuse(given, `it is no URL of a file (${reasonOf(error)})`);
  }
}

/** The module's exports. What it lacks permission for is told as such. */
async function load(given: string, url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url);
  } catch (error) {
    const reason = reasonOf(error);
    if (/^Requires \w+ access to /.test(reason)) throw new Deno.errors.NotCapable(reason);
    return refuse(given, `it cannot be loaded: ${reason}`);
  }
}

/** The family that a module exports. */
function familyIn(given: string, exports: Readonly<Record<string, unknown>>): Family {
  const offered = "default" in exports ? { default: exports.default } : exports;
  const found = Object.entries(offered).filter(([, value]) => isFamily(value));
  if (found.length > 1) {
    const names = found.map(([name]) => printable(name)).join(", ");
    refuse(given, `it exports several families (${names}): make one the default`);
  }
  if (found.length === 0) {
    const where = "default" in exports ? "its default export is" : "it exports";
    refuse(
      given,
      `${where} no family: export default elementwise({ name, settings, states, body })`,
    );
  }
  const family = found[0][1] as Family | Elementwise;
  if ("record" in family || "drive" in family) return family;
  try {
    return elementwise(family);
  } catch (error) {
    return refuse(given, reasonOf(error));
  }
}

/** Whether it is a family, or the literal of one. Another copy of the engine may have made it. */
function isFamily(value: unknown): boolean {
  const { name, settings, states, scalars, compute, record, drive, body } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof name !== "string" || typeof states !== "object" || states === null) return false;
  if (settings !== undefined && !Array.isArray(settings)) return false;
  if (typeof (record ?? drive) !== "function") return typeof body === "string";
  return typeof compute === "function" && Array.isArray(settings) && Array.isArray(scalars);
}

/** A name stands in tables, in legends and in names of networks. */
function checkName(given: string, name: string): void {
  if (Object.hasOwn(shippedOptimizers, name)) {
    refuse(given, `its family is called ${name}, as one of Nagare's: give it another name`);
  }
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._()+-]{0,39}$/u.test(name)) return;
  refuse(
    given,
    `its family is called "${printable(name)}": a name is of 1 to 40 letters, digits, spaces and ` +
      ". _ ( ) + -, and begins with a letter or a digit",
  );
}

const bound = v.optional(v.pipe(v.number(), v.finite()));

const declaration = v.strictObject({
  name: v.pipe(
    v.string(),
    v.regex(
      /^[a-z][A-Za-z0-9]*(_[a-z][a-z0-9]*)*$/,
      "it must be letters and digits, as learningRate or learning_rate, to be a flag",
    ),
  ),
  help: v.pipe(v.string(), v.regex(/\S/, "it must say what the setting is")),
  default: bound,
  above: bound,
  atLeast: bound,
  below: bound,
  atMost: bound,
  whole: v.optional(v.boolean()),
  weightsOnly: v.optional(v.boolean()),
});

/** Flags of every program that no setting may be called by. */
const taken = ["help", "optimizer", "mu", "schedule", "momentum-in"];

/** A setting as flags name it; refuses one that is not declared as they need it. */
function checkSetting(given: string, family: Family, setting: Setting): Setting {
  const { success, issues } = v.safeParse(declaration, setting);
  const called = `the setting "${printable(String(setting?.name))}" of ${family.name}`;
  if (!success) {
    const at = v.getDotPath(issues[0]);
    refuse(given, `${called}: ${at ? `${at}: ` : ""}${issues[0].message}`);
  }
  const { default: value } = setting;
  const kind = kindOf(setting);
  if (value !== undefined && kind.read(String(value)) === undefined) {
    refuse(given, `${called}: its default must be ${kind.allowed}, as it declares, not ${value}`);
  }
  const name = camelCaseOf(setting.name);
  if (name !== "momentum" && taken.includes(flagOf(name))) {
    refuse(given, `${called}: --${flagOf(name)} is another flag: call it otherwise`);
  }
  return { ...setting, name };
}

/** `learning_rate` as `learningRate`. */
function camelCaseOf(name: string): string {
  return camelCase(name.replaceAll("_", "-"));
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return pathWords(text.split("\n")[0].trim());
}

function refuse(given: string, reason: string): never {
  throw new InputError(`--optimizer ${pathWords(given)}: ${reason}`);
}
