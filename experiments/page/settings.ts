import { InputError, printable } from "../../mod.ts";
import { type Kind, oneOf, real, truth, whole } from "../terminal/flags.ts";

/** One setting: what it may be, and what it is where nothing is said. */
interface Setting<T> {
  readonly kind: Kind<T>;
  readonly fallback: T;
}

type Group = Readonly<Record<string, Setting<unknown>>>;

type ValuesOf<G extends Group> = {
  readonly [Name in keyof G]: G[Name] extends Setting<infer T> ? T : never;
};

/** The optimizers to choose from. */
export const optimizers = ["nag", "cm", "sgd", "adamw"] as const;
/** How the momentum may grow. */
export const schedules = ["constant", "paper", "nesterov-1983"] as const;
/** Where weights may begin. */
export const initializers = ["sparse", "glorot", "he", "orthogonal"] as const;

/** As many networks stand side by side at most. */
export const mostNetworks = 6;

const ofNetwork = {
  optimizer: { kind: oneOf(optimizers), fallback: "nag" },
  rate: { kind: real({ above: 0, atMost: 10 }), fallback: 0.02 },
  momentum: { kind: real({ atLeast: 0, below: 1 }), fallback: 0.9 },
  schedule: { kind: oneOf(schedules), fallback: "paper" },
  /** Updates at its end with a momentum of 0.9. */
  finish: { kind: whole({ atLeast: 0, atMost: 100_000 }), fallback: 0 },
  initializer: { kind: oneOf(initializers), fallback: "glorot" },
  /** What the initial weights are multiplied by: sigmoid units want about 4. */
  scale: { kind: real({ above: 0, atMost: 100 }), fallback: 4 },
} as const satisfies Group;

const ofRun = {
  /** Units of the encoder behind the input. */
  hidden: { kind: sizes(), fallback: [50, 6] as readonly number[] },
  updates: { kind: whole({ atLeast: 10, atMost: 100_000 }), fallback: 1000 },
  batch: { kind: whole({ atLeast: 1, atMost: 1000 }), fallback: 50 },
  /** Curves to train on. */
  cases: { kind: whole({ atLeast: 10, atMost: 20_000 }), fallback: 2000 },
  /** Updates between two rises of the paper's schedule. */
  period: { kind: whole({ atLeast: 1, atMost: 10_000 }), fallback: 10 },
  seed: { kind: whole({ atLeast: 0 }), fallback: 1 },
  /** Whether the largest eigenvalue of the Hessian is measured at each report. */
  sharpness: { kind: truth, fallback: false },
} as const satisfies Group;

const ofBowl = {
  /** As a multiple of one over the largest eigenvalue. */
  rate: { kind: real({ above: 0, atMost: 2 }), fallback: 0.9 },
  momentum: { kind: real({ atLeast: 0, below: 1 }), fallback: 0.9 },
  /** The largest eigenvalue over the smallest. */
  condition: { kind: real({ atLeast: 1, atMost: 1000 }), fallback: 30 },
  updates: { kind: whole({ atLeast: 1, atMost: 200 }), fallback: 60 },
} as const satisfies Group;

const groups = { run: ofRun, network: ofNetwork, bowl: ofBowl } as const;

/** How one network is trained. */
export type NetworkSettings = ValuesOf<typeof ofNetwork>;
/** What all networks have in common. */
export type RunSettings = ValuesOf<typeof ofRun>;
/** The quadratic, and how it is minimised. */
export type BowlSettings = ValuesOf<typeof ofBowl>;

/** All that a link holds. */
export interface Settings {
  readonly run: RunSettings;
  readonly networks: readonly NetworkSettings[];
  readonly bowl: BowlSettings;
  /** The name of the lesson whose text is shown. */
  readonly lesson?: string | undefined;
}

/** Settings of one network, those that are not given as they are by default. */
export function networkSettings(given: Partial<NetworkSettings> = {}): NetworkSettings {
  return { ...defaultsOf(ofNetwork), ...given };
}

/** Settings, those that are not given as they are by default. */
export function settingsOf(
  { run, networks = defaultNetworks, bowl, lesson }: {
    run?: Partial<RunSettings>;
    networks?: readonly Partial<NetworkSettings>[];
    bowl?: Partial<BowlSettings>;
    lesson?: string | undefined;
  } = {},
): Settings {
  return {
    run: { ...defaultsOf(ofRun), ...run },
    networks: networks.map(networkSettings),
    bowl: { ...defaultsOf(ofBowl), ...bowl },
    ...lesson !== undefined && { lesson },
  };
}

const defaultNetworks: readonly Partial<NetworkSettings>[] = [
  { optimizer: "nag" },
  { optimizer: "cm" },
  { optimizer: "sgd" },
];

/**
 * What stands behind # in a link: `run=updates:500&network=optimizer:cm,rate:0.1&bowl=rate:1`, a
 * `network` for each, settings as they are by default left out.
 */
export function printLink({ run, networks, bowl, lesson }: Settings): string {
  return [
    ...lesson === undefined ? [] : [`lesson=${lesson}`],
    ...[printGroup(ofRun, run)].filter(Boolean).map((text) => `run=${text}`),
    // A network is told by its optimizer at least.
    ...networks.map((network) => `network=${printGroup(ofNetwork, network, ["optimizer"])}`),
    ...[printGroup(ofBowl, bowl)].filter(Boolean).map((text) => `bowl=${text}`),
  ].join("&");
}

/**
 * The settings of a link, of what stands behind #. Throws InputError for a part that is none and
 * for a setting that is unknown or out of its range.
 */
export function parseLink(link: string): Settings {
  const parts = new URLSearchParams(link.replace(/^#/, ""));
  const known = ["lesson", ...Object.keys(groups)];
  for (const name of parts.keys()) {
    if (!known.includes(name)) throw new InputError(unknown("part", name, known));
  }
  for (const name of known) {
    const count = parts.getAll(name).length;
    if (count > 1 && name !== "network") {
      throw new InputError(`the link has the part "${name}" ${count} times: leave one`);
    }
  }
  const of = <G extends Group>(name: string, group: G) =>
    parts.getAll(name).map((text) => parseGroup(name, group, text));
  const networks = of("network", ofNetwork);
  if (networks.length > mostNetworks) {
    throw new InputError(
      `a link holds up to ${mostNetworks} networks, not ${networks.length}: leave some out`,
    );
  }
  const lesson = parts.get("lesson");
  return settingsOf(
    {
      run: of("run", ofRun)[0],
      ...networks.length > 0 && { networks },
      bowl: of("bowl", ofBowl)[0],
      ...lesson !== null && { lesson },
    } as Parameters<typeof settingsOf>[0],
  );
}

/** A setting from what was typed. Throws InputError where it is none. */
export function readSetting<
  G extends keyof typeof groups,
  Name extends string & keyof (typeof groups)[G],
>(group: G, name: Name, text: string): ValuesOf<(typeof groups)[G]>[Name] {
  const { kind } = groups[group][name] as Setting<ValuesOf<(typeof groups)[G]>[Name]>;
  return readOne(`${group} ${name}`, kind, text.trim());
}

function readOne<T>(what: string, kind: Kind<T>, text: string): T {
  const value = kind.read(text);
  if (value !== undefined) return value;
  throw new InputError(`${what} must be ${kind.allowed}, not "${printable(text)}"`);
}

function defaultsOf<G extends Group>(group: G): ValuesOf<G> {
  const entries = Object.entries(group).map(([name, { fallback }]) => [name, fallback]);
  return Object.fromEntries(entries) as ValuesOf<G>;
}

/** "rate:0.1,momentum:0.9" of what is not as by default. */
function printGroup<G extends Group>(
  group: G,
  values: ValuesOf<G>,
  always: readonly string[] = [],
): string {
  return Object.entries(group).flatMap(([name, { kind, fallback }]) => {
    const [text, usual] = [values[name], fallback].map((value) => kind.show(value));
    return text === usual && !always.includes(name) ? [] : [`${name}:${text}`];
  }).join(",");
}

function parseGroup<G extends Group>(name: string, group: G, text: string): Partial<ValuesOf<G>> {
  const entries = text.split(",").map((part) => {
    const [setting, ...rest] = part.split(":");
    if (!Object.hasOwn(group, setting)) {
      throw new InputError(unknown(`setting of ${name}`, setting, Object.keys(group)));
    }
    const { kind } = group[setting];
    return [setting, readOne(`in the link ${name} ${setting}`, kind, rest.join(":"))];
  });
  return Object.fromEntries(entries);
}

function unknown(what: string, name: string, known: readonly string[]): string {
  return `the link has no ${what} "${printable(name)}": there are ${known.join(", ")}`;
}

/** "50-25-6". */
function sizes(): Kind<readonly number[]> {
  const size = whole({ atLeast: 1, atMost: 1000 });
  return {
    allowed: "1 to 8 numbers of units from 1 to 1000, such as 50-25-6",
    placeholder: "N-N",
    read(text) {
      const units = text.split("-").map((part) => size.read(part));
      return units.length <= 8 && units.every((n) => n !== undefined) ? units : undefined;
    },
    show: (units) => units.join("-"),
  };
}
