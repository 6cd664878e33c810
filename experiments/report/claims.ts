import type { TableName } from "../studies/grid.ts";
import { bestErrors, compare, type Comparison } from "./comparison.ts";
import { meanImageError } from "./published.ts";
import { numberOf } from "./headings.ts";
import { baselineOf } from "./lines.ts";
import {
  type EntrySummary,
  errorBeforeFinish,
  evidence,
  finalError,
  type RateSummary,
  type TableSummary,
} from "./summary.ts";
import { formatFigure, layTable, type TextTable } from "./text_table.ts";

/** Whether a claim of the paper came out. */
export type Verdict = "holds" | "does not hold" | "cannot be said";

/** What decides a claim. */
interface Finding {
  readonly verdict: Verdict;
  /** The numbers. */
  readonly evidence: string;
}

/** A claim of the paper, and what the networks say to it. */
export interface Claim extends Finding {
  /** Table 1. */
  readonly table: string;
  /** The problem. */
  readonly row: string;
  readonly claim: string;
}

/** How a claim is decided from the entries of a row. */
type Decision = (entries: readonly EntrySummary[]) => Finding;

/** A network has trained below so much of the mean image's error, and is stuck above so much. */
const TRAINED = 0.5, STUCK = 0.9;

const decisions: Readonly<Record<TableName, readonly (readonly [string, Decision])[]>> = {
  table1: [
    ["SGD is the worst", sgdIsWorst],
    ["NAG with a momentum above 0.9 is better than with 0.9", highMomentumIsBetter("nag")],
    ["CM with a momentum above 0.9 is better than with 0.9", highMomentumIsBetter("cm")],
    ["NAG is at least as good as CM at a momentum above 0.9", nagIsAsGood],
    ["NAG still trains at learning rates where CM fails", nagTrainsWhereCmFails],
  ],
  table2: [["The low-momentum finish lowers the error", finishLowers]],
  table3: [
    ["Sparse initialization at scale 0.25 and 0.5 stays at the mean image", scalesAreStuck],
    ["Sparse initialization at scale 1 and 2 trains", scalesTrain],
  ],
  table5: [
    ["Momentum is better than none", momentumBeatsNone],
    ["The best is below the output biases alone", bestIsBelowBiases],
  ],
};

/**
 * The claims of the paper that a table decides, for each of its problems. Settings are compared by
 * their training errors at their best learning rates; nothing is said before all networks of the
 * problem are there.
 */
export function checkClaims(summary: TableSummary): Claim[] {
  return summary.rows.flatMap((row) => {
    const entries = evidence(summary).filter((entry) => entry.row === row);
    const sum = (count: (entry: EntrySummary) => number) =>
      entries.reduce((sum, entry) => sum + count(entry), 0);
    const [planned, found] = [sum(({ planned }) => planned), sum(({ found }) => found)];
    return decisions[summary.name].map(([claim, decide]) => ({
      ...{ table: numberOf(summary), row, claim },
      ...found < planned ? unsaid(`${found} of ${planned} networks are there`) : decide(entries),
    }));
  });
}

/** The claims as a table. */
export function claimsTable(claims: readonly Claim[]): TextTable {
  return layTable({ name: "claims", title: "The paper's claims" }, claims, [
    { key: "table", title: "table", tell: ({ table }) => table },
    { key: "problem", title: "problem", tell: ({ row }) => row },
    { key: "claim", title: "claim", tell: ({ claim }) => claim },
    { key: "verdict", title: "verdict", tell: ({ verdict }) => verdict },
    { key: "evidence", title: "evidence", tell: ({ evidence }) => evidence },
  ]);
}

function sgdIsWorst(entries: readonly EntrySummary[]): Finding {
  const sgd = entries.find(isSgd);
  const others = byError(entries.filter((entry) => entry !== sgd));
  if (!sgd || others.length === 0) return unsaid("there is nothing to compare");
  return {
    verdict: decide(others.map((other) => compare(bestErrors(other), bestErrors(sgd))), "lower"),
    evidence: `SGD: ${told(sgd)}; the others from ${toldFully(others[0])} to ${
      toldFully(others[others.length - 1])
    }`,
  };
}

function highMomentumIsBetter(optimizer: "cm" | "nag"): Decision {
  return (entries) => {
    const ours = entries.filter(({ configuration }) => configuration.optimizer === optimizer);
    const usual = ours.find((entry) => momentumOf(entry) === 0.9);
    const [best] = byError(ours.filter(isHigh));
    if (!usual || !best) return unsaid("no column reaches 0.9 and another one more");
    return {
      verdict: decide([compare(bestErrors(best), bestErrors(usual))], "lower"),
      evidence: `${toldFully(best)}, ${toldFully(usual)}`,
    };
  };
}

function nagIsAsGood(entries: readonly EntrySummary[]): Finding {
  const pairs = pairsOf(entries).filter(([nag]) => isHigh(nag));
  if (pairs.length === 0) return unsaid("no column reaches a momentum above 0.9");
  return {
    verdict: decide(
      pairs.map(([nag, cm]) => compare(bestErrors(nag), bestErrors(cm))),
      "lower",
      "alike",
    ),
    evidence: pairs.map(([nag, cm]) => `${toldFully(nag)}, ${toldFully(cm)}`).join("; "),
  };
}

function nagTrainsWhereCmFails(entries: readonly EntrySummary[]): Finding {
  const cases = pairsOf(entries).flatMap(([nag, cm]) =>
    nag.rates.map((rate, i) => ({ nag: rate, cm: cm.rates[i], entry: nag }))
  );
  const tell = (found: typeof cases) =>
    found.map(({ nag, cm, entry }) =>
      `${entry.configuration.mu} at ${nag.learningRate} (NAG ${meanOf(nag)}, CM ${meanOf(cm)})`
    ).join(", ");
  const row = entries[0].row;
  const forNag = cases.filter(({ nag, cm }) => trains(nag, row) && fails(cm, row));
  const forCm = cases.filter(({ nag, cm }) => trains(cm, row) && fails(nag, row));
  if (!cases.some(({ cm }) => fails(cm, row))) {
    return unsaid("CM fails at none of the learning rates");
  }
  return {
    verdict: forNag.length > 0 && forCm.length === 0 ? "holds" : "does not hold",
    evidence: [
      forNag.length > 0 ? `mu ${tell(forNag)}` : "NAG trains nowhere that CM fails",
      ...forCm.length > 0 ? [`CM trains where NAG fails: mu ${tell(forCm)}`] : [],
    ].join("; "),
  };
}

/** A finish at 0.9 changes nothing for what never was above. */
function finishLowers(entries: readonly EntrySummary[]): Finding {
  const finished = entries.filter((entry) => isHigh(entry) && entry.best?.beforeFinish);
  if (finished.length === 0) return unsaid("there is no finish after a momentum above 0.9");
  const errorsOf = ({ best }: EntrySummary, error: typeof finalError) =>
    new Map(best?.cells.map((cell) => [cell.configuration.seed, error(cell, "train")]));
  return {
    verdict: decide(
      finished.map((entry) =>
        compare(errorsOf(entry, finalError), errorsOf(entry, errorBeforeFinish))
      ),
      "lower",
    ),
    evidence: finished.map((entry) =>
      `${entry.column}: ${formatFigure(entry.best?.beforeFinish?.train?.mean)} to ${told(entry)}`
    ).join(", "),
  };
}

function scalesAreStuck(entries: readonly EntrySummary[]): Finding {
  return decideScales(entries, [0.25, 0.5], ({ best }, row) => !best || isStuck(best, row));
}

function scalesTrain(entries: readonly EntrySummary[]): Finding {
  return decideScales(entries, [1, 2], ({ best }, row) => best !== undefined && trains(best, row));
}

function decideScales(
  entries: readonly EntrySummary[],
  scales: readonly number[],
  asClaimed: (entry: EntrySummary, row: string) => boolean,
): Finding {
  const [{ row }] = entries;
  const found = scales.map((scale) =>
    entries.find(({ configuration: c }) =>
      c.network === "autoencoder" && c.init === "sparse" && c.activation === "sigmoid" &&
      c.initScale === scale
    )
  );
  const there = found.filter((entry) => entry !== undefined);
  if (there.length < scales.length) return unsaid(`the grid lacks one of ${scales.join(", ")}`);
  return {
    verdict: there.every((entry) => asClaimed(entry, row)) ? "holds" : "does not hold",
    evidence: `${there.map(toldFully).join(", ")}; the mean image has about ${meanImageError(row)}`,
  };
}

function momentumBeatsNone(entries: readonly EntrySummary[]): Finding {
  const none = entries.find(({ configuration }) => configuration.mu === 0);
  const [best] = byError(entries.filter((entry) => entry !== none));
  if (!none || !best) return unsaid("there is nothing to compare");
  return {
    verdict: decide([compare(bestErrors(best), bestErrors(none))], "lower"),
    evidence: `${toldFully(best)}, without momentum: ${told(none)}`,
  };
}

function bestIsBelowBiases(entries: readonly EntrySummary[]): Finding {
  const [best] = byError(entries);
  const baseline = baselineOf(best);
  if (baseline === undefined) return unsaid("the error of the biases alone is not known");
  return {
    verdict: meanError(best) < baseline ? "holds" : "does not hold",
    evidence: `${toldFully(best)}, biases alone: ${formatFigure(baseline)}`,
  };
}

/** All as wanted, or one against it, or too close to each other. */
function decide(comparisons: readonly Comparison[], ...wanted: readonly Comparison[]): Verdict {
  if (comparisons.every((comparison) => wanted.includes(comparison))) return "holds";
  return comparisons.includes("higher") ? "does not hold" : "cannot be said";
}

function unsaid(evidence: string): Finding {
  return { verdict: "cannot be said", evidence };
}

function isSgd({ configuration }: EntrySummary): boolean {
  return configuration.optimizer === "sgd";
}

/** What the momentum rose to. */
function momentumOf({ configuration, notReached }: EntrySummary): number {
  return notReached ?? configuration.mu;
}

function isHigh(entry: EntrySummary): boolean {
  return momentumOf(entry) > 0.9;
}

/** NAG and CM of the same cap. */
function pairsOf(entries: readonly EntrySummary[]): [EntrySummary, EntrySummary][] {
  return entries.filter(({ configuration }) => configuration.optimizer === "nag")
    .flatMap((nag): [EntrySummary, EntrySummary][] => {
      const { mu } = nag.configuration;
      const cm = entries.find(({ configuration }) =>
        configuration.optimizer === "cm" && configuration.mu === mu
      );
      return cm ? [[nag, cm]] : [];
    });
}

/** Whether all seeds have left the mean image well behind. */
function trains({ final }: RateSummary, row: string): boolean {
  return (final.train?.greatest ?? Infinity) < TRAINED * (meanImageError(row) ?? NaN);
}

/** Whether all seeds ended near the mean image. */
function isStuck({ final }: RateSummary, row: string): boolean {
  return (final.train?.least ?? Infinity) >= STUCK * (meanImageError(row) ?? NaN);
}

/** Whether a seed diverged or ended near the mean image. */
function fails({ final }: RateSummary, row: string): boolean {
  return (final.train?.greatest ?? Infinity) >= STUCK * (meanImageError(row) ?? NaN);
}

function byError(entries: readonly EntrySummary[]): EntrySummary[] {
  return entries.toSorted((a, b) => meanError(a) - meanError(b) || 0);
}

function meanError({ best }: EntrySummary): number {
  return best?.final.train?.mean ?? Infinity;
}

function meanOf({ final }: RateSummary): string {
  return formatFigure(final.train?.mean) || "diverged";
}

function told({ best }: EntrySummary): string {
  return best ? meanOf(best) : "diverged";
}

function toldFully(entry: EntrySummary): string {
  return `${entry.column}: ${told(entry)}`;
}
