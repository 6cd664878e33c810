import { chartConfig, optimizerColor } from "../charts/vega.ts";
import type { Path } from "./descent.ts";
import type { TheoryFigure } from "./statement.ts";

/** A descent on a quadratic of some condition number: the stops in float64, and those on the GPU. */
export interface RateOutcome {
  conditionNumber: number;
  float64: Path;
  gpu: Path;
}

/** A line to compare with what was measured. */
export interface BoundLine<Outcome> {
  /** A column of the figure's rows. */
  column: string;
  /** In words. */
  name: string;
  at: (update: number, outcome: Outcome) => number;
}

/** What a figure of rates shows. */
export interface RateFigureOptions<Outcome> extends Pick<TheoryFigure, "name" | "title" | "alt"> {
  /** A panel for each. */
  outcomes: readonly Outcome[];
  /** What is drawn of a stop. */
  measure: (theta: Float64Array, outcome: Outcome) => number;
  /** The same in words, one string a line. */
  quantity: string[];
  /** At most two. */
  bounds: readonly BoundLine<Outcome>[];
  /** Whose colour it has. */
  optimizer: "cm" | "nag";
  xScale: "linear" | "log";
  /** Of the quantity: what lies beyond is cut off. */
  domain: readonly [number, number];
}

const boundLooks = [
  { color: "#1f2937", dash: [6, 3] },
  { color: "#9ca3af", dash: [1.5, 2.5] },
];

const measured = "measured in float64";

/** More points than about this many make a larger file, not a finer line. */
const longestLine = 250;

/** A quantity and its bounds against the updates, one panel a condition number. */
export function rateFigure<Outcome extends RateOutcome>(
  options: RateFigureOptions<Outcome>,
): TheoryFigure {
  const { name, title, alt, outcomes } = options;
  const rows = outcomes.flatMap((outcome) => rowsOf(outcome, options));
  return {
    name,
    title,
    alt,
    rows,
    spec: {
      data: { values: rows.map((row) => ({ ...row, panel: panelOf(row.condition_number) })) },
      background: "white",
      padding: 16,
      title: {
        text: title,
        subtitle: "one panel per condition number R = L / m  ·  circles: on the GPU, in float32",
      },
      config: chartConfig,
      columns: 2,
      facet: {
        field: "panel",
        type: "nominal",
        sort: outcomes.map(({ conditionNumber }) => panelOf(conditionNumber)),
        header: { title: null },
      },
      spec: { width: 300, height: 190, layer: layers(options) },
      resolve: { scale: { x: "independent" } },
    },
  };
}

/** What was measured in float64 as a broad line, the bounds over it, and the GPU's as circles. */
function layers<Outcome>(options: RateFigureOptions<Outcome>) {
  const { bounds, optimizer } = options;
  const [light, dark] = [0.25, 0.75].map((place) => optimizerColor(optimizer, place));
  const looks = [...boundLooks.slice(0, bounds.length), { color: light, dash: [1, 0] }];
  const domain = [...bounds.map(({ name }) => name), measured];
  const { x, y } = position(options);
  const byName = <T>(range: T[]) => ({
    field: "line",
    type: "nominal" as const,
    title: null,
    scale: { domain, range },
  });
  const line = (column: string, name: string, strokeWidth: number) => ({
    transform: [{ calculate: `'${name}'`, as: "line" }],
    mark: { type: "line" as const, clip: true, strokeWidth },
    encoding: {
      x,
      y: { ...y, field: column },
      color: byName(looks.map(({ color }) => color)),
      strokeDash: byName(looks.map(({ dash }) => dash)),
    },
  });
  const circle = { clip: true, size: 24, strokeWidth: 1.5, color: dark, opacity: 1 };
  return [
    line("float64", measured, 4),
    ...bounds.map(({ column, name }) => line(column, name, 1.5)),
    {
      transform: [{ filter: "isValid(datum.gpu)" }],
      mark: { type: "point" as const, ...circle },
      encoding: { x, y: { ...y, field: "gpu" } },
    },
  ];
}

function rowsOf<Outcome extends RateOutcome>(
  outcome: Outcome,
  { bounds, measure }: RateFigureOptions<Outcome>,
) {
  const { conditionNumber, float64, gpu } = outcome;
  const read = new Map(gpu.map(({ update, theta }) => [update, measure(theta, outcome)]));
  const stride = Math.ceil(float64.length / longestLine);
  return float64
    .filter(({ update }, k) => k % stride === 0 || read.has(update))
    .map(({ update, theta }) => ({
      condition_number: conditionNumber,
      update,
      ...Object.fromEntries(bounds.map(({ column, at }) => [column, at(update, outcome)])),
      float64: measure(theta, outcome),
      gpu: read.get(update),
    }));
}

function panelOf(conditionNumber: number): string {
  return `R = ${conditionNumber.toLocaleString("en-US")}`;
}

function position<Outcome>({ quantity, xScale, domain }: RateFigureOptions<Outcome>) {
  return {
    x: {
      field: "update",
      type: "quantitative" as const,
      title: "update t",
      scale: { type: xScale, nice: false },
      axis: { format: ",d", grid: false, tickCount: 4, tickMinStep: 1 },
    },
    y: {
      type: "quantitative" as const,
      title: quantity,
      scale: { type: "log" as const, domain: [...domain], nice: false },
      axis: {
        labelExpr: "datum.value === 1 ? '1' : replace(format(datum.value, '~e'), '+', '')",
        tickCount: 4,
      },
    },
  };
}
