import { finalError } from "../report/cell_errors.ts";
import { meanImageError } from "../report/published.ts";
import { networkOf, type PlannedEntry, type PlannedTable } from "./grid.ts";
import { reachedMomentum } from "../study/momentum.ts";
import { type Cells, searchRates } from "./rate_search.ts";

/** A learning rate at which NAG, CM or both of a cap fail: where they are compared as to that. */
export interface FailingRate {
  readonly row: string;
  readonly mu: number;
  readonly learningRate: number;
  readonly nag: PlannedEntry;
  readonly cm: PlannedEntry;
}

/** A network trains below so much of the mean image's error, and fails above so much. */
export const TRAINED = 0.5, STUCK = 0.9;

/** Whether an autoencoder has left the mean image well behind. */
export function trains(error: number, problem: string): boolean {
  return error < TRAINED * (meanImageError(problem) ?? NaN);
}

/** Whether an autoencoder diverged or ended near the mean image. */
export function fails(error: number, problem: string): boolean {
  return error === Infinity || error >= STUCK * (meanImageError(problem) ?? NaN);
}

/**
 * For each cap above 0.9 of table 1 the lowest rate, of those that NAG and CM were both tried at, at
 * which one of them failed. "NAG still trains where CM fails" is confirmed there with the other seeds.
 */
export function failingRates(table: PlannedTable, cells: Cells): FailingRate[] {
  if (!table.comparesFailing) return [];
  const pairs = table.entries.filter((entry) => isHigh(entry, "nag")).flatMap((nag) => {
    const { row, configuration: { mu } } = nag;
    const cm = table.entries.find((entry) =>
      isHigh(entry, "cm") && entry.row === row && entry.configuration.mu === mu
    );
    return cm ? [{ row, mu, nag, cm }] : [];
  });
  // Caps that the schedule does not reach are the lowest of them again.
  const distinct = new Map(pairs.map((pair) => [`${pair.row} ${pair.mu}`, pair])).values();
  return [...distinct].flatMap((pair) => {
    const learningRate = lowestFailing(pair, cells);
    return learningRate === undefined ? [] : [{ ...pair, learningRate }];
  });
}

function lowestFailing(
  { nag, cm }: Pick<FailingRate, "nag" | "cm">,
  cells: Cells,
): number | undefined {
  const tried = new Set(searchRates(cm, cells).rates);
  return searchRates(nag, cells).rates.find((rate) =>
    tried.has(rate) && [nag, cm].some((entry) => failsAt(entry, rate, cells))
  );
}

function failsAt(entry: PlannedEntry, rate: number, cells: Cells): boolean {
  const cell = cells.get(networkOf(entry, rate, entry.seeds[0]).id);
  return cell !== undefined && fails(finalError(cell, "train"), entry.row);
}

function isHigh({ configuration }: PlannedEntry, optimizer: "cm" | "nag"): boolean {
  return configuration.optimizer === optimizer && reachedMomentum(configuration) > 0.9;
}
