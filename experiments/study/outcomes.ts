import { areFinite, type Cell, type CellRow, type Splits } from "./cell.ts";

/** How a network came out, or stands, as tables tell it. */
export interface Outcome {
  readonly cell: Cell;
  /** An unfinished one is what ended the run; stopped is also one that a rule stopped. */
  readonly status: "ok" | "diverged" | "interrupted" | "stopped";
  /** Over all cases where it is finished, else those of the last report. */
  readonly figures: Splits;
  /** The last report of which everything was finite. */
  readonly lastFinite: CellRow | undefined;
}

/** How a cell came out; `ending` is what an unfinished one is called. */
export function outcomeOf(cell: Cell, ending: "interrupted" | "stopped"): Outcome {
  const { status, divergedAt, final, curve } = cell.result;
  const last = curve.at(-1);
  return {
    cell,
    status: divergedAt !== null ? "diverged" : status === "unfinished" ? ending : status,
    figures: final ?? { train: last?.train ?? {}, test: last?.test ?? {} },
    lastFinite: curve.findLast((row) =>
      areFinite(row) && (divergedAt === null || row.update < divergedAt)
    ),
  };
}

/** The least figure of a report; undefined where none was finite. */
export function leastOf(
  { result: { curve } }: Cell,
  figureOf: (row: Splits) => number | undefined,
): number | undefined {
  const values = curve.map((row) => figureOf(row) ?? NaN).filter(Number.isFinite);
  return values.length === 0 ? undefined : Math.min(...values);
}

/** Networks that stayed finite, the one of the least figure first. */
export function finiteOnes(
  outcomes: readonly Outcome[],
  figureOf: (figures: Splits) => number | undefined,
): Outcome[] {
  const rank = ({ figures }: Outcome) => figureOf(figures) ?? Infinity;
  return outcomes.filter(({ status }) => status !== "diverged")
    .toSorted((a, b) => compareFigures(rank(a), rank(b)));
}

/** The order of figures in a table: those that are not finite last. */
export function compareFigures(a: number, b: number): number {
  const rank = (value: number) => Number.isFinite(value) ? value : Number.MAX_VALUE;
  return rank(a) - rank(b);
}
