import type { TopLevelSpec } from "vega-lite";
import type { Cell } from "../files/tables.ts";

/** A deviation that was measured, and the most that theory and rounding allow. */
export interface Measured {
  residual: number;
  bound: number;
}

/** One measurement of a statement: in float64, and on the GPU in float32. */
export interface Row {
  /** What was measured. */
  what: string;
  float64: Measured;
  gpu: Measured;
  /** Whether both residuals stay within their bounds, at every update. */
  holds: boolean;
}

/** A statement of the paper and the evidence for it. */
export interface Statement {
  /** A word for tables: theorem-2.1. */
  id: string;
  title: string;
  /** What is claimed, in one sentence. */
  statement: string;
  /** Where the paper says so. */
  source: string;
  rows: Row[];
}

/** A figure, and the numbers it shows. */
export interface TheoryFigure {
  /** A file's name without its ending. */
  name: string;
  title: string;
  /** What can be seen on it, for those who cannot. */
  alt: string;
  rows: Record<string, Cell>[];
  spec: TopLevelSpec;
}

/** A statement with its figure, if it has one. */
export interface StatementAndFigure {
  statement: Statement;
  figure?: TheoryFigure;
}

/** A row of two measurements, each the worst of many. */
export function row(what: string, float64: Iterable<Measured>, gpu: Iterable<Measured>): Row {
  const [in64, in32] = [closest(float64), closest(gpu)];
  return { what, float64: in64, gpu: in32, holds: isWithin(in64) && isWithin(in32) };
}

/** The measurement that comes closest to its bound, or passes it by most; NaN where there is none. */
function closest(measured: Iterable<Measured>): Measured {
  let worst: Measured | undefined;
  for (const each of measured) {
    if (Number.isNaN(each.residual + each.bound)) return each;
    if (!worst || share(each) > share(worst)) worst = each;
  }
  return worst ?? { residual: NaN, bound: NaN };
}

/** Exact agreement is within any bound, 0 as well. */
function share({ residual, bound }: Measured): number {
  return residual === 0 ? 0 : residual / bound;
}

function isWithin({ residual, bound }: Measured): boolean {
  return residual <= bound;
}
