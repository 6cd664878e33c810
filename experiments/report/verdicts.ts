import {
  differenceFrom,
  type Interval,
  pairedDifference,
  type SeedErrors,
  seedErrors,
} from "./comparison.ts";
import { estimate } from "./estimate.ts";
import { choosingError, type EntrySummary, hasRate } from "./summary.ts";
import { formatFigure } from "./text_table.ts";

/** Whether a claim of the paper came out. */
export type Verdict = "holds" | "does not hold" | "not decided";

/** What decides a claim. */
export interface Finding {
  readonly verdict: Verdict;
  /** The numbers. */
  readonly evidence: string;
  /** Why it is not decided, where the numbers are not the reason. */
  readonly reason?: string;
}

/** What is said to be the lower: an entry, or a number. */
type Side = EntrySummary | number;

/** How much of the other's mean error still counts as as good. */
const MARGIN = 0.05;

/** Whether an error is lower than another one, by the 95 % interval of their paired difference. */
export function isLower(ours: Side, other: Side): Finding {
  const difference = differenceOf(ours, other);
  return judge({ ours, other }, difference, verdictOf(difference));
}

/**
 * Whether an error is at least as low as another one: the interval's upper end is at most 5 % of the
 * other's mean, or another share of it (non-inferiority). Else it is not, where the whole interval is
 * above 0.
 */
export function isAsLow(ours: EntrySummary, other: EntrySummary, share = MARGIN): Finding {
  const difference = differenceOf(ours, other);
  const margin = share * meanOf(seedErrors(other.confirmation));
  const finding = judge({ ours, other }, difference, verdictOf(difference, margin));
  const percent = `${Math.round(100 * share)} %`;
  const allowed = `non-inferiority margin of ${percent}: ${formatFigure(margin) || "not finite"}`;
  return { ...finding, evidence: `${finding.evidence}, ${allowed}` };
}

/**
 * Whether the factor between two errors is as low as that between two others, or `margin` above: the
 * logarithms of both are compared seed by seed.
 */
export function isFactorAsLow(ours: Factor, others: Factor, margin = MARGIN): Finding {
  const [own, other] = [ours, others].map(logFactors);
  const difference = pairedDifference(own, other);
  const tell = ([above, below]: Factor, logs: SeedErrors) =>
    `${toldFully(above)} is ${toldFactor(differenceFrom(logs, 0))} of ${toldFully(below)}`;
  const reason = [...ours, ...others].map(whyUndecided).find((why) => why !== undefined);
  return {
    verdict: reason === undefined ? verdictOf(difference, Math.log(1 + margin)) : "not decided",
    evidence: `${tell(ours, own)}; ${tell(others, other)}; the one factor over the other: ${
      toldFactor(difference)
    }, allowed: ${1 + margin}`,
    ...reason !== undefined && { reason },
  };
}

/** An error over another one. */
type Factor = readonly [above: EntrySummary, below: EntrySummary];

function logFactors([above, below]: Factor): SeedErrors {
  const of = seedErrors(below.confirmation);
  return new Map(
    [...seedErrors(above.confirmation)].map(([seed, error]) => [
      seed,
      Math.log(error / (of.get(seed) ?? NaN)),
    ]),
  );
}

/** 0.5 (95 %: 0.4 to 0.6), of logarithms. */
export function toldFactor({ mean, low, high }: Interval): string {
  const [at, from, to] = [mean, low, high].map((log) => formatFigure(Math.exp(log)) || "infinite");
  return `${at} (95 %: ${from} to ${to})`;
}

/** Whether the errors of an entry are lower than others of the same networks. */
export function isLowerThanBefore(entry: EntrySummary, before: SeedErrors): Finding {
  const difference = pairedDifference(seedErrors(entry.confirmation), before);
  const evidence = `${entry.column}: ${told(meanOf(before))} to ${toldMean(entry)}, ${
    toldDifference(difference)
  }`;
  const reason = whyUndecided(entry) ?? atEdge(entry);
  return reason === undefined
    ? { verdict: verdictOf(difference), evidence }
    : { verdict: "not decided", evidence, reason };
}

/** All hold, or one does not, or some are open: with the numbers of all. */
export function together(findings: readonly Finding[]): Finding {
  const verdict = verdictOfAll(findings);
  const reasons = new Set(findings.flatMap(({ reason }) => reason ?? []));
  return {
    verdict,
    evidence: findings.map(({ evidence }) => evidence).join("; "),
    ...verdict === "not decided" && reasons.size > 0 && { reason: [...reasons].join("; ") },
  };
}

function verdictOfAll(findings: readonly Finding[]): Verdict {
  if (findings.some(({ verdict }) => verdict === "does not hold")) return "does not hold";
  return findings.every(({ verdict }) => verdict === "holds") ? "holds" : "not decided";
}

/** Below the bound, above 0, or neither. */
export function verdictOf({ low, high }: Interval, bound?: number): Verdict {
  // Without an interval the upper end is infinite, and so is the bound where the other diverged.
  if (bound === undefined ? high < 0 : high < Infinity && high <= bound) return "holds";
  return low > 0 ? "does not hold" : "not decided";
}

/** A claim that the networks leave open, and why. */
export function undecided(why: string): Finding {
  return { verdict: "not decided", evidence: why };
}

/** The name of an entry and its error: 0.9N: 3.538. */
export function toldFully(entry: EntrySummary): string {
  return `${nameOf(entry)}: ${toldMean(entry)}`;
}

/** Those of least error first, by the seed that chose the rates: what it finds the others confirm. */
export function byChoosingError(entries: readonly EntrySummary[]): EntrySummary[] {
  // Two that are infinite have the difference NaN.
  return entries.toSorted((a, b) => choosingError(a) - choosingError(b) || 0);
}

/** Why an entry's best rate may not be its best; undefined where it lies between others. */
function atEdge(entry: EntrySummary): string | undefined {
  const { edge, best } = entry;
  if (edge === undefined) return undefined;
  const where = edge === "both"
    ? "is the only one of its grid"
    : `is at the ${edge} edge of its grid`;
  return `${nameOf(entry)}'s best rate ${best?.learningRate} ${where}`;
}

function toldDifference(difference: Interval): string {
  return `difference ${toldInterval(difference, "not finite")}`;
}

/** SI x 1: 1.672 ± 0.07837 (3 seeds). */
function toldWithInterval(entry: EntrySummary): string {
  const interval = differenceFrom(seedErrors(entry.confirmation), 0);
  return `${nameOf(entry)}: ${toldInterval(interval, "diverged")}`;
}

/** -1.234 ± 0.5678 (3 seeds). */
function toldInterval({ count, mean, low, high }: Interval, infinite: string): string {
  const seeds = `${count} ${count === 1 ? "seed" : "seeds"}`;
  if (count === 0) return seeds;
  if (!Number.isFinite(mean)) return `${infinite} (${seeds})`;
  const interval = Number.isFinite(low) ? ` ± ${formatFigure((high - low) / 2)}` : "";
  return `${formatFigure(mean)}${interval} (${seeds})`;
}

function differenceOf(ours: Side, other: Side): Interval {
  if (typeof ours === "number") {
    const { count, mean, low, high } = differenceFrom(errorsOf(other), ours);
    return { count, mean: -mean, low: -high, high: -low };
  }
  return typeof other === "number"
    ? differenceFrom(errorsOf(ours), other)
    : pairedDifference(errorsOf(ours), errorsOf(other));
}

/**
 * More rates could only lower an error. So a best rate at the edge of its grid speaks neither against
 * the entry that is said to be the lower, nor for it where the other one's is there.
 */
function judge(
  { ours, other }: { ours: Side; other: Side },
  difference: Interval,
  verdict: Verdict,
): Finding {
  const sides = [ours, other].filter((side) => typeof side !== "number");
  const evidence = sides.length === 1
    ? toldWithInterval(sides[0])
    : `${sides.map(toldFully).join(", ")}, ${toldDifference(difference)}`;
  const doubtful = verdict === "holds" ? other : verdict === "does not hold" ? ours : undefined;
  const edge = typeof doubtful === "object" ? atEdge(doubtful) : undefined;
  const reason = sides.map(whyUndecided).find((why) => why !== undefined) ?? edge;
  return reason === undefined
    ? { verdict, evidence }
    : { verdict: "not decided", evidence, reason };
}

/** Why an entry decides nothing. */
function whyUndecided(entry: EntrySummary): string | undefined {
  const { best, confirmation: { length: seeds } } = entry;
  if (!best) return `${nameOf(entry)} diverged${hasRate(entry) ? " at every learning rate" : ""}`;
  if (seeds > 1) return undefined;
  return `${nameOf(entry)} has ${
    seeds === 0 ? "no" : "one"
  } confirmation seed: give three or more ` +
    "seeds";
}

function errorsOf(side: Side): SeedErrors {
  return typeof side === "number" ? new Map() : seedErrors(side.confirmation);
}

function nameOf({ column, configuration, fullName }: EntrySummary): string {
  return fullName ?? (configuration.optimizer === "sgd" ? "SGD" : column);
}

function meanOf(errors: SeedErrors): number {
  return estimate([...errors.values()])?.mean ?? NaN;
}

/** Over the seeds that are shown. */
function toldMean({ best }: EntrySummary): string {
  return told(best?.final.train?.mean);
}

function told(mean: number | undefined): string {
  return formatFigure(mean) || "diverged";
}
