import type { Cell, Errors } from "../study/cells.ts";

/** The final error of a network; Infinity where it diverged. */
export function finalError({ result }: Cell, split: keyof Errors): number {
  return result.status === "ok" ? errorOf(result.final, split) : Infinity;
}

/** The error of a network where its low-momentum finish began; Infinity where there was none. */
export function errorBeforeFinish({ result }: Cell, split: keyof Errors): number {
  return result.beforeFinish ? errorOf(result.beforeFinish, split) : Infinity;
}

/** The error among what was evaluated at one moment; Infinity where it was not finite. */
export function errorOf(evaluated: Errors, split: keyof Errors): number {
  return evaluated[split] ?? Infinity;
}
