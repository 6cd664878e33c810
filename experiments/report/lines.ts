import { biasesBaseline } from "../problems/recurrent_kind.ts";
import { noteOfPublished } from "./published.ts";
import { type EntrySummary, hasRate, type RateSummary, type TableSummary } from "./summary.ts";
import { formatFigure } from "./text_table.ts";

/** A line of a table: an entry of ours, a number of the paper, or both. */
export interface Line {
  readonly row: string;
  readonly column: string;
  readonly entry: EntrySummary | undefined;
  /** The entry's best learning rate; undefined where another column shows the same networks. */
  readonly best: RateSummary | undefined;
  /** As the paper prints it. */
  readonly paper: string | undefined;
}

/** The entries of a table in its order; then, for each of its rows, what the paper has besides. */
export function linesOf(summary: TableSummary): Line[] {
  return summary.rows.flatMap((row) => {
    const paper = summary.isOfFinish ? new Map() : summary.published?.get(row) ?? new Map();
    const entries = summary.entries.filter((entry) => entry.row === row);
    const laid = new Set(entries.map(({ column }) => column));
    const others = [...paper.keys()].filter((column) => !laid.has(column));
    return [...entries, ...others.map((column) => ({ row, column }))].map((named): Line => {
      const entry = "rates" in named ? named : undefined;
      const { column } = named;
      return { row, column, entry, best: shownRate(entry), paper: paper.get(column) };
    });
  });
}

/** Whether and where a schedule fell short, networks diverged, or a number is the paper's alone. */
export function noteOf({ column, entry }: Line): string {
  if (!entry) return noteOfPublished(column);
  const { notReached, sameAs } = entry;
  return [
    notReached === undefined ? "" : `not reached (mu up to ${Number(formatFigure(notReached))})`,
    sameAs === undefined ? divergence(entry) : `see ${sameAs}`,
  ].filter((note) => note !== "").join("; ");
}

/** The error of the output biases alone, of a recurrent network. */
export function baselineOf(entry: EntrySummary | undefined): number | undefined {
  return entry?.configuration.network === "recurrent"
    ? biasesBaseline(entry.configuration)
    : undefined;
}

function shownRate(entry: EntrySummary | undefined): RateSummary | undefined {
  return entry?.sameAs === undefined ? entry?.best : undefined;
}

function divergence({ configuration, rates, best, confirmation }: EntrySummary): string {
  const diverged = rates.filter(({ diverged }) => diverged > 0);
  if (diverged.length === rates.length) {
    return hasRate({ configuration }) ? "diverged at every learning rate" : "diverged";
  }
  const seeds = confirmation.length > 0 ? best?.diverged ?? 0 : 0;
  return [
    diverged.length > 0
      ? `diverged at ${diverged.map(({ learningRate }) => learningRate).join(", ")}`
      : "",
    seeds > 0 ? `diverged with ${seeds} of ${confirmation.length} confirmation seeds` : "",
  ].filter((note) => note !== "").join("; ");
}
