// Figures that were measured along the runs of networks, and what they decide.

import type { CellRow, Configuration } from "../study/cell.ts";
import { differenceFrom, pairedDifference, type SeedErrors } from "./comparison.ts";
import type { EntrySummary } from "./summary.ts";
import { formatFigure } from "./text_table.ts";
import { type Finding, toldFactor, type Verdict, verdictOf } from "./verdicts.ts";

/** What a report tells of a network; undefined where it was not measured. */
export type RowFigure = (row: CellRow, configuration: Configuration) => number | undefined;

/** A number of a network, out of what was measured along its run. */
export interface AlongRun {
  /** In words: the greatest gap. */
  readonly words: string;
  readonly of: RowFigure;
  /** In the order of the reports. */
  over(values: readonly number[]): number;
}

/** The greatest of some values. */
export function greatest(values: readonly number[]): number {
  return Math.max(...values);
}

/** Their geometric mean. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(mean(values.map(Math.log)));
}

/** The mean of their later half. */
export function laterMean(values: readonly number[]): number {
  return mean(values.slice(Math.floor(values.length / 2)));
}

/** Their mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether a number is below a bound, by the 95 % interval over the confirmation seeds. */
export function isBelow(entry: EntrySummary, along: AlongRun, bound: number): Finding {
  const numbers = bySeed(entry, along), below = verdictOf(differenceFrom(numbers, bound));
  return finding(below, `${along.words} of ${told(entry, numbers)}, allowed: ${bound}`, [numbers]);
}

/** Whether its 95 % interval is within a factor of another number, or beyond it. */
export function isNear(
  entry: EntrySummary,
  along: AlongRun,
  { number, factor }: { readonly number: number; readonly factor: number },
): Finding {
  const numbers = bySeed(entry, along), { low, high } = differenceFrom(numbers, 0);
  const [least, most] = [number / factor, number * factor];
  const verdict = low >= least && high <= most
    ? "holds"
    : low > most || high < least
    ? "does not hold"
    : "not decided";
  const wanted = `${formatFigure(least)} to ${formatFigure(most)}`;
  return finding(verdict, `${along.words} of ${told(entry, numbers)}, wanted: ${wanted}`, [
    numbers,
  ]);
}

/** One entry beside another one. */
export type Pair = readonly [ours: EntrySummary, other: EntrySummary];

/** Whether the first has the lower number, by the 95 % interval of their paired logarithms. */
export function isLess([ours, other]: Pair, along: AlongRun): Finding {
  const [own, others] = [ours, other].map((entry) => bySeed(entry, along));
  const factor = pairedDifference(logs(own), logs(others));
  return finding(
    verdictOf(factor),
    `${along.words} of ${told(ours, own)}, ${told(other, others)}: factor ${toldFactor(factor)}`,
    [own, others],
  );
}

/** Whether the factor between the first two is lower than that between the others. */
export function isLessThere(here: Pair, there: Pair, along: AlongRun): Finding {
  const [own, others] = [here, there].map((pair) => {
    const [above, below] = pair.map((entry) => bySeed(entry, along));
    return new Map([...above].map(([seed, number]) => [seed, Math.log(number / below.get(seed)!)]));
  });
  const tell = ([above, below]: Pair, factors: SeedErrors) =>
    `${nameOf(above)} has ${toldFactor(differenceFrom(factors, 0))} of ${nameOf(below)}`;
  const factor = pairedDifference(own, others);
  return finding(
    verdictOf(factor),
    `${along.words}: ${tell(here, own)}; ${tell(there, others)}; the one factor over the other: ` +
      toldFactor(factor),
    [own, others],
  );
}

/** The mean of a number over the confirmation seeds. */
export function meanOf(entry: EntrySummary, along: AlongRun): number {
  return mean([...bySeed(entry, along).values()]);
}

function bySeed({ confirmation }: EntrySummary, { of, over }: AlongRun): SeedErrors {
  return new Map(confirmation.map(({ configuration, result: { curve } }) => [
    configuration.seed,
    over(curve.flatMap((row) => of(row, configuration) ?? [])),
  ]));
}

function logs(numbers: SeedErrors): SeedErrors {
  return new Map([...numbers].map(([seed, number]) => [seed, Math.log(number)]));
}

/** Nothing is decided where a network diverged, or one seed has no interval. */
function finding(verdict: Verdict, evidence: string, numbers: readonly SeedErrors[]): Finding {
  const all = numbers.flatMap((of) => [...of.values()]);
  const reason = numbers.some(({ size }) => size < 2)
    ? "one confirmation seed has no interval: give three or more seeds"
    : all.every(Number.isFinite)
    ? undefined
    : "a network diverged or was not measured";
  return reason === undefined
    ? { verdict, evidence }
    : { verdict: "not decided", evidence, reason };
}

function nameOf({ row, column }: EntrySummary): string {
  return `${row}, ${column}`;
}

/** mu 0.9, NAG: 0.02 ± 0.01. */
function told(entry: EntrySummary, numbers: SeedErrors): string {
  const { mean, low, high } = differenceFrom(numbers, 0);
  const interval = Number.isFinite(low) ? ` ± ${formatFigure((high - low) / 2)}` : "";
  return `${nameOf(entry)}: ${formatFigure(mean) || "not finite"}${interval}`;
}
