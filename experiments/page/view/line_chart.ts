import { logTicks, updateTicks } from "../../live/chart.js";
import type { Sheet } from "./canvas.tsx";

/** A line of a chart. */
export interface Line {
  /** Of page.css. */
  readonly color: string;
  readonly dash: readonly number[];
  /** What is not finite ends the line with a cross. */
  readonly points: readonly (readonly [update: number, value: number])[];
}

/** How values stand on the upright axis. */
export interface Axis {
  /** From 0 at the bottom to 1 at the top. */
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** A chart of values against updates. */
export interface LineChart {
  readonly lines: readonly Line[];
  /** The last update that has a place. */
  readonly last: number;
  readonly axis: Axis;
  /** An update that is marked by an upright line. */
  readonly marker?: number;
  /** A value that is marked by a level line. */
  readonly limit?: number;
}

const margin = { top: 8, right: 14, bottom: 24, left: 46 };
const crossSize = 4;

/** A logarithmic axis for the values of lines, up to twice the highest start. */
export function logAxis(lines: readonly Line[], others: readonly number[] = []): Axis {
  const isShown = (value: number) => value > 0 && Number.isFinite(value);
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).concat(others)
    .filter(isShown);
  const starts = lines.flatMap(({ points }) =>
    points.find(([, value]) => isShown(value))?.[1] ?? []
  );
  if (values.length === 0) return logarithmic(0.1, 10);
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const cut = Math.max(2 * Math.max(...starts), ...others);
  return logarithmic(least / 1.15, Math.min(most, cut) * 1.15);
}

function logarithmic(least: number, most: number): Axis {
  const place = (value: number) => Math.log10(value);
  return {
    at: (value) => (place(value) - place(least)) / (place(most) - place(least)),
    ticks: logTicks([least, most]),
  };
}

/** Momenta from 0 to 1, by what they lack of 1: 0.9 and 0.99 are as far apart as 0 and 0.9. */
export const momentumAxis: Axis = {
  at: (value) => 0.03 - Math.log10(1 - value) / 3.2,
  ticks: [0, 0.5, 0.9, 0.99, 0.999],
};

/** Draws a chart on an empty sheet. */
export function drawChart(sheet: Sheet, { lines, last, axis, marker, limit }: LineChart): void {
  const { context, width, height, color } = sheet;
  const right = width - margin.right, bottom = height - margin.bottom;
  const x = (update: number) => margin.left + update / last * (right - margin.left);
  const y = (value: number) => bottom - axis.at(value) * (bottom - margin.top);
  context.lineWidth = 1;
  for (const tick of axis.ticks) {
    stroke(context, color("line"), [[margin.left, y(tick)], [right, y(tick)]]);
    write(sheet, String(tick), margin.left - 6, y(tick) + 4, "right");
  }
  for (const tick of updateTicks([0, last], (right - margin.left) / 70)) {
    stroke(context, color("soft"), [[x(tick), bottom], [x(tick), bottom + 4]]);
    write(sheet, tick.toLocaleString("en-US"), x(tick), bottom + 18, "center");
  }
  stroke(context, color("soft"), [[margin.left, bottom], [right, bottom]]);
  context.save();
  context.beginPath();
  context.rect(margin.left, margin.top, right - margin.left, bottom - margin.top);
  context.clip();
  if (marker !== undefined) {
    stroke(context, color("ink"), [[x(marker), margin.top], [x(marker), bottom]]);
  }
  if (limit !== undefined) {
    context.setLineDash([4, 4]);
    stroke(context, color("ink"), [[margin.left, y(limit)], [right, y(limit)]]);
  }
  context.lineWidth = 2;
  context.lineJoin = "round";
  for (const line of lines) {
    const ends = line.points.findIndex(([, value]) => !Number.isFinite(value));
    const finite = ends < 0 ? line.points : line.points.slice(0, ends);
    const places = finite.map(([update, value]) => [x(update), y(value)] as const);
    context.setLineDash([...line.dash]);
    stroke(context, color(line.color), places);
    context.setLineDash([]);
    const end = places.at(-1);
    if (end && ends >= 0) cross(context, end[0], Math.max(end[1], margin.top + 2 * crossSize));
    else if (end) dot(context, color(line.color), end);
  }
  context.restore();
}

type XY = readonly [number, number];

/** A line through places. */
export function stroke(
  context: CanvasRenderingContext2D,
  color: string,
  places: readonly XY[],
): void {
  context.strokeStyle = color;
  context.beginPath();
  for (const [x, y] of places) context.lineTo(x, y);
  context.stroke();
}

/** A dot at a place. */
export function dot(context: CanvasRenderingContext2D, color: string, [x, y]: XY, radius = 3) {
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function cross(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  for (const slope of [1, -1]) {
    context.moveTo(x - crossSize, y - slope * crossSize);
    context.lineTo(x + crossSize, y + slope * crossSize);
  }
  context.stroke();
}

/** Words on a sheet. */
export function write(
  { context, color }: Sheet,
  text: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
): void {
  context.fillStyle = color("soft");
  context.textAlign = align;
  context.fillText(text, x, y);
}
