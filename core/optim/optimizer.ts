import { InputError } from "../errors.ts";
import type { TensorShape } from "../gpu/vector.ts";
import type { Family, Group, Numbers, Optimizer, Setting, Settings } from "./family.ts";

/** What every optimizer may be given besides its settings. */
export interface GroupOptions {
  /** Tensors with settings of their own. */
  groups?: readonly Group[];
}

/**
 * An optimizer of a family from its settings, and groups of tensors where they differ; what is not
 * given takes the default that the family declares.
 *
 * @throws {InputError} If a setting is missing, unknown or out of its range.
 *
 * @example
 * ```ts
 * import { elementwise, optimizerOf } from "../../mod.ts";
 *
 * const family = elementwise({
 *   name: "clipped",
 *   settings: [
 *     { name: "learningRate", above: 0, help: "The learning rate." },
 *     { name: "most", above: 0, default: 1, help: "The longest step of a number." },
 *   ],
 *   states: {},
 *   body: "parameters -= clamp(learning_rate * gradient, vec4f(-most), vec4f(most));",
 * });
 * console.log(optimizerOf(family, { learningRate: 0.1 }).settings.most); // 1
 * ```
 */
export function optimizerOf(
  family: Family,
  given: { readonly [name: string]: unknown },
): Optimizer {
  const { groups, ...settings } = given as Settings & GroupOptions;
  const defaults = Object.fromEntries(
    family.settings.flatMap(({ name, default: value }) =>
      value === undefined ? [] : [[name, value]]
    ),
  );
  const named = Object.entries(settings).filter(([, value]) => value !== undefined);
  const optimizer: Optimizer = {
    name: family.name,
    family,
    settings: { ...defaults, ...Object.fromEntries(named) },
    ...groups && { groups },
  };
  checkOptimizer(optimizer);
  return optimizer;
}

/** Refuses settings that its family does not have, misses or does not allow. */
export function checkOptimizer({ family, settings, groups = [] }: Optimizer): void {
  const missing = family.settings.find(({ name }) => settings[name] === undefined);
  if (missing) {
    throw new InputError(`${family.name} needs ${article(missing)}: give ${missing.name}`);
  }
  const name = Object.keys(family.states).find((name) =>
    name === "parameters" || name === "statistics" || /\//.test(name)
  );
  if (name !== undefined) {
    throw new InputError(
      `${family.name} has a state "${name}": call it otherwise than "parameters" and "statistics", ` +
        'without "/"',
    );
  }
  for (const given of [settings, ...groups.map(({ settings }) => settings)]) {
    checkSettings(family, given);
  }
}

/** Refuses settings that are none of `family` or not in its range. */
export function checkSettings(family: Family, settings: Settings): void {
  for (const [name, value] of Object.entries(settings)) {
    const setting = family.settings.find((setting) => setting.name === name);
    if (!setting) {
      const known = family.settings.map(({ name }) => name).join(", ");
      throw new InputError(`${family.name} has no setting "${name}", only ${known}`);
    }
    if (typeof value !== "function") checkSetting(setting, value);
  }
}

/** Refuses a value outside of a setting's range; `update` says when a schedule gave it. */
export function checkSetting(setting: Setting, value: unknown, update?: number): void {
  const { above = -Infinity, atLeast = -Infinity, below = Infinity, atMost = Infinity } = setting;
  const isNumber = typeof value === "number" && Number.isFinite(value) &&
    (!setting.whole || Number.isInteger(value));
  if (isNumber && value > above && value >= atLeast && value < below && value <= atMost) return;
  const when = update === undefined ? "" : ` at update ${update}`;
  const shown = ["number", "undefined"].includes(typeof value) || value === null
    ? value
    : `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
  throw new InputError(
    `the ${words(setting.name)}${when} must be ${rangeWords(setting)}, not ${shown}`,
  );
}

/** Such as "at least 0 and below 1". */
export function rangeWords({ above, atLeast, below, atMost, whole }: Setting): string {
  const bounds = [
    ...above === undefined ? [] : [`above ${above}`],
    ...atLeast === undefined ? [] : [`at least ${atLeast}`],
    ...below === undefined ? [] : [`below ${below}`],
    ...atMost === undefined ? [] : [`at most ${atMost}`],
  ].join(" and ");
  if (whole) return `a whole number${bounds && ` ${bounds}`}`;
  return bounds || "a finite number";
}

/**
 * The settings at an update. A schedule is asked when its setting is read, and once: nothing is asked
 * of a learning rate past the last update.
 */
export function settingsAt(family: Family, settings: Settings, update: number): Numbers {
  const values: Record<string, number> = {};
  for (const setting of family.settings) {
    const given = settings[setting.name];
    const keep = (value: number) => {
      Object.defineProperty(values, setting.name, { value, enumerable: true });
      return value;
    };
    if (typeof given !== "function") {
      keep(given);
      continue;
    }
    const get = () => {
      const value = given(update);
      checkSetting(setting, value, update);
      return keep(value);
    };
    Object.defineProperty(values, setting.name, { get, enumerable: true, configurable: true });
  }
  return values;
}

/** The settings that hold for a tensor. */
export function settingsOf(
  { family, settings, groups = [] }: Optimizer,
  tensor: TensorShape,
): Settings {
  const own = groups.filter((group) => group.match(tensor)).map((group) => group.settings);
  const held = Object.assign({}, settings, ...own);
  for (const { name, weightsOnly } of family.settings) {
    if (weightsOnly && tensor.isBias) held[name] = 0;
  }
  return held;
}

/** "learningRate" as "learning rate". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** "learningRate" as "a learning rate". */
function article({ name }: Setting): string {
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${words(name)}`;
}
