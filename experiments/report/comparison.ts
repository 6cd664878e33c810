import { estimate } from "./estimate.ts";
import { type EntrySummary, finalError, type RateSummary } from "./summary.ts";

/** Errors by seed. */
export type SeedErrors = ReadonlyMap<number, number>;

/** How the errors of one setting compare with those of another. */
export type Comparison = "lower" | "higher" | "alike";

/**
 * Compares errors seed by seed: the same seed is the same initial weights and minibatches. They
 * differ where the mean of the differences is larger than its standard error, so that with two
 * seeds both have to say so; with one seed its sign decides.
 */
export function compare(ours: SeedErrors, others: SeedErrors): Comparison {
  const differences = [...ours].flatMap(([seed, error]) => {
    const other = others.get(seed);
    return other === undefined ? [] : [error - other];
  });
  const { mean = NaN, deviation = 0 } = estimate(differences) ?? {};
  const standardError = deviation / Math.sqrt(differences.length);
  if (mean < -standardError) return "lower";
  return mean > standardError ? "higher" : "alike";
}

/** The final training errors of an entry at its best rate; infinite where it has none. */
export function bestErrors({ best, rates }: EntrySummary): SeedErrors {
  return best ? seedErrors(best) : new Map([...seedErrors(rates[0]).keys()].map(diverge));
}

/** The final training errors at a learning rate. */
export function seedErrors({ cells }: RateSummary): SeedErrors {
  return new Map(cells.map((cell) => [cell.configuration.seed, finalError(cell, "train")]));
}

function diverge(seed: number): [number, number] {
  return [seed, Infinity];
}
