// What a folder tells of its races, made of their cells: who is trained plainly, race.csv, race.svg.

import type { TopLevelSpec } from "vega-lite";
import { chartConfig, renderSvg } from "../charts/vega.ts";
import { exists } from "../files/files.ts";
import { csvLine } from "../files/tables.ts";
import { type Cell, cellId, type Configuration } from "./cell.ts";
import { plannedCell } from "./grid.ts";
import type { PlannedCell } from "./ledger.ts";
import { ofLegs } from "./momentum_choice.ts";
import type { RaceResult } from "./race_cell.ts";
import { textOf } from "./views.ts";

type Found = ReadonlyMap<string, Cell>;
type Entry = RaceResult["tree"][number];

/** The network that a race found, to be trained plainly; undefined while it is not known. */
export function winnerOf(
  { id, configuration }: PlannedCell,
  found: Found,
): PlannedCell | undefined {
  const legs = found.get(id)?.result.race?.winner?.legs;
  if (!legs) return undefined;
  const switches = legs.map(({ from, learningRate, cap, period }) => (
    { from, learningRate, cap, period }
  ));
  // With its parts in the order that a command gives them, so that files are the same bytes.
  const parts = Object.entries({ ...configuration, ...ofLegs(legs) })
    .map(([name, value]) => name === "race" ? ["switches", switches] : [name, value]);
  const plain: Configuration = Object.fromEntries(parts);
  return { ...plannedCell(plain), id: cellId(plain), wonIn: id };
}

/** The columns of race.csv. */
const columns:
  readonly (readonly [string, (of: Configuration, entry: Entry) => string | number])[] = [
    ["problem", ({ problem }) => problem],
    ["optimizer", ({ optimizer }) => optimizer],
    ["init", ({ init }) => init],
    ["init_scale", ({ initScale }) => initScale],
    ["seed", ({ seed }) => seed],
    ["rung", (_, { rung }) => rung],
    ["update", (_, { update }) => update],
    ["place", (_, { place }) => place],
    ["parent", (_, { parent }) => parent ?? ""],
    ["learning_rate", (_, { setting: { learningRate } }) => learningRate],
    ["mu", (_, { setting: { cap } }) => cap],
    ["schedule_period", (_, { setting: { period } }) => period],
    ["score", (_, { score }) => score],
    ["score_without_probe", (_, { scoreWithoutProbe }) => scoreWithoutProbe],
  ];

/** race.csv: every network of every race at every rung. */
export function raceTable(races: readonly PlannedCell[], found: Found): string {
  const rows = races.flatMap(({ id, configuration }) =>
    treeOf(id, found).map((entry) => columns.map(([, cell]) => cell(configuration, entry)))
  );
  return [columns.map(([name]) => name), ...rows].map(csvLine).join("");
}

/** Whether a folder's race.csv is as its cells say, and race.svg is there. */
export function hasRaceViews(
  folder: string,
  races: readonly PlannedCell[],
  found: Found,
): boolean {
  return textOf(`${folder}/race.csv`) === raceTable(races, found) && exists(`${folder}/race.svg`);
}

function treeOf(id: string, found: Found): readonly Entry[] {
  return found.get(id)?.result.race?.tree ?? [];
}

/** race.svg: a line a place from rung to rung, and who went on from whom, a panel a race. */
export function drawRaces(races: readonly PlannedCell[], found: Found): Promise<string> {
  const panels = races.map(({ configuration: { optimizer, init, initScale, seed } }) =>
    [optimizer, init, ...initScale === 1 ? [] : [`x ${initScale}`], `seed ${seed}`].join(", ")
  );
  const rows = races.flatMap(({ id }, i) => rowsOf(id, panels[i], found));
  return renderSvg(specOf(rows, panels));
}

function rowsOf(id: string, panel: string, found: Found) {
  const tree = treeOf(id, found), { winner } = found.get(id)?.result.race ?? {};
  const before = ({ rung, parent }: Entry) =>
    tree.find((entry) => entry.rung === rung - 1 && entry.place === parent);
  const line = new Set<Entry>();
  let last = tree.find(({ rung, place }) => rung === 5 && place === winner?.place);
  for (; last; last = before(last)) line.add(last);
  return tree.map((entry) => {
    const { update, place, setting: { learningRate, cap, period }, score } = entry;
    const parent = before(entry);
    const isNew = !parent || JSON.stringify(parent.setting) !== JSON.stringify(entry.setting);
    return {
      ...{ panel, update, place, score, hasWon: line.has(entry) },
      rank: 1 + tree.filter((other) => other.rung === entry.rung && other.score < score).length,
      // Updates are drawn on a logarithmic axis: before the first rung as long as to the second, and
      // a branch begins a little later, so that one sees where it comes from.
      left: parent?.update ?? update / 2,
      since: (parent?.update ?? update / 2) * (parent && parent.place !== place ? 1.09 : 1),
      parent: parent?.place ?? place,
      setting: isNew ? `${Number(learningRate.toPrecision(3))} · ${cap} · ${period}` : "",
    };
  });
}

function specOf(rows: ReturnType<typeof rowsOf>, panels: readonly string[]): TopLevelSpec {
  const places = Math.max(1, ...rows.map(({ place }) => place + 1));
  const rungs: number[] = [...new Set(rows.map(({ update }) => update))];
  const x = {
    field: "since",
    type: "quantitative" as const,
    scale: { type: "log" as const, base: 2, nice: false },
    axis: { title: "updates", values: rungs, format: "d", grid: true },
  };
  const y = { field: "place", type: "ordinal", title: "place" } as const;
  const rank = {
    field: "rank",
    type: "quantitative",
    title: "rank by score",
    scale: { scheme: "viridis", domain: [1, Math.max(2, places)], reverse: true },
    legend: { format: "d", tickMinStep: 1 },
  } as const;
  return {
    data: { values: rows },
    background: "white",
    padding: 16,
    title: {
      text: "A race: the networks at each place, and who went on from whom",
      subtitle: "rate · cap · period where they are new; the winner's line is outlined; grey: lost",
    },
    config: chartConfig,
    columns: 1,
    facet: {
      field: "panel",
      type: "nominal",
      sort: [...panels],
      header: panels.length > 1 ? { title: null } : { title: null, labels: false },
    },
    spec: {
      width: 820,
      height: 26 * places,
      layer: [
        {
          transform: [{ filter: "datum.parent !== datum.place" }],
          mark: { type: "rule", color: "#9ca3af" },
          encoding: {
            x: { ...x, field: "left" },
            x2: { field: "since" },
            y: { ...y, field: "parent" },
            y2: { field: "place" },
          },
        },
        {
          transform: [{ filter: "datum.hasWon" }],
          mark: { type: "rule", strokeWidth: 9, color: "#1f2937" },
          encoding: { x, x2: { field: "update" }, y },
        },
        {
          transform: [{ filter: "!isFinite(datum.score)" }],
          mark: { type: "rule", strokeWidth: 5, color: "#d1d5db" },
          encoding: { x, x2: { field: "update" }, y },
        },
        {
          transform: [{ filter: "isFinite(datum.score)" }],
          mark: { type: "rule", strokeWidth: 5 },
          encoding: { x, x2: { field: "update" }, y, color: rank },
        },
        {
          mark: { type: "text", align: "left", dx: 3, dy: -8, fontSize: 9, color: "#374151" },
          encoding: { x, y, text: { field: "setting" } },
        },
      ],
    },
  };
}
