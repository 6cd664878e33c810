import type { Config } from "vega";
import type { TopLevelSpec } from "vega-lite";

/** Draws a vega-lite specification as an SVG text, the same whatever was drawn before. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec, legendLayout), {
    renderer: "none",
    logLevel: vega.Error,
  });
  vega.resetSVGDefIds();
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** Vega-lite does not pass this on. */
const legendLayout: Config = {
  legend: { layout: { right: { direction: "vertical", margin: 18 } } },
};

/** Light to dark with mu; the hue is the optimizer's. */
const ramps: Readonly<Record<string, string[]>> = {
  sgd: ["#9aa1ab", "#4b5563"],
  cm: ["#fdba5c", "#ea7317", "#8f2d06"],
  nag: ["#7cc4ea", "#2478c4", "#0b2f6b"],
};

/** The colour of an optimizer (sgd, cm, nag) at a place from 0 to 1, light to dark. */
export function optimizerColor(optimizer: string, place = 0.5): string {
  const ramp = ramps[optimizer] ?? ramps.sgd;
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
