import { InputError } from "../../mod.ts";
import { cadence, duration } from "../terminal/durations.ts";
import { exists, orUnwritable, pathWords, readWhole, tryWriting } from "../files/files.ts";
import {
  camelCase,
  choice,
  type FlagTable,
  integer,
  namedFlags,
  number,
  parseFlags,
  path,
  type Share,
  type Values,
  yesNo,
} from "../terminal/flags.ts";
import { requirePermissions } from "../terminal/permissions.ts";
import { versions } from "../files/provenance.ts";
import { adapterDetails, describeAdapter } from "./adapter.ts";
import { folderFormat, placeOf, recordName, sharesIn } from "./run_folder.ts";
import { say } from "../terminal/terminal.ts";
import type { Json, JsonObject } from "./json.ts";

/** The flags of how a run ends and goes on. */
export const runFlags = {
  "checkpoint-every": cadence({
    default: { time_ms: 120_000 },
    help:
      "How often networks are saved so that they can go on, besides at the end: after so many " +
      "updates or so much time.",
  }),
  "max-time": duration({
    shown: "as long as it takes",
    help: "Ends the run cleanly after this time, with a checkpoint.",
  }),
  "stop-when-diverged": yesNo({
    default: false,
    help: "Ends the run at the first report in which a network has diverged.",
  }),
  "stop-when-flat": integer({
    atLeast: 1,
    unit: "reports",
    shown: "off",
    help: "Stops networks that go so many reports without a new least training error, by a " +
      "thousandth of it.",
  }),
  target: number({
    above: 0,
    shown: "off",
    help: "Stops networks once each has reached this training error; settings.csv says after how " +
      "many updates and seconds.",
  }),
  resume: path({
    help: "The folder of a run to go on with, with its flags; more --updates make it longer.",
  }),
  from: path({
    help:
      "The folder of a run whose networks this one begins at, with other settings, in a folder " +
      "of its own.",
  }),
  cell: path({
    help: "Of --from: the network to begin at, as summary.csv names it in its column cell.",
  }),
  states: choice(["kept", "anew"], {
    default: "kept",
    help: "Of --from: whether what optimizers keep, such as velocities, goes on or begins anew.",
  }),
} satisfies FlagTable;

/** Flags that may be given anew when a run goes on: they change no bit of what it does until then. */
const changeable = [
  ...["updates", "checkpoint-every", "max-time", "stop-when-diverged", "stop-when-flat", "target"],
  ...["resume", "out", "keep", "dry-run", "replicas", "live", "quiet"],
  ...["adapter", "profile", "download", "time-loop", "tune"],
  ...["data", "labels", "test-data", "test-labels", "text"],
];

/** The options of a run, and the record of the one that it goes on with. */
export interface Resumption<F extends FlagTable> {
  readonly options: Values<F>;
  readonly earlier: JsonObject | undefined;
  /** Whether machines have trained shares of it in the folder, of which it makes the whole. */
  readonly hasShares: boolean;
}

/**
 * The options of a run: those given, or where `--resume` or `--out` names the folder of a run of this
 * program, that run's. Throws InputError where `--resume` names none, or where a flag contradicts it.
 */
export function resumeRun<F extends FlagTable & typeof runFlags>(
  program: string,
  flags: F,
  given: Values<F>,
  args: readonly string[] = Deno.args,
): Resumption<F> {
  const { resume, out, shard, maxTime, dryRun, live } = given as GivenOptions;
  const folder = resume ?? (out !== undefined && holdsRun(out, shard) ? out : undefined);
  if (folder === undefined) {
    const shares = out === undefined || shard ? [] : sharesIn(out);
    for (const share of shares) {
      const options = recordedOptions(flags, readRecord(out!, program, share));
      const named = Object.keys(flags).filter((name) => name !== "shard");
      checkChanges(flags, { folder: out!, options, given, named });
    }
    return { options: given, earlier: undefined, hasShares: shares.length > 0 };
  }
  requirePermissions({ name: "read", path: folder }, { name: "write", path: folder });
  const earlier = readRecord(folder, program, shard);
  const options = recordedOptions(flags, earlier);
  // The same command goes on: what it leaves out is as it was left out.
  const named = resume === undefined ? Object.keys(flags) : namedFlags(args);
  checkChanges(flags, { folder, options, given, named });
  tryWriting(folder, "--resume");
  // What a session does besides is no matter of the run.
  const own = { maxTime, ...dryRun !== undefined && { dryRun }, ...live !== undefined && { live } };
  const resumed = { ...overridden(flags, options, args), resume: folder, ...own };
  return { options: resumed, earlier, hasShares: false };
}

/** The options of a run as it was left. */
function recordedOptions<F extends FlagTable>(flags: F, record: JsonObject): Values<F> {
  const sessions = [record, ...record.resumed as JsonObject[] ?? []]
    .map((session) => session.arguments as string[]);
  let options = parseFlags(flags, sessions[0]);
  for (const session of sessions.slice(1)) options = overridden(flags, options, session);
  return options;
}

/** What decides which run goes on. */
type GivenOptions = Values<typeof runFlags> & {
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly live?: unknown;
  readonly shard?: Share;
};

function holdsRun(folder: string, share: Share | undefined): boolean {
  requirePermissions({ name: "read", path: folder }, { name: "write", path: folder });
  return orUnwritable(folder, () => exists(`${placeOf(folder, share)}/${recordName}`));
}

/** The record of a run of a program in a folder. */
export function readRecord(folder: string, program: string, share?: Share): JsonObject {
  const record = readAnyRecord(placeOf(folder, share));
  if (record.program === program) return record;
  throw new InputError(
    `${folder} is a run of ${record.program}, not of ${program}: name another folder`,
  );
}

function readAnyRecord(folder: string): JsonObject {
  const file = `${folder}/${recordName}`;
  if (!orUnwritable(file, () => exists(file), "--resume")) {
    throw new InputError(
      `${pathWords(folder)} holds no run, as it has no ${recordName}: name another folder`,
    );
  }
  let record: unknown;
  try {
    record = JSON.parse(new TextDecoder().decode(readWhole(file)));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (!isObject(record) || ![record, ...listOf(record.resumed)].every(isSession)) {
    throw new InputError(`${file} is not as it was written: begin the run anew in another folder`);
  }
  if (record.format !== folderFormat) {
    throw new InputError(
      `${folder} holds a run of an older version of Nagare: go on with that version (${recordName} ` +
        "names it), or begin the run anew in another folder",
    );
  }
  return record;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [undefined];
}

function isSession(value: unknown): boolean {
  return isObject(value) && Array.isArray(value.arguments) &&
    value.arguments.every((argument) => typeof argument === "string");
}

/** The options with those in place that a command line names. */
function overridden<F extends FlagTable>(
  flags: F,
  options: Values<F>,
  args: readonly string[],
): Values<F> {
  const values: Record<string, unknown> = parseFlags(flags, args);
  const named = namedFlags(args).map(camelCase).map((key) => [key, values[key]]);
  return { ...options, ...Object.fromEntries(named) };
}

function checkChanges<F extends FlagTable>(
  flags: F,
  { folder, options, given, named }: {
    folder: string;
    options: Values<F>;
    given: Values<F>;
    named: readonly string[];
  },
): void {
  const [before, now]: Record<string, unknown>[] = [options, given];
  for (const name of named.filter((name) => !changeable.includes(name))) {
    const key = camelCase(name);
    if (JSON.stringify(before[key]) === JSON.stringify(now[key])) continue;
    throw new InputError(
      `--${name} ${show(now[key])} is not that of the run in ${folder}, ${
        show(before[key] ?? flags[name].shown)
      }: leave it out, or begin another run`,
    );
  }
  if (!named.includes("updates") || now.updates === before.updates) return;
  if (Number(now.updates) < Number(before.updates)) {
    throw new InputError(
      `--updates ${now.updates} is less than the ${before.updates} of the run in ${folder}: give ` +
        "more, or leave it out",
    );
  }
  if (before.tuneMomentum !== undefined && before.tuneMomentum !== "off") {
    throw new InputError(
      `--updates ${now.updates} cannot make a run longer whose momentum --tune-momentum ` +
        `${before.tuneMomentum} chose for its length: begin another one`,
    );
  }
  if (Number(before.finish) > 0) {
    throw new InputError(
      `--updates ${now.updates} cannot make a run longer whose --finish ${before.finish} ends it: ` +
        `begin another one where its finish began, with --from ${folder}`,
    );
  }
}

function show(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(",") : String(value);
}

/** What data are loaded with. */
export interface LoadingSession {
  /** The record of the run that goes on. */
  readonly earlier: JsonObject | undefined;
  readonly interruption: AbortSignal;
  /** What several command lines share: it is made once for each key. */
  once<T>(key: JsonObject, make: () => Promise<T>): Promise<T>;
}

/** Loads the data of a run; of one that goes on they may lie elsewhere by now. */
export async function loadAgain<T>(
  { earlier, data, flag = "data" }: {
    earlier: JsonObject | undefined;
    data: string | undefined;
    flag?: "data" | "text";
  },
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const isToldHow = !(error instanceof InputError) ||
      /--(test-)?(data|labels|text)/.test(error.message);
    if (earlier === undefined || data === undefined || isToldHow) throw error;
    throw new InputError(
      `${error.message}; where the data of the run lie elsewhere now, name their place with --${flag}`,
    );
  }
}

/**
 * Updates between two reports of the run that goes on: made longer it keeps them, whatever the default
 * of its length is.
 */
export function recordedInterval(earlier: JsonObject | undefined): number | undefined {
  const { reportEvery } = isObject(earlier?.configuration) ? earlier.configuration : {};
  return typeof reportEvery === "number" ? reportEvery : undefined;
}

/** Refuses files of optimizers that are not as they were when the run that goes on began. */
export function requireSameOptimizers(
  earlier: JsonObject | undefined,
  files: readonly { readonly name: string; readonly path: string; readonly sha256: string }[],
): void {
  const recorded = listOf(earlier?.optimizers).filter(isObject);
  for (const { name, path, sha256 } of files) {
    const before = recorded.find((other) => other.name === name);
    if (before === undefined || before.sha256 === sha256) continue;
    throw new InputError(
      `${pathWords(path)} is not as it was when the run began: put it back as it was (SHA-256 ` +
        `${before.sha256}), or begin another run`,
    );
  }
}

/** Refuses data that are not those of the run that goes on, wherever their files lie. */
export function requireSameData(
  earlier: JsonObject | undefined,
  data: JsonObject,
  flag: "data" | "text" = "data",
): void {
  const identity = (source: Json | undefined) =>
    JSON.stringify(source, (key, value) => key === "path" ? undefined : value);
  if (earlier === undefined || identity(earlier.data) === identity(data)) return;
  throw new InputError(
    `the data are not those that the run began with: name the place of the same files with --${flag}`,
  );
}

/**
 * Says on stderr what a run trains on, and what is not as it was when the run that goes on began and
 * may change its last bits. Gives what the record says of both.
 */
export function sayAdapter(adapter: GPUAdapter, earlier: JsonObject | undefined): JsonObject {
  const details = adapterDetails(adapter);
  const note = earlier && changesSince(earlier, details);
  say(`adapter: ${describeAdapter(adapter)}`);
  if (note !== undefined) say(`note: ${note}`);
  return { adapter: details, note };
}

function changesSince(earlier: JsonObject, adapter: JsonObject): string | undefined {
  const { nagare, deno } = isObject(earlier.versions) ? earlier.versions : {};
  const { description } = isObject(earlier.adapter) ? earlier.adapter : {};
  const changes = [
    JSON.stringify(earlier.adapter) === JSON.stringify(adapter)
      ? ""
      : `on another adapter or driver (${description})`,
    nagare === versions.nagare ? "" : `with Nagare ${nagare}`,
    deno === versions.deno ? "" : `with Deno ${deno}`,
  ].filter((change) => change !== "");
  if (changes.length === 0) return undefined;
  return `the run began ${
    changes.join(" and ")
  }: from here on its last bits may differ from those ` +
    "of a run in one piece";
}

/** The command line that began the run which a command line goes on with; empty where it begins one. */
export function recordedArguments(args: readonly string[]): readonly string[] {
  const folder =
    args.flatMap((arg, i) =>
      args[i - 1] === "--resume" ? [arg] : arg.match(/^--resume=(.*)$/s)?.slice(1) ?? []
    )[0];
  if (!folder) return [];
  requirePermissions({ name: "read", path: folder });
  return readAnyRecord(folder).arguments as string[];
}
