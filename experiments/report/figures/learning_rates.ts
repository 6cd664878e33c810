import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import {
  edgeNote,
  errorAxis,
  inPanels,
  type Mark,
  marksOf,
  methodOf,
  methodScale,
  panelsOf,
  problemOf,
  splitDash,
  type TableFigure,
} from "./figure.ts";

interface Point extends Mark {
  readonly method: string;
  readonly panel: string;
  readonly rate: number;
  readonly diverged: boolean;
}

/** How much the final error depends on the learning rate: a line for each optimizer and momentum. */
export function learningRatesFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary).filter(({ rates, found }) => rates.length > 1 && found > 0);
  const points = entries.flatMap(pointsOf);
  if (points.length === 0) return undefined;
  const rates = [...new Set(points.map(({ rate }) => rate))].toSorted((a, b) => a - b);
  const y = errorAxis(summary, points);
  // The cross needs some room to the panel's edge.
  const [least, top] = y.scale.domain;
  const crosses = entries.flatMap((entry) => crossesOf(entry, top * (least / top) ** 0.04));
  const common = {
    x: {
      field: "rate",
      type: "quantitative" as const,
      title: "learning rate (per update)",
      scale: {
        type: "log" as const,
        domain: [rates[0] / 1.2, rates[rates.length - 1] * 1.2],
        nice: false,
      },
      axis: { values: rates, format: "~r", grid: false, labelOverlap: "greedy" },
    },
    color: {
      field: "method",
      type: "nominal" as const,
      title: "optimizer, μ",
      scale: methodScale(summary, entries, ({ configuration }) => methodOf(configuration)),
    },
  };
  return {
    name: `${summary.name}_learning_rates`,
    title: `${problemOf(summary)}: sensitivity to the learning rate`,
    subtitle: [
      "error at the end of the run, with the seed that chooses the rates",
      ...crosses.length > 0 ? ["×: diverged"] : [],
      ...edgeNote(entries),
    ],
    spec: {
      data: { values: [...points, ...crosses] },
      ...inPanels([
        {
          transform: [{ filter: "!datum.diverged" }],
          mark: { type: "line", strokeWidth: 1.8 },
          encoding: { ...common, y: { ...y, field: "value" }, strokeDash: splitDash },
        },
        {
          transform: [{ filter: "!datum.diverged && datum.split === 'training'" }],
          mark: { type: "circle", size: 40, opacity: 1 },
          encoding: { ...common, y: { ...y, field: "value" } },
        },
        {
          transform: [{ filter: "datum.diverged" }],
          mark: { type: "point", shape: "M-1,-1L1,1M-1,1L1,-1", size: 60, strokeWidth: 2 },
          encoding: { ...common, y: { ...y, field: "value" } },
        },
      ]),
    },
  };
}

function pointsOf(entry: EntrySummary): Point[] {
  return inItsPanels(
    entry,
    entry.rates.flatMap(({ learningRate: rate, final }) =>
      marksOf(final).map((mark) => ({ ...mark, rate, diverged: false }))
    ),
  );
}

function crossesOf(entry: EntrySummary, top: number): Point[] {
  const rates = entry.rates.filter(({ diverged }) => diverged > 0);
  const mark = { split: "training" as const, value: top, least: top, greatest: top };
  return inItsPanels(
    entry,
    rates.map(({ learningRate: rate }) => ({ ...mark, rate, diverged: true })),
  );
}

function inItsPanels(
  entry: EntrySummary,
  points: readonly Omit<Point, "method" | "panel">[],
): Point[] {
  const method = methodOf(entry.configuration);
  return panelsOf(entry).flatMap((panel) => points.map((point) => ({ ...point, method, panel })));
}
