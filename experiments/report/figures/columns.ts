import { colorAt, optimizerHues } from "../../charts/vega.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import { figureAxis, type Mark, marksOf, seedNote, splitDash, type TableFigure } from "./figure.ts";

interface Point extends Mark {
  readonly row: string;
  readonly column: string;
  readonly at: number | string;
}

/** How the columns of an experiment lie along an axis. */
export interface ColumnAxis {
  /** What the figure's file is called after the table's name. Default: columns. */
  readonly name?: string;
  /** Under the axis. */
  readonly title: string;
  /** Where a column lies; left out: one beside another. */
  at?(entry: EntrySummary): number;
  /** Where on the axis of numbers marks stand; left out: wherever columns lie. */
  readonly ticks?: readonly number[];
  /** Of the lines, where a table has several rows. */
  readonly rows?: string;
}

/** The error of each entry at its best rate, against the columns: a line a row. */
export function columnsFigure(
  { name = "columns", title, at, ticks, rows: rowsTitle = "" }: ColumnAxis,
): (summary: TableSummary) => TableFigure | undefined {
  return (summary) => {
    const entries = evidence(summary).filter(({ best }) => best !== undefined);
    const points = entries.flatMap((entry): Point[] =>
      marksOf(entry.best!.final).map((mark) => (
        { ...mark, row: entry.row, column: entry.column, at: at?.(entry) ?? entry.column }
      ))
    );
    if (points.length === 0) return undefined;
    const { rows } = summary, hues = optimizerHues(rows.map((row) => `row ${row}`));
    const places = [...new Set(points.map(({ at }) => at))];
    const y = figureAxis(summary, points);
    const common = {
      x: {
        field: "at",
        title,
        ...at
          ? {
            type: "quantitative" as const,
            scale: { nice: false },
            axis: { values: ticks ?? places, format: "~r", grid: false },
          }
          : {
            type: "nominal" as const,
            scale: { type: "point" as const, padding: 0.5, domain: places },
            axis: places.length > 6 ? { labelAngle: -40, labelOverlap: false } : { labelAngle: 0 },
          },
      },
      color: {
        field: "row",
        type: "nominal" as const,
        title: rowsTitle,
        scale: { domain: rows, range: [...hues.values()].map((hue) => colorAt(hue, 0.6)) },
        ...rows.length === 1 && { legend: null },
      },
    };
    const ofTraining = { filter: { field: "split", equal: "training" } };
    return {
      name: `${summary.name}_${name}`,
      title: summary.title,
      subtitle: ["each network at its best learning rate", ...seedNote(entries, "bars")],
      ...summary.isLinear && { isLinear: true },
      spec: {
        width: 520,
        height: 330,
        data: { values: points },
        layer: [
          {
            mark: { type: "line", strokeWidth: 1.8 },
            encoding: { ...common, y: { ...y, field: "value" }, strokeDash: splitDash },
          },
          {
            transform: [ofTraining],
            mark: { type: "rule", strokeWidth: 1.5 },
            encoding: { ...common, y: { ...y, field: "least" }, y2: { field: "greatest" } },
          },
          {
            transform: [ofTraining],
            mark: { type: "circle", size: 55, opacity: 1 },
            encoding: { ...common, y: { ...y, field: "value" } },
          },
        ],
      },
    };
  };
}
