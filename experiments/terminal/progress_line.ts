import type { Pace } from "./clock.ts";

/**
 * The current figures of a job, the most important one first: { "squared error": 12.3, loss: 45.6 }.
 * Numbers are shown with four digits.
 */
export type Figures = Readonly<Record<string, number | string>>;

/** What a line of progress tells. */
export interface ProgressLine extends Pace {
  readonly total: number;
  /** What is counted. */
  readonly unit: string;
  readonly figures: Figures;
  /** Whose figures they are; undefined where there is one network, or none. */
  readonly of: string | undefined;
}

/** A time in seconds as h:mm:ss; -:--:-- where it is not known. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--:--";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** A line for a pipe: all of it, however long. */
export function plainLine(told: ProgressLine): string {
  const { done, total, unit, rate, secondsLeft } = told;
  return [
    `${done}/${total} ${unit}`,
    `${formatNumber(rate, 4)}/s`,
    `${formatDuration(secondsLeft)} left`,
    ...figureWords(told),
  ].join(", ");
}

const longestBar = 24;
const shortestBar = 8;

/**
 * A line for a terminal of so many columns, with a bar. Where not all fits, the bar is shorter, then
 * words go that say least, and the first figure last of all.
 */
export function fitLine(told: ProgressLine, width: number): string {
  const forms = formsOf(told);
  const fitting = forms.find(({ bar, text }) => text.length + (bar ? shortestBar + 1 : 0) <= width);
  // Not even the shortest fits.
  if (fitting === undefined) return cut(forms[forms.length - 1].text, width);
  const size = Math.min(longestBar, width - fitting.text.length - 1);
  return fitting.bar ? `${drawBar(told, size)} ${fitting.text}` : fitting.text;
}

interface Form {
  readonly bar: boolean;
  readonly text: string;
}

/** The forms of a line: each says less than the one before. */
function formsOf(told: ProgressLine): Form[] {
  const { done, total, unit, rate } = told;
  const percentage = `${Math.floor(100 * portionOf(told))}%`;
  const counts = `${done}/${total}`;
  const shortCounts = `${shortCount(done)}/${shortCount(total)}`;
  const perSecond = `${formatNumber(rate, 3)}/s`;
  const time = timeWords(told);
  const figures = figureWords(told);
  const first = figures.slice(0, 1);
  const unnamed = figureWords({ ...told, of: undefined }).slice(0, 1);
  const form = (bar: boolean, ...parts: string[]) => ({ bar, text: parts.join(", ") });
  return [
    form(true, `${percentage} ${counts} ${unit}`, perSecond, time, ...figures),
    form(true, `${counts} ${unit}`, perSecond, time, ...figures),
    ...shortened(figures).map((some) => form(true, counts, perSecond, time, ...some)),
    form(true, shortCounts, perSecond, time, ...first),
    form(true, shortCounts, time, ...first),
    form(false, shortCounts, time, ...first),
    form(true, shortCounts, time, ...unnamed),
    form(false, shortCounts, time, ...unnamed),
    form(false, percentage, time, ...unnamed),
    form(false, percentage, ...unnamed),
    form(false, ...unnamed),
  ];
}

/** A list without its last entries, down to the first. */
function shortened(list: readonly string[]): string[][] {
  return Array.from({ length: Math.max(1, list.length) }, (_, i) => list.slice(0, list.length - i));
}

function figureWords({ figures, of }: Pick<ProgressLine, "figures" | "of">): string[] {
  return Object.entries(figures).map(([name, value], i) => {
    const shown = typeof value === "number" ? formatNumber(value, 4) : value;
    return `${name} ${shown}${i === 0 && of !== undefined ? ` (${of})` : ""}`;
  });
}

/** Before the rate is known, how long it has been so far: something is to move. */
function timeWords({ rate, secondsLeft, secondsPassed }: ProgressLine): string {
  return Number.isNaN(rate)
    ? `${formatDuration(secondsPassed)} so far`
    : `${formatDuration(secondsLeft)} left`;
}

function drawBar(told: ProgressLine, size: number): string {
  const full = Math.floor(portionOf(told) * size);
  return "█".repeat(full) + "░".repeat(size - full);
}

function portionOf({ done, total }: ProgressLine): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}

/** In so many significant digits, without an exponent where it is readable so. */
function formatNumber(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : String(Number(value.toPrecision(digits)));
}

/** 12.3k, 4.57M: three digits of a count. */
function shortCount(count: number): string {
  const size = Math.min(3, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${formatNumber(count / 1000 ** size, 3)}${["", "k", "M", "G"][size]}`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
