import type { Split } from "../../mod.ts";
import type { Cell, Splits } from "../study/cell.ts";

/** The final error of a network; Infinity where it diverged. */
export function finalError({ result }: Cell, split: Split): number {
  return result.final && result.status !== "diverged" ? toldError(result.final, split) : Infinity;
}

/** The error of a network where its low-momentum finish began; Infinity where there was none. */
export function errorBeforeFinish({ result }: Cell, split: Split): number {
  return result.beforeFinish ? toldError(result.beforeFinish, split) : Infinity;
}

/**
 * A network as a table tells of it that counts updates, its own alone: until its error was below a
 * bound, or all.
 */
export function countingUpdates({ result, ...cell }: Cell, bound: number): Cell {
  const { updates, from } = cell.configuration;
  const begun = (from as { readonly update: number } | undefined)?.update ?? 0;
  const count = (split: Split): Splits["train"] => {
    const below = result.curve.find((row) => toldFigure(row[split]) < bound);
    return { updates: (below?.update ?? updates) - begun };
  };
  const final = { train: count("train"), test: count("test") };
  return { ...cell, result: { ...result, status: "ok", final, beforeFinish: null } };
}

/**
 * What a network is worth to who tuned it, on training cases: one that diverged, or ended above where
 * it began, is worth what it was before training.
 */
export function worthOf(
  { result: { final, divergedAt, curve } }: Cell,
  errorOf: (figures: Splits["train"]) => number | undefined,
): number {
  const begun = curve.find(({ update }) => update === 0);
  const untrained = (begun && errorOf(begun.train)) ?? Infinity;
  if (divergedAt !== null || !final) return untrained;
  return Math.min(errorOf(final.train) ?? Infinity, untrained);
}

/** The figure that tables report, of the paper's networks the paper's; Infinity if not finite. */
export function toldError(evaluated: Splits, split: Split): number {
  const error = toldFigure(evaluated[split]);
  return Number.isFinite(error) ? error : Infinity;
}

/** The one of a model's figures that tables report. */
export function toldFigure(
  { updates, squaredError, zeroOneLoss, errorRate, bits, loss }: Splits["train"],
): number {
  return updates ?? squaredError ?? zeroOneLoss ?? errorRate ?? bits ?? loss;
}
