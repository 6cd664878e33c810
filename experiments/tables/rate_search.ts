import { countingUpdates, finalError } from "../report/cell_errors.ts";
import type { Cell } from "../study/cell.ts";
import type { PlannedCell } from "../study/ledger.ts";
import { raceIn } from "../study/race_cell.ts";
import { winnerOf } from "../study/race_views.ts";
import { networkOf, type PlannedEntry } from "./grid.ts";

/** Finished networks, by ID. */
export type Cells = ReadonlyMap<string, Cell>;

/** The end of the rates tried at which the best lies: with a lower or a higher one it might be better. */
export type Edge = "low" | "high" | "both";

/** How far the search of an entry's learning rate has come. */
export interface RateSearch {
  /** What was asked for at a time: the initial rates, then those that widen them, lowest first. */
  readonly steps: readonly (readonly number[])[];
  /** All of these, lowest first. */
  readonly rates: readonly number[];
  /** The one of least training error among those that are there; undefined where none is finite. */
  readonly best: number | undefined;
  /** Where the best is the lowest or the highest of those that are there. */
  readonly edge: Edge | undefined;
  /** Whether all are there and none is asked for besides. */
  readonly isDone: boolean;
}

/** A rate, and the final training error of the seed that chooses; undefined where it is missing. */
interface Trial {
  readonly rate: number;
  readonly error: number | undefined;
}

/** So often the ends of the initial rates are doubled and halved, at most. */
const MOST_DOUBLINGS = 6;

/**
 * Searches the learning rate of an entry, on its first seed alone. Where the best one is the lowest or
 * the highest of those tried, one more is asked for, half the lowest or twice the highest (exact in
 * binary: 0.02 gives 0.04 and 0.01), until the best lies between others. Rates at which the network
 * diverges count as others. Where all do, lower ones are tried. At most 2^6 beyond the initial rates.
 */
export function searchRates(entry: PlannedEntry, cells: Cells): RateSearch {
  const steps = [entry.learningRates.toSorted(ascending)];
  for (;;) {
    const rates = steps.flat().toSorted(ascending);
    const trials = rates.map((rate) => ({ rate, error: errorAt(entry, rate, cells) }));
    const isComplete = trials.every(({ error }) => error !== undefined);
    const found = choose(trials.filter(({ error }) => error !== undefined));
    // Of settings drawn at random the best may have any rate; a fixed one is not searched.
    const choice = entry.drawn || entry.isFixed ? { ...found, edge: undefined } : found;
    const next = isComplete && entry.widen ? outwards(choice, steps[0], rates) : [];
    if (next.length === 0) return { steps, rates, ...choice, isDone: isComplete };
    steps.push(next);
  }
}

function errorAt(entry: PlannedEntry, rate: number, cells: Cells): number | undefined {
  const cell = tellingCell(networkOf(entry, rate, entry.seeds[0]), cells, entry.reach);
  return cell && finalError(cell, "train");
}

/** The cell that tells of a network, of a race that of its winner: of updates where a bound is given. */
export function tellingCell(
  network: PlannedCell,
  cells: Cells,
  bound?: number | undefined,
): Cell | undefined {
  const own = raceIn(network.configuration) ? winnerOf(network, cells) : network;
  const cell = own && cells.get(own.id);
  return cell && bound !== undefined ? countingUpdates(cell, bound) : cell;
}

type Choice = Pick<RateSearch, "best" | "edge">;

/** Of equally good rates one between others, where there is one. */
function choose(trials: readonly Trial[]): Choice {
  const finite = trials.filter(({ error }) => Number.isFinite(error));
  const least = Math.min(...finite.map(({ error }) => error!));
  const choices = finite.filter(({ error }) => error === least)
    .map(({ rate }) => ({ best: rate, edge: edgeOf(rate, trials) }));
  return choices.find(({ edge }) => edge === undefined) ?? choices[0] ??
    { best: undefined, edge: undefined };
}

function edgeOf(rate: number, trials: readonly Trial[]): Edge | undefined {
  if (rate === 0) return undefined; // none is searched
  const isLow = rate === trials[0].rate, isHigh = rate === trials[trials.length - 1].rate;
  if (isLow && isHigh) return "both";
  return isLow ? "low" : isHigh ? "high" : undefined;
}

/** The rates beyond the edge at which the best lies; of none that is finite, a lower one. */
function outwards(
  { best, edge }: Choice,
  initial: readonly number[],
  rates: readonly number[],
): number[] {
  const lower = rates[0] / 2, higher = rates[rates.length - 1] * 2;
  const isLow = best === undefined || edge === "low" || edge === "both";
  const isHigh = edge === "high" || edge === "both";
  return [
    ...isLow && lower >= initial[0] / 2 ** MOST_DOUBLINGS ? [lower] : [],
    ...isHigh && higher <= initial[initial.length - 1] * 2 ** MOST_DOUBLINGS ? [higher] : [],
  ];
}

function ascending(a: number, b: number): number {
  return a - b;
}
