import { meanImageError } from "../published.ts";
import { optimizerColor } from "../../charts/vega.ts";
import { type EntrySummary, evidence, type TableSummary } from "../summary.ts";
import {
  errorAxis,
  type Mark,
  marksOf,
  problemOf,
  seedNote,
  splitDash,
  type TableFigure,
} from "./figure.ts";

interface Point extends Mark {
  readonly column: string;
  readonly scale: number;
}

/** The error against the scale of sparse initialization; beside it the other initializations. */
export function scaleFigure(summary: TableSummary): TableFigure | undefined {
  const entries = evidence(summary);
  const scaled = entries.filter(isScaled).flatMap(pointsOf);
  const others = entries.filter((entry) => !isScaled(entry)).flatMap(pointsOf);
  if (scaled.length === 0) return undefined;
  const stuck = meanImageError(summary.rows[0]);
  const mean = stuck === undefined ? [] : [{ value: stuck, least: stuck, greatest: stuck }];
  const y = errorAxis(summary, [...scaled, ...others, ...mean.map(asMark)]);
  const scales = [...new Set(scaled.map(({ scale }) => scale))].toSorted((a, b) => a - b);
  const rule = {
    data: { values: mean },
    mark: { type: "rule", color: "#9aa1ab", strokeWidth: 1.5, strokeDash: [2, 3] },
    encoding: { y: { ...y, field: "value" } },
  };
  return {
    name: `${summary.name}_scale`,
    title: `${problemOf(summary)}: error against the scale of sparse initialization`,
    subtitle: [
      "at the end of the run, each at its best learning rate; dotted: the mean image",
      ...seedNote(entries, "bars"),
    ],
    spec: {
      hconcat: [
        {
          width: 360,
          height: 320,
          layer: [
            rule,
            ...marks(scaled, y, {
              field: "scale",
              type: "quantitative",
              title: "scale multiplier of the weights",
              scale: { type: "log", base: 2, domain: spread(scales), nice: false },
              axis: { values: scales, format: "~g", grid: false },
            }),
          ],
        },
        {
          width: 230,
          height: 320,
          layer: [
            rule,
            ...marks(others, { ...y, title: null, axis: bare(y.axis) }, {
              field: "column",
              type: "nominal",
              title: "other initializations",
              sort: null,
              scale: { type: "point", padding: 0.5 },
              axis: { labelAngle: 0, labelOverlap: false },
            }).slice(1),
          ],
        },
      ],
    },
  };
}

/** A line, bars of the training error, and points: filled for training, open for test. */
function marks(points: readonly Point[], y: object, x: object) {
  const values = { data: { values: points } };
  const color = { value: optimizerColor("nag") };
  const place = { x, y: { ...y, field: "value" }, color };
  return [
    {
      ...values,
      mark: { type: "line", strokeWidth: 1.8 },
      encoding: { ...place, strokeDash: splitDash },
    },
    {
      ...values,
      mark: { type: "rule", strokeWidth: 1.5 },
      encoding: { ...place, y: { ...y, field: "least" }, y2: { field: "greatest" } },
    },
    {
      ...values,
      mark: { type: "point", size: 60, opacity: 1, strokeWidth: 1.8 },
      encoding: {
        ...place,
        fill: {
          condition: { test: "datum.split === 'training'", ...color },
          value: "white",
        },
      },
    },
  ];
}

/** The grid alone: the panel beside it has the labels. */
function bare(axis: object) {
  return { ...axis, labels: false, ticks: false, domain: false };
}

function isScaled({ configuration }: EntrySummary): boolean {
  const { init, activation } = configuration;
  return init === "sparse" && activation === "sigmoid";
}

function pointsOf({ column, configuration, best }: EntrySummary): Point[] {
  const { initScale: scale } = configuration;
  return best ? marksOf(best.final).map((mark) => ({ ...mark, column, scale })) : [];
}

function asMark(range: Omit<Mark, "split">): Mark {
  return { split: "training", ...range };
}

/** With some room at both ends. */
function spread(values: readonly number[]): [number, number] {
  return [values[0] / 1.3, values[values.length - 1] * 1.3];
}
