import type { Cell } from "../../study/cell.ts";
import { toldError } from "../cell_errors.ts";
import { estimate } from "../estimate.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import {
  decades,
  errorAxis,
  inPanels,
  type Mark,
  marksOf,
  methodOf,
  methodScale,
  panelsOf,
  problemOf,
  seedNote,
  splitDash,
  type TableFigure,
} from "./figure.ts";

interface Point extends Mark {
  readonly method: string;
  readonly panel: string;
  readonly update: number;
}

/** The error against the updates, each optimizer and momentum at its best learning rate. */
export function updatesFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary).filter(({ best }) => best !== undefined);
  const points = entries.flatMap(pointsOf);
  if (points.length === 0) return undefined;
  const updates = [...new Set(points.map(({ update }) => update))].toSorted((a, b) => a - b);
  const common = {
    x: {
      field: "update",
      type: "quantitative" as const,
      title: "update",
      scale: { type: "log" as const, nice: false },
      axis: { format: ",d", grid: false, ...decades([updates[0], updates[updates.length - 1]]) },
    },
    color: {
      field: "method",
      type: "nominal" as const,
      title: ["optimizer, μ", "(learning rate)"],
      scale: methodScale(summary, entries, nameOf),
    },
  };
  const y = errorAxis(summary, points);
  return {
    name: `${summary.name}_updates`,
    title: `${problemOf(summary)}: error against updates`,
    subtitle: ["each at its best learning rate", ...seedNote(entries, "bands")],
    spec: {
      data: { values: points },
      ...inPanels([
        {
          mark: { type: "area", opacity: 0.15 },
          encoding: {
            ...common,
            y: { ...y, field: "least" },
            y2: { field: "greatest" },
            detail: { field: "split" },
          },
        },
        {
          mark: { type: "line", strokeWidth: 1.8, strokeJoin: "round" },
          encoding: { ...common, y: { ...y, field: "value" }, strokeDash: splitDash },
        },
      ]),
    },
  };
}

function nameOf({ configuration, best }: EntrySummary): string {
  const method = methodOf(configuration);
  return best?.learningRate ? `${method} (${best.learningRate})` : method;
}

/** The mean over the seeds at each report. */
function pointsOf(entry: EntrySummary): Point[] {
  // Where all begin is far above where they differ, and no place on the axis.
  const reports = (entry.best?.cells ?? []).flatMap((cell: Cell) => cell.result.curve)
    .filter(({ update }) => update > 0);
  const at = Map.groupBy(reports, ({ update }) => update);
  return [...at].flatMap(([update, figures]) => {
    const over = (split: "train" | "test") =>
      estimate(figures.map((figure) => toldError(figure, split)));
    return marksOf({ train: over("train"), test: over("test") }).flatMap((mark) =>
      panelsOf(entry).map((panel) => ({ ...mark, method: nameOf(entry), panel, update }))
    );
  });
}
