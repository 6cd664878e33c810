// @ts-types="./jstat.d.ts"
import jstat from "jstat";
import type { Cell } from "../study/cell.ts";
import { finalError } from "./cell_errors.ts";
import { estimate } from "./estimate.ts";

/** Errors by seed. */
export type SeedErrors = ReadonlyMap<number, number>;

/** A mean and its 95 % interval. */
export interface Interval {
  readonly count: number;
  readonly mean: number;
  /** Without bounds where there is no interval: of one value, or where some of several diverged. */
  readonly low: number;
  readonly high: number;
}

/** The final training errors of networks, by seed; infinite where one diverged. */
export function seedErrors(
  cells: readonly Cell[],
  error: typeof finalError = finalError,
): SeedErrors {
  return new Map(cells.map((cell) => [cell.configuration.seed, error(cell, "train")]));
}

/**
 * The mean difference of errors paired by seed, and its 95 % interval by Student's t: the same seed is
 * the same initial weights and minibatches. Seeds that only one of them has are left out.
 */
export function pairedDifference(ours: SeedErrors, others: SeedErrors): Interval {
  return intervalOf([...ours].flatMap(([seed, error]) => {
    const other = others.get(seed);
    return other === undefined ? [] : [error - other];
  }));
}

/** The mean difference of errors from one number, and its 95 % interval by Student's t. */
export function differenceFrom(errors: SeedErrors, number: number): Interval {
  return intervalOf([...errors.values()].map((error) => error - number));
}

/**
 * One value has no interval, nor have several of which some are infinite, or of pairs that both
 * diverged. Where all are infinite alike, they agree.
 */
function intervalOf(differences: readonly number[]): Interval {
  const { count = 0, mean = NaN, halfWidth } = estimate(differences) ?? {};
  const [first] = differences;
  if (count > 1 && !Number.isFinite(first) && differences.every((value) => value === first)) {
    return { count, mean: first, low: first, high: first };
  }
  if (halfWidth === undefined) return { count, mean, low: -Infinity, high: Infinity };
  return { count, mean, low: mean - halfWidth, high: mean + halfWidth };
}

/**
 * Spearman's rank correlation and its 95 % interval by Fisher's z, whose variance is 1.06 / (n - 3) for
 * ranks (Fieller, Hartley and Pearson, 1957).
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): Interval {
  const count = a.length;
  const mean = count < 2 ? NaN : jstat.spearmancoeff([...a], [...b]);
  if (count <= 3 || Number.isNaN(mean)) return { count, mean, low: -1, high: 1 };
  // Rounding may leave a correlation of 1 a little above it.
  const z = Math.atanh(Math.max(-1, Math.min(1, mean)));
  const halfWidth = jstat.normal.inv(0.975, 0, 1) * Math.sqrt(1.06 / (count - 3));
  return { count, mean, low: Math.tanh(z - halfWidth), high: Math.tanh(z + halfWidth) };
}
