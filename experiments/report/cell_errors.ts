import type { Split } from "../../mod.ts";
import type { Cell, Splits } from "../study/cell.ts";

/** The final error of a network; Infinity where it diverged. */
export function finalError({ result }: Cell, split: Split): number {
  return result.final && result.status !== "diverged" ? paperError(result.final, split) : Infinity;
}

/** The error of a network where its low-momentum finish began; Infinity where there was none. */
export function errorBeforeFinish({ result }: Cell, split: Split): number {
  return result.beforeFinish ? paperError(result.beforeFinish, split) : Infinity;
}

/** The figure that the paper reports; Infinity where it was not finite. */
export function paperError(evaluated: Splits, split: Split): number {
  const { squaredError, zeroOneLoss } = evaluated[split], error = squaredError ?? zeroOneLoss;
  return Number.isFinite(error) ? error : Infinity;
}
