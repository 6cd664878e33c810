import type { Config } from "vega";
import type { TopLevelSpec } from "vega-lite";

/** Draws a vega-lite specification as an SVG text. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec, legendLayout), {
    renderer: "none",
    logLevel: vega.Error,
  });
  const svg = await view.toSVG();
  view.finalize();
  return withOwnIds(svg);
}

/** Vega numbers clips and gradients through a whole process; a chart is the same bytes in any. */
function withOwnIds(svg: string): string {
  const ids: string[] = [];
  return svg.replace(/(id="|url\(#)(clip|gradient_)(\d+)/g, (_, before, kind, number) => {
    const id = kind + number;
    if (!ids.includes(id)) ids.push(id);
    return before + kind + ids.indexOf(id);
  });
}

/** Vega-lite does not pass this on. */
const legendLayout: Config = {
  legend: { layout: { right: { direction: "vertical", margin: 18 } } },
};

/** A hue from light to dark. */
export type Ramp = readonly string[];

/** Light to dark with mu; the hue is the optimizer's. */
const ramps = {
  sgd: ["#a3a9b2", "#737b87", "#1f2937"],
  cm: ["#fdba5c", "#ea7317", "#8f2d06"],
  nag: ["#7cc4ea", "#2478c4", "#0b2f6b"],
} as const satisfies Readonly<Record<string, Ramp>>;

/** Of any other optimizer: green, purple and gold stay apart from these for the colour-blind. */
const otherRamps: readonly Ramp[] = [
  ["#7fd1b2", "#0f9d75", "#03543c"],
  ["#e3a6cf", "#b5539a", "#621a4e"],
  ["#d6c65a", "#97850f", "#4a4102"],
];

/** The colour of an optimizer (sgd, cm, nag) at a place from 0 to 1, light to dark. */
export function optimizerColor(optimizer: string, place = 0.5): string {
  return colorAt(isPapers(optimizer) ? ramps[optimizer] : ramps.sgd, place);
}

/**
 * The hue of each optimizer. Those of sgd, cm and nag are always the same; others take theirs by
 * their place in the list, the hues of absent ones last. Beyond six hues they are shared.
 */
export function optimizerRamps(optimizers: readonly string[]): Map<string, Ramp> {
  const names = [...new Set(optimizers)];
  const free = (["nag", "cm", "sgd"] as const).filter((name) => !names.includes(name));
  const left = [...otherRamps, ...free.map((name) => ramps[name])];
  const others = names.filter((name) => !isPapers(name));
  return new Map(
    names.map((
      name,
    ) => [name, isPapers(name) ? ramps[name] : left[others.indexOf(name) % left.length]]),
  );
}

function isPapers(optimizer: string): optimizer is keyof typeof ramps {
  return Object.hasOwn(ramps, optimizer);
}

/** A colour of a hue at a place from 0 to 1, light to dark. */
export function colorAt(ramp: Ramp, place: number): string {
  const step = Math.min(Math.floor(place * (ramp.length - 1)), ramp.length - 2);
  const mix = place * (ramp.length - 1) - step;
  const channel = (color: string, at: number) => parseInt(color.slice(at, at + 2), 16);
  const channels = [1, 3, 5].map((at) =>
    Math.round(channel(ramp[step], at) * (1 - mix) + channel(ramp[step + 1], at) * mix)
  );
  return `rgb(${channels.join(",")})`;
}

/** The look that all figures share. */
export const chartConfig: NonNullable<TopLevelSpec["config"]> = {
  font: "Helvetica, Arial, sans-serif",
  title: {
    anchor: "start",
    fontSize: 17,
    fontWeight: 600,
    color: "#111827",
    subtitleFontSize: 12,
    subtitleColor: "#6b7280",
    subtitlePadding: 6,
    offset: 14,
  },
  axis: {
    labelFontSize: 11,
    labelColor: "#374151",
    titleFontSize: 12,
    titleFontWeight: 400,
    titleColor: "#374151",
    titlePadding: 10,
    gridColor: "#e5e7eb",
    domainColor: "#9ca3af",
    tickColor: "#9ca3af",
    labelOverlap: true,
  },
  legend: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 600,
    labelLimit: 300,
    symbolOpacity: 1,
    symbolStrokeWidth: 2.5,
    symbolType: "stroke",
    symbolSize: 260,
    rowPadding: 4,
  },
  header: { labelFontSize: 12, labelFontWeight: 600, titleFontSize: 12, titleFontWeight: 400 },
  view: { stroke: null },
};
