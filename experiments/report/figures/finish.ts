import { optimizerColor } from "../../charts/vega.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import { errorAxis, type Mark, marksOf, problemOf, seedNote, type TableFigure } from "./figure.ts";

/** When an error was taken. */
const moments = ["before the finish", "after it"] as const;

interface Point extends Mark {
  readonly column: string;
  readonly moment: typeof moments[number];
}

/** The error of NAG at each cap before the low-momentum finish and after it. */
export function finishFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary).filter(({ best }) => best?.beforeFinish);
  const points = entries.flatMap(pointsOf);
  if (points.length === 0) return undefined;
  const x = errorAxis(summary, points);
  const y = {
    field: "column",
    type: "nominal" as const,
    title: "network",
    sort: null,
    scale: { type: "point" as const, padding: 0.5 },
    axis: { grid: true },
  };
  const range = { domain: [...moments], range: [optimizerColor("sgd", 0), optimizerColor("nag")] };
  return {
    name: `${summary.name}_finish`,
    title: `${problemOf(summary)}: the low-momentum finish`,
    subtitle: ["NAG, each cap at its best learning rate", ...seedNote(entries, "bars")],
    spec: {
      data: { values: points },
      facet: {
        field: "split",
        type: "nominal",
        title: null,
        header: { labelExpr: "(datum.label) + ' error'" },
        sort: ["training", "test"],
      },
      spec: {
        width: 330,
        height: 56 * entries.length,
        layer: [
          {
            mark: { type: "line", color: "#9ca3af", strokeWidth: 1.2 },
            encoding: { x: { ...x, field: "value" }, y, detail: { field: "column" } },
          },
          {
            mark: { type: "rule", strokeWidth: 1.5 },
            encoding: {
              ...{ x: { ...x, field: "least" }, x2: { field: "greatest" }, y },
              color: { field: "moment", scale: range, title: "error" },
            },
          },
          {
            mark: { type: "circle", size: 90, opacity: 1 },
            encoding: {
              ...{ x: { ...x, field: "value" }, y },
              color: {
                field: "moment",
                type: "nominal",
                scale: range,
                title: "error",
                legend: { symbolType: "circle", symbolSize: 80 },
              },
            },
          },
        ],
      },
    },
  };
}

function pointsOf({ column, best }: EntrySummary): Point[] {
  const at = (moment: Point["moment"], errors: NonNullable<typeof best>["final"]) =>
    marksOf(errors).map((mark) => ({ ...mark, column, moment }));
  return best?.beforeFinish
    ? [...at(moments[0], best.beforeFinish), ...at(moments[1], best.final)]
    : [];
}
