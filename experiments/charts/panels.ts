import type { TableRow } from "../files/tables.ts";
import type { CurveSetting } from "./learning_curves.ts";
import { columnTitle, nameSettings, panelWord } from "./setting_names.ts";
import { type Dash, type Look, looksOf, solid } from "./looks.ts";
import { optimizerHues } from "./vega.ts";

/** A line of a chart. */
export interface PanelLine {
  /** The key of its setting. */
  readonly setting: string;
  /** In the legend of colours. */
  readonly name: string;
  /** In the legend of dashes. */
  readonly rate: string;
  /** Whether it is one of many behind the others. */
  readonly isGrey: boolean;
}

/** A legend: its title and its entries. */
export interface Legend {
  readonly title: string;
  readonly names: readonly string[];
  readonly looks: readonly Look[];
}

/** Lines that share their axes. */
export interface Panel {
  /** What its lines have in common; empty where it is the only panel. */
  readonly title: string;
  readonly lines: readonly PanelLine[];
  readonly legend: Legend;
}

/** The panels of a chart. */
export interface Panels {
  readonly panels: readonly Panel[];
  /** Whether one legend holds for all of them. */
  readonly isShared: boolean;
  /** Learning rates with their dashes, where these do not go with the colours. */
  readonly rates: Legend | undefined;
  /** How many panels make a row, where that shows how they were parted. */
  readonly across?: number;
  /** How the lines were parted, in words; empty where they were not. */
  readonly note: string;
}

/** More lines nobody tells apart by colour and dash. */
export const linesInPanel = 8;

/** With more settings than these, the best stand out and the others are grey. */
export const mostColored = 48;

/** Panels side by side. */
export const mostInRow = 4;

/** Where there are more of them a panel is too small. */
const mostPanels = 12;

/** Of lines behind others. */
const grey = "rgb(205,209,215)";

const rateDashes: readonly Dash[] = [solid, [6, 3], [1.5, 2.5]];

/** Lays settings into panels of lines that are told apart by colour and dash. */
export function layPanels(
  settings: readonly CurveSetting[],
  columns: readonly string[],
): Panels {
  const hues = optimizerHues(settings.map(({ cells }) => cells.optimizer));
  const look = (lines: readonly CurveSetting[]) =>
    looksOf(lines.map(({ cells }) => ({ hue: hues.get(cells.optimizer)!, mu: cells.mu })));
  const grid = { settings, columns, look };
  if (settings.length > mostColored) return bestAndOthers(grid);
  if (settings.length <= linesInPanel) return withDashes(grid) ?? onePanel(grid);
  const by = partingColumns(grid);
  if (by === undefined) return inParts(grid);
  return withOneLegend(grid, by) ?? withLegends(grid, by);
}

/** Settings, the columns that tell them apart, and how they look side by side. */
interface Grid {
  readonly settings: readonly CurveSetting[];
  readonly columns: readonly string[];
  readonly look: (settings: readonly CurveSetting[]) => Look[];
}

function onePanel(grid: Grid): Panels {
  return { isShared: true, rates: undefined, note: "", panels: [panelOf(grid)] };
}

/** A panel with a legend of its own. */
function panelOf({ settings, columns, look }: Grid, title = ""): Panel {
  const { names, title: legendTitle } = nameSettings(settings.map(({ cells }) => cells), columns);
  return {
    title,
    lines: settings.map(({ key }, i) => ({
      setting: key,
      name: names[i],
      rate: "",
      isGrey: false,
    })),
    legend: { title: legendTitle, names, looks: look(settings) },
  };
}

/** The settings of least value at the end in colour, before all others. */
function bestAndOthers(grid: Grid): Panels {
  const { settings } = grid;
  const first = settings.toSorted((a, b) => a.last < b.last ? -1 : a.last > b.last ? 1 : 0)
    .slice(0, linesInPanel);
  const best = panelOf({ ...grid, settings: settings.filter((one) => first.includes(one)) });
  const others = settings.filter((one) => !first.includes(one));
  const name = `${others.length} others`;
  const behind = others.map(({ key }) => ({ setting: key, name, rate: "", isGrey: true }));
  const { title, names, looks } = best.legend;
  return {
    ...{ isShared: true, rates: undefined },
    note: `the best ${first.length} of ${settings.length} settings at the end, the others in grey`,
    panels: [{
      title: "",
      lines: [...behind, ...best.lines],
      legend: { title, names: [...names, name], looks: [...looks, { color: grey, dash: solid }] },
    }],
  };
}

/** Lines named without their learning rates, and the legend of what is left. */
function methodLines({ settings, columns, look }: Grid): Pick<Panel, "lines" | "legend"> {
  const others = columns.filter((column) => column !== "learning_rate");
  const methods = [...groupBy(settings, others).values()];
  const firsts = methods.map(([first]) => first);
  const { names, title } = nameSettings(firsts.map(({ cells }) => cells), others);
  const at = new Map(methods.flatMap((same, i) => same.map(({ key }) => [key, i])));
  return {
    lines: settings.map(({ key, cells }) => (
      { setting: key, name: names[at.get(key)!], rate: cells.learning_rate, isGrey: false }
    )),
    legend: { title, names, looks: look(firsts) },
  };
}

/** A panel whose dashes are the learning rates, where these are few and the methods too. */
function withDashes(grid: Grid): Panels | undefined {
  const rates = [...groupBy(grid.settings, ["learning_rate"]).keys()]
    .map((key) => JSON.parse(key)[0]).sort((a, b) => Number(b) - Number(a));
  if (rates.length < 2 || rates.length > rateDashes.length) return undefined;
  const { lines, legend } = methodLines(grid);
  if (legend.looks.some(({ dash }) => dash !== solid)) return undefined;
  return {
    ...{ isShared: true, note: "" },
    panels: [{ title: "", lines, legend }],
    rates: {
      title: columnTitle("learning_rate"),
      names: rates,
      looks: rates.map((_, i) => ({ color: "#4b5563", dash: rateDashes[i] })),
    },
  };
}

/** The columns whose values make panels of few lines, but not of a line each. */
function partingColumns({ settings, columns }: Grid): string[] | undefined {
  const differing = columns.filter((column) => groupBy(settings, [column]).size > 1);
  const others = differing.filter((column) =>
    !["optimizer", "mu", "learning_rate"].includes(column)
  );
  const candidates = [
    ["learning_rate"],
    ...[0, ...others.keys().map((i) => i + 1)].map((i) => ["optimizer", ...others.slice(0, i)]),
    ["optimizer", "learning_rate"],
    ["optimizer", "mu"],
  ].map((candidate) => candidate.filter((column) => differing.includes(column)));
  return candidates.find((candidate) => {
    const groups = [...groupBy(settings, candidate).values()];
    return candidate.length > 0 && groups.length <= mostPanels &&
      groups.length <= settings.length / 2 && groups.every(({ length }) => length <= linesInPanel);
  });
}

/** Panels by learning rate, of the same few methods. */
function withOneLegend(grid: Grid, by: readonly string[]): Panels | undefined {
  const { lines, legend } = methodLines(grid);
  if (by.join() !== "learning_rate" || legend.names.length > linesInPanel) return undefined;
  const rates = [...Map.groupBy(lines, ({ rate }) => rate)]
    .sort(([a], [b]) => Number(b) - Number(a));
  return {
    ...{ isShared: true, rates: undefined, note: noteOf(by) },
    panels: rates.map(([rate, lines]) => ({ title: `learning rate ${rate}`, lines, legend })),
  };
}

function withLegends(grid: Grid, by: readonly string[]): Panels {
  const groups = [...groupBy(grid.settings, by).values()];
  const title = ([{ cells }]: readonly CurveSetting[]) =>
    by.map((column) => panelWord(cells, column)).join(", ");
  const across = rowLength(groups.map(([{ cells }]) => cells), by);
  return {
    ...{ isShared: false, rates: undefined, note: noteOf(by) },
    ...across === undefined ? {} : { across },
    panels: groups.map((settings) => panelOf({ ...grid, settings }, title(settings))),
  };
}

/** Of panels by two columns: a row for each value of the first, where the second has few. */
function rowLength(panels: readonly TableRow[], by: readonly string[]): number | undefined {
  const rows = [...Map.groupBy(panels, (cells) => cells[by[0]]).values()];
  const [{ length }] = rows;
  const isGrid = by.length === 2 && rows.every((row) => row.length === length);
  return isGrid && length > 1 && length <= mostInRow ? length : undefined;
}

function noteOf(by: readonly string[]): string {
  return `one panel per ${by.map((column) => columnTitle(column)).join(" and ")}`
    .replace(" (per update)", "");
}

/** Panels of as many lines each, in their order: nothing parts them better. */
function inParts(grid: Grid): Panels {
  const count = Math.ceil(grid.settings.length / linesInPanel);
  const size = Math.ceil(grid.settings.length / count);
  const parts = Array.from(
    { length: count },
    (_, i) => grid.settings.slice(i * size, (i + 1) * size),
  );
  return {
    ...{ isShared: false, rates: undefined, note: `${size} settings a panel` },
    panels: parts.map((settings) => panelOf({ ...grid, settings })),
  };
}

function groupBy(
  settings: readonly CurveSetting[],
  columns: readonly string[],
): Map<string, CurveSetting[]> {
  return Map.groupBy(
    settings,
    ({ cells }) => JSON.stringify(columns.map((column) => cells[column] ?? "")),
  );
}
