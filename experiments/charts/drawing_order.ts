import { parse } from "@std/csv";
import type { TableRow } from "../files/tables.ts";
import { type ChartOptions, lossChart } from "./loss_chart.ts";

/** A chart to be drawn from a table, as data that can be handed to another thread. */
export interface DrawingOrder {
  /** The text of curve.csv. */
  readonly table: string;
  readonly chart: Omit<ChartOptions, "isDiverged">;
  /** The update from which on rows are drawn, where there are such rows. Default: from the first. */
  readonly from?: number;
  /**
   * Of each network that diverged, though its rows may be finite: the cells of the columns that tell
   * it from the others.
   */
  readonly diverged?: readonly TableRow[];
}

/** What came of an order. */
export type DrawingReply = { readonly svg: string } | { readonly failure: string };

/** Draws a loss chart as ordered; an SVG text. */
export function drawOrdered({ table, chart, from, diverged = [] }: DrawingOrder): Promise<string> {
  const columns = Object.keys(diverged[0] ?? {});
  const key = (row: TableRow) => columns.map((column) => row[column]).join("\n");
  const keys = new Set(diverged.map(key));
  const rows = parse(table, { skipFirstRow: true });
  const later = from === undefined ? rows : rows.filter(({ update }) => Number(update) >= from);
  return lossChart(later.length > 0 ? later : rows, {
    ...chart,
    isDiverged: (row) => keys.has(key(row)),
  });
}
