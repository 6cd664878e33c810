import { fails, STUCK, TRAINED, trains } from "../studies/failing_rates.ts";
import type { TableName } from "../studies/grid.ts";
import type { Cell } from "../study/cell.ts";
import { errorBeforeFinish, finalError } from "./cell_errors.ts";
import { rankCorrelation, seedErrors } from "./comparison.ts";
import { numberOf } from "./headings.ts";
import { baselineOf } from "./lines.ts";
import { meanImageError } from "./published.ts";
import { type EntrySummary, evidence, type FailingSummary, type TableSummary } from "./summary.ts";
import { formatFigure, layTable, type TextTable } from "./text_table.ts";
import {
  byChoosingError,
  type Finding,
  isAsLow,
  isLower,
  isLowerThanBefore,
  together,
  toldFully,
  undecided,
  verdictOf,
} from "./verdicts.ts";

/** A claim of the paper, and what the networks say to it. */
export interface Claim extends Pick<Finding, "verdict" | "evidence"> {
  /** Table 1. */
  readonly table: string;
  /** The problem. */
  readonly row: string;
  readonly claim: string;
}

/** What decides the claims on a problem: its entries, and where NAG and CM fail. */
interface Row {
  readonly name: string;
  readonly entries: readonly EntrySummary[];
  readonly failing: readonly FailingSummary[];
}

/** How a claim is decided. */
type Decision = (row: Row) => Finding;

const nagAsGood = "NAG is at least as good as CM at a momentum above 0.9";

const decisions: Readonly<Record<TableName, readonly (readonly [string, Decision])[]>> = {
  table1: [
    ["SGD is the worst", sgdIsWorst],
    ["NAG with a momentum above 0.9 is better than with 0.9", highMomentumIsBetter("nag")],
    ["CM with a momentum above 0.9 is better than with 0.9", highMomentumIsBetter("cm")],
    [nagAsGood, nagIsAsGood],
    ["NAG still trains at learning rates where CM fails", nagTrainsWhereCmFails],
    ["The test error follows the training error", testFollowsTraining],
  ],
  table2: [["The low-momentum finish lowers the error", finishLowers]],
  table3: [
    ["Sparse initialization at scale 0.25 and 0.5 stays at the mean image", scalesAreStuck],
    ["Sparse initialization at scale 1 and 2 trains", scalesTrain],
  ],
  table5: [
    ["Momentum is better than none", momentumBeatsNone],
    [nagAsGood, nagIsAsGood],
    ["The best is below the output biases alone", bestIsBelowBiases],
  ],
};

/**
 * The claims of the paper that a table decides, for each of its problems. Settings are compared at the
 * learning rates that one seed chose, by the training errors of the other seeds alone, at 95 %. Nothing
 * is decided before all networks of the problem are there.
 */
export function checkClaims(summary: TableSummary): Claim[] {
  return summary.rows.flatMap((name) => {
    const entries = evidence(summary).filter((entry) => entry.row === name);
    const failing = summary.failing.filter(({ row }) => row === name);
    const sum = (count: (entry: EntrySummary) => number) =>
      entries.reduce((sum, entry) => sum + count(entry), 0);
    const [planned, found] = [sum(({ planned }) => planned), sum(({ found }) => found)];
    return decisions[summary.name].map(([claim, decide]) => ({
      ...{ table: numberOf(summary), row: name, claim },
      ...told(
        found < planned
          ? undecided(`${found} of ${planned} networks are there`)
          : decide({ name, entries, failing }),
      ),
    }));
  });
}

/** What a claim's row says, the reason before the numbers. */
function told({ verdict, evidence, reason }: Finding): Pick<Claim, "verdict" | "evidence"> {
  return { verdict, evidence: reason === undefined ? evidence : `${reason}; ${evidence}` };
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

function sgdIsWorst({ entries }: Row): Finding {
  const sgd = entries.find(({ configuration }) => configuration.optimizer === "sgd");
  const others = byChoosingError(entries.filter((entry) => entry !== sgd));
  if (!sgd || others.length === 0) return undecided("there is nothing to compare");
  const findings = others.map((other) => isLower(other, sgd));
  const { verdict, reason } = together(findings);
  // Those that are against it; or those that their numbers leave open; or the one that comes closest.
  const telling = findings.filter((finding) =>
    verdict !== "holds" && finding.verdict === verdict && finding.reason === undefined
  );
  const told = together(telling.length > 0 ? telling : findings.slice(-1));
  return {
    verdict,
    evidence: `${told.evidence}; the best is ${toldFully(others[0])}`,
    ...reason !== undefined && { reason },
  };
}

function highMomentumIsBetter(optimizer: "cm" | "nag"): Decision {
  return ({ entries }) => {
    const ours = entries.filter(({ configuration }) => configuration.optimizer === optimizer);
    const usual = ours.find((entry) => momentumOf(entry) === 0.9);
    const [best] = byChoosingError(ours.filter(isHigh));
    if (!usual || !best) return undecided("no column reaches 0.9 and another one more");
    return isLower(best, usual);
  };
}

function nagIsAsGood({ entries }: Row): Finding {
  const pairs = pairsOf(entries).filter(([nag]) => isHigh(nag));
  if (pairs.length === 0) return undecided("no column reaches a momentum above 0.9");
  return together(pairs.map(([nag, cm]) => isAsLow(nag, cm)));
}

/** By the seeds that did not find the rates at which one of them fails. */
function nagTrainsWhereCmFails({ name, failing }: Row): Finding {
  if (failing.length === 0) return undecided("CM fails at none of the learning rates");
  const least = Math.min(...failing.flatMap(({ nag, cm }) => [nag.length, cm.length]));
  if (least < 2) return undecided(`${least} networks with confirmation seeds: two are needed`);
  const isEach = (cells: readonly Cell[], is: typeof trains) =>
    cells.every((cell) => is(finalError(cell, "train"), name));
  const forNag = failing.filter(({ nag, cm }) => isEach(nag, trains) && isEach(cm, fails));
  const forCm = failing.filter(({ nag, cm }) => isEach(cm, trains) && isEach(nag, fails));
  const alike = failing.filter(({ nag, cm }) =>
    [trains, fails].some((is) => isEach([...nag, ...cm], is))
  );
  const refuted = forCm.length > 0 || alike.length === failing.length;
  return {
    verdict: refuted ? "does not hold" : forNag.length > 0 ? "holds" : "not decided",
    evidence: failing.map(({ mu, learningRate, nag, cm }) =>
      `mu ${mu} at ${learningRate}: NAG ${toldErrors(nag)}, CM ${toldErrors(cm)}`
    ).join("; "),
  };
}

/** So much of a rank correlation is called following. */
const FOLLOWS = 0.5;

/** Over the entries whose best rate lies between others and is confirmed. */
function testFollowsTraining({ entries }: Row): Finding {
  const over = (split: "train" | "test", { best }: EntrySummary) => best?.final[split]?.mean ?? NaN;
  const compared = entries.filter((entry) =>
    entry.edge === undefined && entry.confirmation.length > 1 &&
    (["train", "test"] as const).every((split) => Number.isFinite(over(split, entry)))
  );
  const [train, test] = (["train", "test"] as const)
    .map((split) => compared.map((entry) => over(split, entry)));
  const { count, mean, low, high } = rankCorrelation(train, test);
  const of = `n = ${count} networks at a best rate within its grid`;
  if (count <= 3) return undecided(`${of}: four are needed`);
  const above = { count, mean: FOLLOWS - mean, low: FOLLOWS - high, high: FOLLOWS - low };
  const interval = `95 %: ${formatFigure(low)} to ${formatFigure(high)}`;
  return {
    verdict: verdictOf(above),
    evidence: `Spearman's rank correlation ${formatFigure(mean)} (${interval}), ${of}; ` +
      `asked for: above ${FOLLOWS}`,
  };
}

/** A finish at 0.9 changes nothing for what never was above. */
function finishLowers({ entries }: Row): Finding {
  const finished = entries.filter((entry) => isHigh(entry) && entry.best?.beforeFinish);
  if (finished.length === 0) return undecided("there is no finish after a momentum above 0.9");
  return together(
    finished.map((entry) =>
      isLowerThanBefore(entry, seedErrors(entry.confirmation, errorBeforeFinish))
    ),
  );
}

function scalesAreStuck(row: Row): Finding {
  const error = STUCK * meanErrorOf(row);
  return decideScales(row, [0.25, 0.5], `above ${formatFigure(error)}`, (of) => isLower(error, of));
}

function scalesTrain(row: Row): Finding {
  const error = TRAINED * meanErrorOf(row);
  return decideScales(row, [1, 2], `below ${formatFigure(error)}`, (of) => isLower(of, error));
}

function decideScales(
  row: Row,
  scales: readonly number[],
  asked: string,
  decide: (entry: EntrySummary) => Finding,
): Finding {
  const found = scales.flatMap((scale) =>
    row.entries.find(({ configuration: c }) =>
      c.network === "autoencoder" && c.init === "sparse" && c.activation === "sigmoid" &&
      c.initScale === scale
    ) ?? []
  );
  if (found.length < scales.length) return undecided(`the grid lacks one of ${scales.join(", ")}`);
  const finding = together(found.map(decide));
  const mean = `the mean image has about ${meanErrorOf(row)}`;
  return { ...finding, evidence: `${finding.evidence}; asked for: ${asked}; ${mean}` };
}

function momentumBeatsNone({ entries }: Row): Finding {
  const none = entries.find(({ configuration }) => configuration.mu === 0);
  const [best] = byChoosingError(entries.filter((entry) => entry !== none));
  return none && best ? isLower(best, none) : undecided("there is nothing to compare");
}

function bestIsBelowBiases({ entries }: Row): Finding {
  const [best] = byChoosingError(entries);
  const baseline = baselineOf(best);
  if (baseline === undefined) return undecided("the error of the biases alone is not known");
  const finding = isLower(best, baseline);
  return { ...finding, evidence: `${finding.evidence}, biases alone: ${formatFigure(baseline)}` };
}

function meanErrorOf({ name }: Row): number {
  return meanImageError(name) ?? NaN;
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

/** The errors of some seeds, or how many of these diverged. */
function toldErrors(cells: readonly Cell[]): string {
  const errors = [...seedErrors(cells).values()];
  const diverged = errors.filter((error) => !Number.isFinite(error)).length;
  const finite = errors.filter(Number.isFinite).map(formatFigure);
  return [...finite, ...diverged > 0 ? [`${diverged} of ${errors.length} diverged`] : []].join(
    ", ",
  );
}
