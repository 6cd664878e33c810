import type { TopLevelSpec } from "vega-lite";
import { type CurvePoint, type Curves, readCurves, type Role } from "./learning_curves.ts";
import type { TableRow } from "../files/tables.ts";
import { chartConfig, optimizerColor, renderSvg } from "./vega.ts";

/** What a chart of curves shows. */
export interface ChartOptions {
  /** The column that is drawn. */
  figure?: string;
  /** The figure in words. */
  figureTitle?: string;
  /** Its unit, beside the axis. */
  unit?: string;
  /** Whether a row is of a network that diverged, though it may be finite in all rows. */
  isDiverged?: (row: TableRow) => boolean;
}

/** Up to so many learning rates share a panel, told apart by their dashes. */
const dashes = [[1, 0], [6, 3], [1.5, 2.5]];
const linesInPanel = 12;

/**
 * The error of each setting against the updates as an SVG text, drawn from the rows of curve.csv
 * alone. Colour is optimizer and mu. Learning rates are told apart by dashes or, where the lines
 * are many, by panels. Of several seeds each is a thin line and their median a thick one. A cross
 * is where a replica stopped being finite.
 *
 * @param rows the table's rows, as text: see readTable
 */
export function lossChart(
  rows: readonly TableRow[],
  {
    figure = "train_squared_error",
    figureTitle = "training squared error",
    unit = "sum over pixels",
    isDiverged,
  }: ChartOptions = {},
): Promise<string> {
  const curves = readCurves(rows, figure, isDiverged);
  const spec = chartSpec(curves, {
    title: [rows[0]?.problem, figureTitle].filter((word) => word).join(": "),
    // Two lines: vega leaves room around the panel where it takes a title for a longer one.
    axisTitle: [figureTitle, `(${unit})`],
  });
  return renderSvg(spec);
}

function chartSpec(
  curves: Curves,
  { title, axisTitle }: { title: string; axisTitle: string[] },
): TopLevelSpec {
  const inPanels = hasPanels(curves);
  const size = inPanels ? { width: 250, height: 210 } : { width: 640, height: 400 };
  const encoding = position(curves.points, axisTitle);
  const [least, top] = encoding.y.scale.domain;
  // The cross needs some room to the panel's edge.
  const edge = top * (least / top) ** 0.05;
  const common = {
    data: { values: withinPanel(curves.points, edge) },
    background: "white",
    padding: 16,
    title: { text: capitalize(title), subtitle: subtitle(curves, inPanels) },
    config: chartConfig,
  };
  const layer = layers(encoding, look(curves, inPanels));
  if (!inPanels) return { ...common, ...size, layer };
  return {
    ...common,
    columns: 3,
    facet: {
      field: "rate",
      type: "nominal",
      sort: curves.rates,
      header: { title: null, labelExpr: "'learning rate ' + (datum.label)" },
    },
    spec: { ...size, layer },
  };
}

function hasPanels({ methods, rates }: Curves): boolean {
  return rates.length > dashes.length ||
    (rates.length > 1 && methods.length * rates.length > linesInPanel);
}

/** What the marks mean, in a line under the title. */
function subtitle(
  { rates, seeds, diverged, zeros, reports, points }: Curves,
  inPanels: boolean,
): string {
  const noted = [
    rates.length === 1 ? `learning rate ${rates[0]} per update` : "",
    seeds > 1 ? `${seeds} seeds: thin lines, their median a thick one` : "",
    diverged > 0 ? `${diverged} diverged: ×` : "",
    zeros > 0 ? `${zeros} of ${reports} reports are 0, which cannot stand on a log axis` : "",
    points.length === 0 && zeros === 0 ? "no finite figure to draw" : "",
    inPanels ? "one panel per learning rate" : "",
  ];
  return noted.filter((note) => note !== "").join("  ·  ");
}

function layers(where: ReturnType<typeof position>, { color, ...dash }: ReturnType<typeof look>) {
  const only = (role: Role) => [{ filter: { field: "role", equal: role } }];
  const line = (role: Role, strokeWidth: number, opacity: number) => ({
    transform: only(role),
    mark: { type: "line" as const, clip: true, strokeWidth, opacity, strokeJoin: "round" as const },
    encoding: { ...where, color, ...dash, detail: { field: "series" } },
  });
  const point = (role: Role, shape: string, size: number, filled: boolean) => ({
    transform: only(role),
    mark: { type: "point" as const, shape, size, filled, strokeWidth: 2, opacity: 1 },
    encoding: { ...where, color },
  });
  return [
    line("seed", 0.8, 0.4),
    line("median", 2, 1),
    point("only report", "circle", 60, true),
    point("diverged", "M-1,-1L1,1M-1,1L1,-1", 70, false),
  ];
}

function position(points: readonly CurvePoint[], axisTitle: string[]) {
  const domain = range(points);
  const ticks = decadeTicks(domain);
  return {
    x: {
      field: "update",
      type: "quantitative" as const,
      title: "update",
      axis: { format: ",d", grid: false, tickCount: 4, tickMinStep: 1 },
      scale: { domain: updateRange(points), nice: false },
    },
    y: {
      field: "value",
      type: "quantitative" as const,
      title: axisTitle,
      scale: { type: "log" as const, domain, nice: false },
      axis: { format: "~g", ...(ticks.length < 2 ? {} : { values: ticks }) },
    },
  };
}

/** From the least value to somewhat above the worst start: a line on its way to infinity is cut. */
function range(points: readonly CurvePoint[]): [number, number] {
  const values = points.map(({ value }) => value);
  const starts = [...Map.groupBy(points, ({ series }) => series).values()].map(([{ value }]) =>
    value
  );
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const top = Math.min(largest, 2 * starts.reduce((a, b) => Math.max(a, b), 0));
  return points.length === 0 ? [0.1, 10] : [least / 1.1, top * 1.1];
}

/** A line that leaves the panel for infinity ends at its edge, with its cross. */
function withinPanel(points: readonly CurvePoint[], edge: number): CurvePoint[] {
  return [...Map.groupBy(points, ({ series }) => series).values()].flatMap((marks) => {
    const cross = marks.find(({ role }) => role === "diverged");
    const line = marks.filter((mark) => mark !== cross);
    const out = line.findIndex(({ value }) => value > edge);
    if (cross === undefined || out < 0) return marks;
    const end = { ...line[out], value: edge };
    return [...line.slice(0, out), end, { ...end, role: cross.role }];
  });
}

/** A single report has no range; it stands at the left. */
function updateRange(points: readonly CurvePoint[]): [number, number] {
  const updates = points.map(({ update }) => update);
  const first = updates.reduce((a, b) => Math.min(a, b), Infinity);
  const last = updates.reduce((a, b) => Math.max(a, b), -Infinity);
  if (points.length === 0) return [0, 1];
  return [first, last > first ? last : first + 1];
}

/** 1, 2, 5 of each decade, or 1 alone where the decades are many. */
export function decadeTicks([least, most]: [number, number]): number[] {
  const first = Math.floor(Math.log10(least));
  const decades = Math.ceil(Math.log10(most)) - first;
  const steps = Math.log10(most / least) > 3 ? [1] : [1, 2, 5];
  return Array.from({ length: decades + 1 }, (_, i) => first + i)
    .flatMap((exponent) => steps.map((step) => Number(`${step}e${exponent}`)))
    .filter((tick) => tick >= least && tick <= most);
}

function look({ methods, rates }: Curves, inPanels: boolean) {
  const color = {
    field: "method",
    type: "nominal" as const,
    title: "optimizer, μ",
    scale: { domain: methods.map(({ name }) => name), range: colors(methods) },
  };
  if (inPanels || rates.length < 2) return { color };
  const strokeDash = {
    field: "rate",
    type: "nominal" as const,
    title: "learning rate",
    scale: { domain: rates, range: dashes },
  };
  return { color, strokeDash };
}

/** Each method's colour: its place among those of its optimizer. */
function colors(methods: Curves["methods"]): string[] {
  return methods.map((method) => {
    const family = methods.filter(({ optimizer }) => optimizer === method.optimizer);
    const place = family.length > 1 ? family.indexOf(method) / (family.length - 1) : 0.5;
    return optimizerColor(method.optimizer, place);
  });
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
