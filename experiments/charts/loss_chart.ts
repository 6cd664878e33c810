import type { TopLevelSpec } from "vega-lite";
import type { TableRow } from "../files/tables.ts";
import { type CurvePoint, type Curves, readCurves, type Role } from "./learning_curves.ts";
import { layPanels, type Legend, mostInRow, type Panel, type Panels } from "./panels.ts";
import { inLines, textLines } from "./text_lines.ts";
import { chartConfig, renderSvg } from "./vega.ts";

/** What a chart of curves shows. */
export interface ChartOptions {
  /** The column that is drawn. */
  figure?: string;
  /** The figure in words. */
  figureTitle?: string;
  /** Its unit, beside the axis. */
  unit?: string;
  /** The column of a limit of the figure, drawn dotted, and what it is in words. */
  limit?: { readonly figure: string; readonly title: string };
  /** The column that it is drawn against, and what it is in words. Default: the updates. */
  against?: { readonly column: string; readonly title: string };
  /** The columns that tell settings apart, as they are to be named. Default: the programs'. */
  settings?: readonly string[];
  /** Whether a row is of a network that diverged, though it may be finite in all rows. */
  isDiverged?: (row: TableRow) => boolean;
}

/**
 * The error of each setting against the updates as an SVG text, drawn from the rows of curve.csv
 * alone. Up to eight settings share a panel, told apart by colour and dash; more are parted into
 * panels; of more than 48 the best eight stand out. Of several seeds each is a thin line and their
 * median a thick one. A cross is where a replica stopped being finite.
 *
 * @param rows the table's rows, as text: see readTable
 */
export function lossChart(
  rows: readonly TableRow[],
  {
    figure = "train_squared_error",
    figureTitle = "training squared error",
    unit = "sum over pixels",
    limit,
    against,
    ...reading
  }: ChartOptions = {},
): Promise<string> {
  const curves = readCurves(rows, {
    ...{ figure, limit: limit?.figure, against: against?.column },
    ...reading,
  });
  const spec = chartSpec(curves, {
    title: [rows[0]?.problem, figureTitle].filter((word) => word).join(": "),
    // Two lines: vega leaves room around the panel where it takes a title for a longer one.
    axisTitle: [figureTitle, `(${unit})`],
    limitTitle: limit?.title,
    against: against?.title,
  });
  return renderSvg(spec);
}

/** A point where it is drawn: in a panel, with its names in the legends. */
interface DrawnPoint extends CurvePoint {
  readonly name: string;
  readonly rate: string;
  readonly isGrey: boolean;
}

function chartSpec(
  curves: Curves,
  { title, axisTitle, limitTitle, against }: {
    title: string;
    axisTitle: string[];
    limitTitle: string | undefined;
    against: string | undefined;
  },
): TopLevelSpec {
  const laid = layPanels(curves.settings, curves.columns);
  const { panels, isShared } = laid;
  const encoding = position(curves.points, { axisTitle, against });
  const [least, top] = encoding.y.scale.domain;
  // The cross needs some room to the panel's edge.
  const points = withinPanel(curves.points, top * (least / top) ** 0.05);
  const size = sizeOf(laid);
  const common = {
    background: "white" as const,
    padding: 16,
    title: { text: capitalize(title), subtitle: subtitle(curves, laid, limitTitle) },
    config: chartConfig,
  };
  const views = panels.map((panel, i) => ({
    data: { values: pointsIn(panel, points, size.labelLength) },
    ...{ width: size.width, height: size.height },
    layer: layers(
      outerAxes(encoding, { i, columns: size.columns, count: panels.length }),
      look(panel, laid, size.labelLength),
      hasLimit(curves),
    ),
  }));
  if (views.length === 1) return { ...common, ...views[0] };
  return {
    ...common,
    columns: size.columns,
    spacing: { column: 18, row: 22 },
    concat: views.map((view, i) => ({
      ...view,
      title: {
        text: textLines(panels[i].title, size.titleLength),
        anchor: "middle" as const,
        frame: "group" as const,
        fontSize: 12,
        offset: 8,
      },
    })),
    resolve: isShared ? {} : { scale: { color: "independent", strokeDash: "independent" } },
  };
}

/** The points of a panel's lines; of grey ones the medians alone. */
function pointsIn(
  { lines }: Panel,
  points: readonly CurvePoint[],
  labelLength: number,
): DrawnPoint[] {
  const own = Map.groupBy(points, ({ setting }) => setting);
  return lines.flatMap(({ setting, name, rate, isGrey }) =>
    (own.get(setting) ?? []).filter(({ role }) => !isGrey || role !== "seed")
      .map((point) => ({ ...point, name: labelOf(name, labelLength), rate, isGrey }))
  );
}

/** Pixels that a chart may be wide, those beside its panels, and those vega takes a character for. */
const chartWidth = 1100, margins = 125, characterWidth = 9.6;

/** Beside the text of a legend's entry. */
const symbolWidth = 44;

interface Sizes {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  /** Characters in a line of a legend, and of a panel's title. */
  readonly labelLength: number;
  readonly titleLength: number;
}

/** The columns of panels and the size of each, with room for legends beside or below them. */
function sizeOf({ panels, isShared, across }: Panels): Sizes {
  if (panels.length === 1) {
    return { width: 640, height: 400, columns: 1, labelLength: 28, titleLength: 0 };
  }
  const { length } = panels;
  const columns = across ?? (length < 4 ? length : Math.min(mostInRow, Math.ceil(length ** 0.5)));
  const { title, names } = panels[0].legend;
  const longest = Math.max(...[title, ...names].map(({ length }) => length));
  const beside = isShared ? symbolWidth + Math.min(longest, 24) * characterWidth : 0;
  const width = Math.min(300, Math.floor((chartWidth - margins - beside) / columns) - 18);
  const [titleLength, below] = [0, symbolWidth].map((beside) =>
    Math.floor((width - beside) / characterWidth)
  );
  return { width, height: 210, columns, labelLength: isShared ? 24 : below, titleLength };
}

/** A name for a legend. */
function labelOf(name: string, length: number): string {
  return textLines(name, length).join("\n");
}

function hasLimit({ points }: Curves): boolean {
  return points.some(({ role }) => role === "limit");
}

/** What the marks mean, in lines under the title. */
function subtitle(
  curves: Curves,
  { note }: Panels,
  limitTitle: string | undefined,
): string[] {
  const { settings, columns, seeds, diverged, unplaced, reports, points, hidden } = curves;
  const rates = new Set(settings.map(({ cells }) => cells.learning_rate ?? ""));
  const [rate] = rates;
  const { zeros, negative } = unplaced;
  const noted = [
    columns.includes("learning_rate") && rates.size === 1 && Number(rate) > 0
      ? `learning rate ${rate} per update`
      : "",
    seeds > 1 ? `${seeds} seeds: thin lines, their median a thick one` : "",
    diverged > 0 ? `${diverged} diverged: ×` : "",
    zeros + negative > 0
      ? `${zeros + negative} of ${reports} reports are 0${negative > 0 ? " or less" : ""}, which ` +
        "cannot stand on a log axis"
      : "",
    hasLimit(curves) ? `dotted: ${limitTitle}` : "",
    hidden > 0 ? `${hidden} of ${settings.length} lines under equal ones` : "",
    points.length === 0 && zeros + negative === 0 ? "no finite figure to draw" : "",
    note,
  ];
  return inLines(noted.filter((words) => words !== ""), "  ·  ", 100);
}

function layers(
  where: ReturnType<typeof position>,
  { color, strokeDash }: ReturnType<typeof look>,
  withLimit: boolean,
) {
  const only = (role: Role, isGrey: boolean) => [
    { filter: { field: "role", equal: role } },
    { filter: { field: "isGrey", equal: isGrey } },
  ];
  const line = (role: Role, strokeWidth: number, opacity: number, isGrey = false) => ({
    transform: only(role, isGrey),
    mark: { type: "line" as const, clip: true, strokeWidth, opacity, strokeJoin: "round" as const },
    encoding: { ...where, color, strokeDash, detail: { field: "series" } },
  });
  const point = (role: Role, shape: string, size: number, filled: boolean) => ({
    transform: [{ filter: { field: "role", equal: role } }],
    mark: { type: "point" as const, shape, size, filled, strokeWidth: 2, opacity: 1 },
    encoding: { ...where, color },
  });
  const [limit, dots] = [line("limit", 1.5, 1), [1, 3]];
  return [
    ...withLimit
      ? [{ ...limit, mark: { ...limit.mark, strokeDash: dots }, encoding: { ...where, color } }]
      : [],
    line("median", 0.8, 1, true),
    line("seed", 0.8, 0.4),
    line("median", 2, 1),
    point("only report", "circle", 60, true),
    point("diverged", "M-1,-1L1,1M-1,1L1,-1", 70, false),
  ];
}

/** The axes of a panel among others: named at the left, and at the foot. */
function outerAxes(
  where: ReturnType<typeof position>,
  { i, columns, count }: { i: number; columns: number; count: number },
) {
  const { x, y } = where;
  const isLeft = i % columns === 0;
  const isLowest = i + columns >= count;
  return {
    x: { ...x, title: isLowest ? x.title : "" },
    y: isLeft ? y : { ...y, title: [], axis: { ...y.axis, labels: false, ticks: false } },
  };
}

/** Colour and dash; learning rates take the dashes where they are few. */
function look({ legend }: Panel, { rates, isShared, panels }: Panels, labelLength: number) {
  const isBelow = !isShared && panels.length > 1;
  const place = isBelow ? { orient: "bottom" as const, direction: "vertical" as const } : {};
  const scaled = <Value>({ title, names }: Legend, range: readonly Value[]) => ({
    type: "nominal" as const,
    title: textLines(title, labelLength),
    scale: { domain: names.map((name) => labelOf(name, labelLength)), range: [...range] },
    legend: {
      ...place,
      // A dash shows in a long symbol, which vega takes to be as high.
      ...{ symbolSize: 784, rowPadding: -9 },
      labelExpr: "split(datum.label, '\\n')",
      labelLimit: characterWidth * (labelLength + 1),
      titleLimit: characterWidth * (labelLength + 1),
    },
  });
  const dashed = rates ?? legend;
  return {
    color: { field: "name", ...scaled(legend, legend.looks.map(({ color }) => color)) },
    strokeDash: {
      field: rates ? "rate" : "name",
      ...scaled(dashed, dashed.looks.map(({ dash }) => [...dash])),
    },
  };
}

function position(
  points: readonly CurvePoint[],
  { axisTitle, against }: { axisTitle: string[]; against: string | undefined },
) {
  const domain = range(points);
  const ticks = decadeTicks(domain);
  return {
    x: {
      field: "place",
      type: "quantitative" as const,
      ...against === undefined
        ? {
          title: "update",
          axis: { format: ",d", grid: false, tickCount: 4, tickMinStep: 1 },
          scale: { domain: placeRange(points), nice: false },
        }
        // What an update takes differs from method to method by factors of a hundred.
        : {
          title: against,
          axis: { format: "~r", grid: false, values: decadeTicks(placeRange(points)) },
          scale: { type: "log" as const, domain: placeRange(points), nice: false },
        },
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
function placeRange(points: readonly CurvePoint[]): [number, number] {
  const places = points.map(({ place }) => place);
  const first = places.reduce((a, b) => Math.min(a, b), Infinity);
  const last = places.reduce((a, b) => Math.max(a, b), -Infinity);
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

export function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
