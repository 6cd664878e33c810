import type { TopLevelSpec } from "vega-lite";
import { looksOf } from "../../charts/looks.ts";
import { decadeTicks } from "../../charts/loss_chart.ts";
import { chartConfig, colorAt, optimizerHues } from "../../charts/vega.ts";
import type { Configuration } from "../../study/cell.ts";
import type { Estimate } from "../estimate.ts";
import { type EntrySummary, evidence, type SplitEstimates, type TableSummary } from "../summary.ts";

/** A figure of a table, still to be drawn. */
export interface TableFigure {
  /** The SVG file is called so. */
  readonly name: string;
  readonly title: string;
  /** What it shows, a line each. */
  readonly subtitle: readonly string[];
  /** Whether 0 has a place on its axis. */
  readonly isLinear?: boolean;
  /** Without what all figures share. */
  readonly spec: object;
}

/** Training and test errors: solid and dashed, filled and open. */
export const splits = ["training", "test"] as const;

/** An error over the seeds, as marks show it. */
export interface Mark {
  readonly split: typeof splits[number];
  readonly value: number;
  readonly least: number;
  readonly greatest: number;
}

/** The whole specification: the figure with its title and the common look. */
export function completeSpec({ title, subtitle, spec }: TableFigure): TopLevelSpec {
  return {
    ...spec,
    background: "white",
    padding: 16,
    title: { text: title, subtitle: [...subtitle] },
    config: chartConfig,
  } as TopLevelSpec;
}

/** The figure without errors of 0, for which its logarithmic axis has no place; it says so. */
export function withoutZeros(figure: TableFigure): TableFigure {
  let zeros = 0;
  const drawable = (marks: readonly unknown[]) =>
    marks.filter((mark) => {
      const isZero = isMark(mark) && mark.value === 0;
      if (isZero) zeros++;
      return !isZero;
      // The bar of a mean above 0 can begin at 0.
    }).map((mark) => isMark(mark) && mark.least === 0 ? { ...mark, least: mark.value } : mark);
  const spec = JSON.parse(
    JSON.stringify(figure.spec),
    (key, value) => key === "values" && Array.isArray(value) ? drawable(value) : value,
  );
  if (zeros === 0) return figure;
  const note = "errors of 0 are left out, as they cannot stand on a log axis";
  return { ...figure, spec, subtitle: [...figure.subtitle, note] };
}

function isMark(mark: unknown): mark is Mark {
  return typeof mark === "object" && mark !== null && "value" in mark && "split" in mark;
}

/** The marks of an error on training and on test cases; none where it is not finite. */
export function marksOf(errors: SplitEstimates): Mark[] {
  return [...markOf("training", errors.train), ...markOf("test", errors.test)];
}

function markOf(split: Mark["split"], errors: Estimate | undefined): Mark[] {
  if (!errors || !Number.isFinite(errors.mean)) return [];
  const { mean: value, least, greatest } = errors;
  return [{ split, value, least, greatest }];
}

/** What has no momentum of the paper's schedule. */
export const methodNames: Readonly<Record<string, string>> = {
  ...{ sgd: "SGD", hf: "HF*", "hf-dagger": "HF†" },
};

/** How an optimizer and its momentum are called: SGD, NAG 0.99. */
export function methodOf({ optimizer, mu }: Configuration): string {
  return methodNames[optimizer] ?? `${optimizer.toUpperCase()} ${mu}`;
}

/**
 * The names and colours of a legend: the hue is the optimizer's, light to dark with the momentum.
 * An entry has its colour whether or not the others are drawn.
 */
export function methodScale(
  summary: TableSummary,
  drawn: readonly EntrySummary[],
  nameOf: (entry: EntrySummary) => string,
) {
  const entries = evidence(summary);
  const optimizerOf = ({ configuration }: EntrySummary) => configuration.optimizer;
  const hues = optimizerHues(["sgd", "cm", "nag", ...entries.map(optimizerOf)]);
  const colors = [...hues].flatMap(([optimizer, hue]) => {
    const family = entries.filter((entry) => optimizerOf(entry) === optimizer);
    return family.map((entry, i) => {
      const place = family.length > 1 ? i / (family.length - 1) : 0.5;
      return { entry, color: colorAt(hue, place) };
    });
  }).filter(({ entry }) => drawn.includes(entry));
  return {
    domain: colors.map(({ entry }) => nameOf(entry)),
    range: colors.map(({ color }) => color),
  };
}

/** The families that panels show, each beside what is of neither. */
export const families = {
  cm: "classical momentum (CM)",
  nag: "Nesterov's gradient (NAG)",
} as const;

/** The panels that an entry is drawn in. */
export function panelsOf({ configuration: { optimizer } }: EntrySummary): string[] {
  if (optimizer === "cm" || optimizer === "nag") return [families[optimizer]];
  return Object.values(families);
}

/** Layers drawn in a panel for each family. */
export function inPanels(layer: readonly object[]) {
  return {
    facet: {
      field: "panel",
      type: "nominal" as const,
      title: null,
      sort: Object.values(families),
    },
    spec: { width: 330, height: 320, layer },
  };
}

/** Solid for training, dashed for test. */
export const splitDash = {
  field: "split",
  type: "nominal" as const,
  title: "error",
  scale: { domain: [...splits], range: [[1, 0], [5, 4]] },
};

/** A colour and a dash for each column: the hue is its optimizer's. */
export function columnLooks(entries: readonly EntrySummary[]) {
  const domain = [...new Set(entries.map(({ column }) => column))];
  const lines = domain.map((name) => entries.find(({ column }) => column === name)!)
    .map(({ configuration: { optimizer }, column }) => ({ optimizer, mu: column }));
  const hues = optimizerHues(lines.map(({ optimizer }) => optimizer));
  const looks = looksOf(lines.map(({ optimizer, mu }) => ({ hue: hues.get(optimizer)!, mu })));
  const channel = (range: readonly unknown[]) => ({
    field: "column",
    type: "nominal" as const,
    title: "",
    scale: { domain, range },
  });
  return {
    color: channel(looks.map(({ color }) => color)),
    strokeDash: channel(looks.map(({ dash }) => dash)),
  };
}

/** {@linkcode errorAxis}, or a linear one where the figure may be 0. */
export function figureAxis(summary: TableSummary, marks: readonly Mark[]) {
  return summary.isLinear
    ? { type: "quantitative" as const, title: errorTitle(summary) }
    : errorAxis(summary, marks);
}

/** A logarithmic axis of an error. */
export function errorAxis(summary: TableSummary, marks: readonly Mark[]) {
  const values = marks.flatMap(({ least, greatest }) => [least, greatest]).filter((v) => v > 0);
  const domain: [number, number] = values.length > 0
    ? [Math.min(...values) / 1.15, Math.max(...values) * 1.15]
    : [0.1, 10];
  return {
    type: "quantitative" as const,
    title: errorTitle(summary),
    scale: { type: "log" as const, domain, nice: false },
    axis: { format: "~g", ...decades(domain) },
  };
}

/** Ticks at 1, 2, 5 of each decade, where that gives some. */
export function decades(domain: [number, number]): { values?: number[] } {
  const values = decadeTicks(domain);
  return values.length < 2 ? {} : { values };
}

/** The error and its unit, a line each. */
export function errorTitle(summary: TableSummary): string[] {
  const { name, unit } = summary.figure;
  return [name, `(${unit})`];
}

/** What a figure of an autoencoder is of: Curves, at each setting's best learning rate. */
export function problemOf({ rows: [row] }: TableSummary): string {
  return { curves: "Curves", mnist: "MNIST", faces: "Faces" }[row] ?? row;
}

/** What the bars or bands are, where there are several seeds; and whose best rate may be none. */
export function seedNote(entries: readonly EntrySummary[], drawn: "bars" | "bands"): string[] {
  const seeds = Math.max(...entries.map(({ confirmation }) => confirmation.length));
  const note = `${drawn}: least to greatest of ${seeds} confirmation seeds, around their mean`;
  return [...seeds > 1 ? [note] : [], ...edgeNote(entries)];
}

/** So many names fit a line of a subtitle. */
const MOST_NAMES = 5;

/** The entries whose best rate is at the edge of those tried. */
export function edgeNote(entries: readonly EntrySummary[]): string[] {
  const atEdge = entries.filter(({ edge, best }) => edge !== undefined && best !== undefined);
  if (atEdge.length === 0) return [];
  const severalRows = new Set(entries.map(({ row }) => row)).size > 1;
  const names = atEdge.map(({ row, column }) => severalRows ? `${row} ${column}` : column);
  const told = names.length > MOST_NAMES ? `${names.length} networks` : names.join(", ");
  return [`best rate at the edge of those tried: ${told}`];
}
