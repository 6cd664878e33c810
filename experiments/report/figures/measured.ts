import { estimate } from "../estimate.ts";
import type { RowFigure } from "../measured.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import { columnLooks, decades, seedNote, type TableFigure } from "./figure.ts";

/** A figure that was measured along runs. */
export interface MeasuredCourse {
  /** What the figure's file is called after the table's name. */
  readonly name: string;
  readonly title: string;
  /** Under the axis, a line each. */
  readonly axis: readonly string[];
  readonly of: RowFigure;
  /** Whether it may be 0 or below. */
  readonly isLinear?: boolean;
  /** What theory has for an entry, by its words: drawn dashed in the entry's panel. */
  limits?(entry: EntrySummary): Readonly<Record<string, number>>;
}

/** The mean over the seeds against the updates: a line a column, a panel a row. */
export function measuredFigure(
  { name, title, axis, of, isLinear = false, limits = () => ({}) }: MeasuredCourse,
): (summary: TableSummary) => TableFigure | undefined {
  return (summary) => {
    const entries = evidence(summary);
    const points = entries.flatMap((entry) => pointsOf(entry, of, isLinear));
    if (points.length === 0) return undefined;
    const rules = entries.flatMap((entry) =>
      Object.entries(limits(entry)).map(([limit, value]) => ({ row: entry.row, limit, value }))
    );
    const [x, y] = axesOf({ points, rules, axis, isLinear });
    const { color } = columnLooks(entries);
    return {
      name: `${summary.name}_${name}`,
      title: `${summary.title}: ${title}`,
      subtitle: seedNote(entries, "bands"),
      ...isLinear && { isLinear },
      spec: {
        data: { values: [...points, ...rules] },
        facet: { field: "row", type: "nominal", title: null, sort: summary.rows },
        columns: 3,
        spec: {
          ...{ width: 300, height: 280 },
          layer: [
            {
              transform: [{ filter: "isValid(datum.update)" }],
              mark: { type: "area", opacity: 0.15 },
              encoding: { x, color, y: { ...y, field: "least" }, y2: { field: "greatest" } },
            },
            {
              transform: [{ filter: "isValid(datum.update)" }],
              mark: { type: "line", strokeWidth: 1.8, point: { size: 30 } },
              encoding: { x, color, y: { ...y, field: "value" } },
            },
            ...rules.length > 0 ? ruleLayers(y) : [],
          ],
        },
      },
    };
  };
}

interface Point {
  readonly row: string;
  readonly column: string;
  readonly update: number;
  readonly value: number;
  readonly least: number;
  readonly greatest: number;
}

/** The mean over the seeds at each report, of what can stand on the axis. */
function pointsOf({ row, column, best }: EntrySummary, of: RowFigure, isLinear: boolean): Point[] {
  const values = (best?.cells ?? []).flatMap(({ configuration, result: { curve } }) =>
    curve.flatMap((report) => {
      const value = of(report, configuration);
      return value === undefined || !(isLinear || value > 0)
        ? []
        : [{ update: report.update, value }];
    })
  );
  return [...Map.groupBy(values, ({ update }) => update)].flatMap(([update, all]) => {
    const { mean: value, least, greatest } = estimate(all.map(({ value }) => value))!;
    return Number.isFinite(value) ? [{ row, column, update, value, least, greatest }] : [];
  });
}

function axesOf(
  { points, rules, axis, isLinear }: {
    points: readonly Point[];
    rules: readonly { readonly value: number }[];
    axis: readonly string[];
    isLinear: boolean;
  },
) {
  const bounds = [
    ...points.flatMap(({ least, greatest }) => [least, greatest]),
    ...rules.map(({ value }) => value),
  ];
  const domain: [number, number] = [Math.min(...bounds) / 1.15, Math.max(...bounds) * 1.15];
  return [
    {
      field: "update",
      type: "quantitative" as const,
      title: "update",
      axis: { format: ",d", grid: false },
    },
    {
      type: "quantitative" as const,
      title: [...axis],
      ...isLinear ? {} : {
        scale: { type: "log" as const, domain, nice: false },
        axis: { format: "~g", ...decades(domain) },
      },
    },
  ];
}

/** A dashed line and its words for each limit, once a panel. */
function ruleLayers(y: object) {
  const transform = [{ filter: "isValid(datum.limit)" }];
  const once = { field: "value", aggregate: "mean" as const };
  const detail = { field: "limit", type: "nominal" as const };
  return [
    {
      transform,
      mark: { type: "rule", strokeDash: [4, 3], color: "#555" },
      encoding: { y: { ...y, ...once }, detail },
    },
    {
      transform,
      mark: { type: "text", align: "left", baseline: "bottom", dx: 3, fontSize: 9, color: "#555" },
      encoding: {
        x: { value: 0 },
        y: { ...y, ...once },
        text: { field: "limit", type: "nominal" as const },
        detail,
      },
    },
  ];
}
