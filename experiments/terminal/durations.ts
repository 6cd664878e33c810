import { type Flag, type FlagOptions, type Given, type Kind, single } from "./flags.ts";

/** How often something is done: each so many updates, each so many milliseconds, or never. */
export type Cadence =
  | { readonly updates: number }
  | { readonly time_ms: number }
  | { readonly never: true };

/** A time, in milliseconds: 30s, 10m, 2h. */
export function duration<const O extends FlagOptions<number>>(options: O): Flag<Given<O, number>> {
  return single(time, options);
}

/** A {@linkcode Cadence}: 500, 30s, off. */
export function cadence<const O extends FlagOptions<Cadence>>(options: O): Flag<Given<O, Cadence>> {
  return single(recurrence, options);
}

const unit_ms: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Timers count milliseconds in 31 bits, and no further. */
const longest_ms = 24 * unit_ms.d;

const time: Kind<number> = {
  allowed: "a time up to 24d, such as 30s, 10m or 2h",
  placeholder: "TIME",
  read: readTime,
  show: showTime,
};

const recurrence: Kind<Cadence> = {
  allowed: "a number of updates, a time such as 30s or 5m, or off",
  placeholder: "N|TIME|off",
  read(text) {
    if (text === "off") return { never: true };
    if (/^[1-9]\d{0,14}$/.test(text)) return { updates: Number(text) };
    const time_ms = readTime(text);
    return time_ms === undefined ? undefined : { time_ms };
  },
  show: (value) =>
    "never" in value ? "off" : "updates" in value ? String(value.updates) : showTime(value.time_ms),
};

function readTime(text: string): number | undefined {
  const [, count, unit] = text.match(/^(\d+(?:\.\d+)?)([smhd])$/) ?? [];
  const time_ms = Number(count) * unit_ms[unit];
  return time_ms > 0 && time_ms <= longest_ms ? time_ms : undefined;
}

/** In the largest unit of which it is a whole number. */
export function showTime(time_ms: number): string {
  const unit = Object.keys(unit_ms).findLast((unit) => time_ms % unit_ms[unit] === 0);
  return unit === undefined ? `${time_ms / 1000}s` : `${time_ms / unit_ms[unit]}${unit}`;
}

/** Aborted after a time, if the process lasts so long: AbortSignal.timeout() keeps it alive. */
export function signalAfter(time_ms: number): AbortSignal {
  const controller = new AbortController();
  Deno.unrefTimer(setTimeout(() => controller.abort(), time_ms));
  return controller.signal;
}
