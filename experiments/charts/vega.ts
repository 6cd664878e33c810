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

/** The colours of an optimizer. */
export interface Hue {
  /** From light to dark. */
  readonly shades: readonly string[];
  /** Whose dash helps where the colour-blind take it for another hue: its place among dashes. */
  readonly dash: number;
}

/** Light to dark with mu; the hue is the optimizer's. */
const hues = {
  sgd: { shades: ["#9aa1ab", "#737b87", "#1f2937"], dash: 0 },
  cm: { shades: ["#fdba5c", "#ea7317", "#8f2d06"], dash: 0 },
  nag: { shades: ["#7cc4ea", "#2478c4", "#0b2f6b"], dash: 0 },
} as const satisfies Readonly<Record<string, Hue>>;

/** Of any other optimizer: green, purple and gold. */
const otherHues: readonly Hue[] = [
  { shades: ["#8ade9f", "#34a86e", "#0b5a33"], dash: 0 },
  { shades: ["#d48cc0", "#8c1c6a", "#4a0636"], dash: 1 },
  { shades: ["#cbbf4a", "#786e00", "#3b3600"], dash: 2 },
];

/** The colour of an optimizer (sgd, cm, nag) at a place from 0 to 1, light to dark. */
export function optimizerColor(optimizer: string, place = 0.5): string {
  return colorAt(isPapers(optimizer) ? hues[optimizer] : hues.sgd, place);
}

/**
 * The hue of each optimizer. Those of sgd, cm and nag are always the same; others take theirs by
 * their place in the list, the hues of absent ones last. Beyond six hues they are shared.
 */
export function optimizerHues(optimizers: readonly string[]): Map<string, Hue> {
  const names = [...new Set(optimizers)];
  const free = (["nag", "cm", "sgd"] as const).filter((name) => !names.includes(name));
  const left = [...otherHues, ...free.map((name) => hues[name])];
  const others = names.filter((name) => !isPapers(name));
  return new Map(
    names.map((
      name,
    ) => [name, isPapers(name) ? hues[name] : left[others.indexOf(name) % left.length]]),
  );
}

function isPapers(optimizer: string): optimizer is keyof typeof hues {
  return Object.hasOwn(hues, optimizer);
}

/** A colour of a hue at a place from 0 to 1, light to dark. */
export function colorAt({ shades }: Hue, place: number): string {
  const step = Math.min(Math.floor(place * (shades.length - 1)), shades.length - 2);
  const mix = place * (shades.length - 1) - step;
  const channel = (color: string, at: number) => parseInt(color.slice(at, at + 2), 16);
  const channels = [1, 3, 5].map((at) =>
    Math.round(channel(shades[step], at) * (1 - mix) + channel(shades[step + 1], at) * mix)
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
