// The optimizers of a grid: every combination of what its flags say, as numbers that a
// configuration holds, as columns and as what trains.

import {
  constant,
  InputError,
  type Optimizer,
  partialMomentum,
  type Schedule,
  type Setting,
  type SettingValue,
} from "../../mod.ts";
import type { Cell } from "../files/tables.ts";
import type { CellRow, Configuration } from "./cell.ts";
import { camelCase, refuseIdle } from "../terminal/flags.ts";
import {
  declarationsOf,
  flagOf,
  kindOf,
  namesOf,
  type OptimizerDefaults,
  tensorChoices,
} from "./optimizer_flags.ts";
import {
  type HFSchedule,
  readHFSchedule,
  settingsOf as settingsOfSchedule,
} from "./hf_schedules.ts";
import { type OptimizerChoice, shippedOptimizers } from "./shipped_optimizers.ts";

/** The optimizer of one network: all of it that the network's numbers depend on. */
export interface OptimizerSetting {
  readonly optimizer: string;
  /** The cap of the momentum schedule, or a constant momentum; 0 where it means nothing. */
  readonly mu: number;
  /** The momentum schedule; "none" where there is none. */
  readonly schedule: string;
  /** 0 where it means nothing. */
  readonly learningRate: number;
  /** The tensors that have a momentum, where they are not all. */
  readonly momentumIn?: string;
  /** What else it declares, whether it was given or is its default. */
  readonly own: Readonly<Record<string, number>>;
  /** What changes while Hessian-free goes on, in place of own settings. */
  readonly hfSchedule?: HFSchedule;
  /** Of a user's file, whose lines the numbers depend on. */
  readonly fileSha256?: string;
}

/** Values of flags that say what is varied; those of other settings are read by their names. */
export interface OptimizerOptions {
  readonly learningRate?: readonly number[] | undefined;
  readonly mu?: readonly number[] | undefined;
  readonly schedule: readonly string[];
  readonly momentumIn?: readonly string[] | undefined;
  readonly hfSchedule?: readonly string[] | undefined;
}

/**
 * Every combination of what is given, each once, in the order optimizer, mu, schedule, learning rate,
 * what else the optimizer declares, tensors with a momentum. What means nothing to an optimizer does
 * not multiply its settings. Throws InputError for what means nothing to all of them, for a value
 * outside of an optimizer's range, and for a setting without a default that is not given.
 */
export function expandOptimizers(
  options: OptimizerOptions,
  choices: readonly OptimizerChoice[],
  defaults: Pick<OptimizerDefaults, "learningRate" | "mu">,
): OptimizerSetting[] {
  refuseUnused(options, choices);
  const settings = new Map<string, OptimizerSetting>();
  for (const choice of choices) {
    for (const setting of settingsOfChoice(choice, options, defaults)) {
      settings.set(JSON.stringify(setting), setting);
    }
  }
  return [...settings.values()];
}

/**
 * The optimizer of a setting; `momentum` is the schedule of its cap where it has one, `learningRate`
 * that of its rate where that is switched.
 */
export function makeOptimizer(
  setting: OptimizerSetting,
  choices: readonly OptimizerChoice[],
  momentum: Schedule,
  learningRate: SettingValue = setting.learningRate,
): Optimizer {
  const choice = choices.find(({ name }) => name === setting.optimizer);
  if (!choice) throw new RangeError(`no optimizer is called ${setting.optimizer}`);
  const { mu, schedule, own, momentumIn, hfSchedule } = setting;
  const scheduled = schedule === "none" ? constant(mu) : momentum;
  if (momentumIn !== undefined) {
    const named = tensorChoices.find((choice) => choice === momentumIn);
    return partialMomentum({ learningRate, momentum: scheduled, in: named ?? [momentumIn] });
  }
  const declares = (name: string) => choice.settings.some((setting) => setting.name === name);
  return choice.make({
    ...declares("learningRate") && { learningRate },
    ...declares("momentum") && { momentum: choice.isScheduled ? scheduled : mu },
    ...own,
    ...hfSchedule && scheduledSettings(choice, hfSchedule),
  });
}

function scheduledSettings({ settings }: OptimizerChoice, schedule: HFSchedule) {
  return settingsOfSchedule(schedule, {
    declared: settings,
    isAllowed(setting, value) {
      const { read, allowed } = kindOf(setting);
      return read(String(value)) === undefined ? allowed : undefined;
    },
  });
}

/** A column of a table that tells of optimizers. */
export interface OptimizerColumn {
  readonly name: string;
  /** Undefined, which is an empty cell, where it means nothing to the optimizer. */
  cell(setting: OptimizerSetting): Cell;
}

/**
 * The columns of what some networks' optimizers declare besides learning rate and momentum, in an
 * order that does not depend on the networks.
 */
export function columnsOf(settings: readonly OptimizerSetting[]): OptimizerColumn[] {
  const there = new Set(settings.flatMap(({ own }) => Object.keys(own)));
  const shipped = [...declarationsOf(Object.values(shippedOptimizers)).keys()];
  const names = [
    ...shipped.filter((name) => there.has(name)),
    ...[...there].filter((name) => !shipped.includes(name)).toSorted(),
  ];
  const columns = names.map((name): OptimizerColumn => ({
    name: columnOf(name),
    cell: ({ own }) => own[name],
  }));
  if (settings.some(({ hfSchedule }) => hfSchedule)) {
    columns.push({ name: "hf_schedule", cell: ({ hfSchedule }) => hfSchedule?.name });
  }
  if (settings.every(({ momentumIn }) => momentumIn === undefined)) return columns;
  const tensors: OptimizerColumn = {
    name: "momentum_in",
    cell: ({ optimizer, momentumIn }) => momentumIn ?? (optimizer === "cm" ? "all" : undefined),
  };
  return [...columns, tensors];
}

/** `weightDecay` as `weight_decay`; what reports tell under that name has the plain one. */
function columnOf(name: string): string {
  const plain = flagOf(name).replaceAll("-", "_");
  const isTold = Object.values(shippedOptimizers).some(({ told }) => told?.includes(plain));
  return isTold ? `${plain}_set` : plain;
}

/** Columns of curve.csv of what optimizers tell of their updates; none where none of them does. */
export function toldColumns(
  all: readonly Configuration[],
): { name: string; cell: (row: CellRow, of: Configuration) => Cell }[] {
  const names = new Set(all.flatMap(({ optimizer }) => shippedOptimizers[optimizer]?.told ?? []));
  return [...names].map((name) => ({
    name,
    cell: (row, of) =>
      name === "gradient_equivalents" ? gradientEquivalents(row, of) : row.told?.[name],
  }));
}

/** The work of any method up to a report, told alike: in gradients over 200 cases. */
export function gradientEquivalents(
  { told, update }: CellRow,
  { batchSize }: Configuration,
): number {
  return told?.gradient_equivalents ?? update * batchSize / 200;
}

/** Refuses flags that no chosen optimizer declares: only flags that are given have values. */
export function refuseUnused(options: OptimizerOptions, choices: readonly OptimizerChoice[]): void {
  const used = declarationsOf(choices);
  const idle: Record<string, string> = {};
  for (const [name, declarations] of declarationsOf(Object.values(shippedOptimizers))) {
    if (!used.has(name)) idle[flagOf(name)] = `--optimizer ${namesOf(declarations)}`;
  }
  if (!choices.some(takesTensors)) idle["momentum-in"] = "--optimizer cm";
  if (!choices.some(takesSchedule)) idle["hf-schedule"] = "--optimizer hf, hf-dagger";
  const given = Object.keys(idle).filter((flag) => givenFor(options, flag) !== undefined);
  refuseIdle(idle, given.map((flag) => `--${flag}`));
}

/** The values of a flag, where it is given. */
function givenFor(options: OptimizerOptions, flag: string): readonly number[] | undefined {
  return (options as unknown as Readonly<Record<string, readonly number[] | undefined>>)[
    camelCase(flag)
  ];
}

function takesTensors({ name }: OptimizerChoice): boolean {
  return name === "cm";
}

function takesSchedule({ name }: OptimizerChoice): boolean {
  return name === "hf" || name === "hf-dagger";
}

/** The schedules of an optimizer; undefined is none. */
function schedulesOf(
  choice: OptimizerChoice,
  options: OptimizerOptions,
): readonly (HFSchedule | undefined)[] {
  const { hfSchedule: names } = options;
  if (names === undefined || !takesSchedule(choice)) return [undefined];
  return names.map((name) => {
    const schedule = readHFSchedule(name);
    const twice = Object.keys(schedule.courses).map(flagOf)
      .find((flag) => givenFor(options, flag) !== undefined);
    if (twice !== undefined) {
      throw new InputError(
        `--hf-schedule ${schedule.name} says what --${twice} says: give one of the two`,
      );
    }
    scheduledSettings(choice, schedule);
    return schedule;
  });
}

/** The settings of one optimizer, those that are the same included. */
export function settingsOfChoice(
  choice: OptimizerChoice,
  options: OptimizerOptions,
  defaults: Pick<OptimizerDefaults, "learningRate" | "mu">,
): OptimizerSetting[] {
  const declared = new Map(choice.settings.map((setting) => [setting.name, setting]));
  const axis = (name: string, fallback?: readonly number[]) => {
    const setting = declared.get(name);
    declared.delete(name);
    return setting ? valuesOf(choice, setting, options, fallback) : [0];
  };
  const rates = axis("learningRate", defaults.learningRate),
    momenta = axis("momentum", defaults.mu);
  const schedules = choice.isScheduled ? options.schedule : ["none"];
  const owns = schedulesOf(choice, options).flatMap((hfSchedule) => {
    const given = [...declared.values()].filter(({ name }) =>
      !Object.hasOwn(hfSchedule?.courses ?? {}, name)
    );
    return product(
      given.map((setting) =>
        valuesOf(choice, setting, options).map((value) => [setting.name, value] as const)
      ),
    ).map((entries) => ({ own: Object.fromEntries(entries), ...hfSchedule && { hfSchedule } }));
  });
  const tensors = takesTensors(choice) ? options.momentumIn ?? ["all"] : ["all"];
  const file = choice.file && { fileSha256: choice.file.sha256 };
  return momenta.flatMap((mu) =>
    schedules.flatMap((schedule) =>
      rates.flatMap((learningRate) =>
        owns.flatMap((own) =>
          tensors.map((momentumIn) => ({
            optimizer: choice.name,
            // Without any momentum its schedule says nothing.
            ...momentumIn === "none" ? { mu: 0, schedule: "none" } : { mu, schedule },
            learningRate,
            ...momentumIn !== "all" && { momentumIn },
            ...own,
            ...file,
          }))
        )
      )
    )
  );
}

/** What a setting of an optimizer is to be: as given, its default, or the program's. */
function valuesOf(
  { name, file }: OptimizerChoice,
  setting: Setting,
  options: OptimizerOptions,
  fallback?: readonly number[],
): readonly number[] {
  const flag = flagOf(setting.name), kind = kindOf(setting);
  const values = givenFor(options, flag) ??
    (setting.default === undefined ? fallback : [setting.default]);
  if (values === undefined) {
    throw new InputError(
      `--${flag} must be given, ${kind.allowed}: ${name}${file ? ` of ${file.path}` : ""} has no ` +
        "default for it",
    );
  }
  const outside = values.find((value) => kind.read(String(value)) === undefined);
  if (outside === undefined) return values;
  throw new InputError(`--${flag} must be ${kind.allowed} for ${name}, not ${outside}`);
}

/** Every choice of one entry from each list, the last list varying fastest. */
function product<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>(
    (chosen, list) => chosen.flatMap((before) => list.map((entry) => [...before, entry])),
    [[]],
  );
}
