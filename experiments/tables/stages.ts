import { winnerOf } from "../study/race_views.ts";
import { failingRates } from "./failing_rates.ts";
import type { PlannedCell } from "../study/ledger.ts";
import { networkOf, originOf, type PlannedEntry, type PlannedTable } from "./grid.ts";
import { type Cells, searchRates } from "./rate_search.ts";

/**
 * The networks of some tables that are asked for so far, each once. It is a function of the tables and
 * of the cells alone, in whatever order these were finished.
 */
export function networksOf(tables: readonly PlannedTable[], cells: Cells): PlannedCell[] {
  return eachOnce(stagesOf(tables, cells).flat());
}

/**
 * The networks of the stage under way, those that are there already among them: several machines
 * divide this list, which stays as it is until all of it are there. The first stage has the initial
 * learning rates of all entries on the first seed; then come, again and again, more rates where the
 * best is at the edge of those tried; at last the best rate of each entry with the other seeds.
 */
export function currentStage(tables: readonly PlannedTable[], cells: Cells): PlannedCell[] {
  return eachOnce(stagesOf(tables, cells).at(-1) ?? []);
}

/** The networks to be trained next: what {@linkcode currentStage} lacks. Empty when all is there. */
export function nextNetworks(tables: readonly PlannedTable[], cells: Cells): PlannedCell[] {
  return currentStage(tables, cells).filter(({ id }) => !cells.has(id));
}

/**
 * The stages that have begun; all but the last are complete. What networks begin at belongs to the
 * first one.
 */
function stagesOf(tables: readonly PlannedTable[], cells: Cells): PlannedCell[][] {
  const searches = tables.flatMap(({ entries }) => entries)
    .map((entry) => ({ entry, ...searchRates(entry, cells) }));
  const unfinished = searches.filter(({ isDone }) => !isDone).map(({ steps }) => steps.length);
  const begun = Math.min(...unfinished, Math.max(...searches.map(({ steps }) => steps.length)));
  const stages = Array.from(
    { length: begun },
    (_, i) =>
      searches.flatMap(({ entry, steps }) => [
        ...i === 0 ? entry.seeds.flatMap((seed) => originOf(entry, seed) ?? []) : [],
        ...(steps[i] ?? []).map((rate) => networkOf(entry, rate, entry.seeds[0])),
      ]),
  );
  const all = unfinished.length > 0
    ? stages
    : [...stages, tables.flatMap((table) => confirmation(table, cells))];
  return all.map((networks) => withWinners(networks, cells));
}

/** The winner of a race is a network too, as soon as it is known. */
function withWinners(networks: readonly PlannedCell[], cells: Cells): PlannedCell[] {
  return [...networks, ...networks.flatMap((network) => winnerOf(network, cells) ?? [])];
}

/** The best rate of each entry, and rates at which NAG and CM fail, with the other seeds. */
function confirmation(table: PlannedTable, cells: Cells): PlannedCell[] {
  return [
    ...table.entries.flatMap((entry) => confirmed(entry, searchRates(entry, cells).best)),
    ...failingRates(table, cells).flatMap(({ nag, cm, learningRate }) =>
      [nag, cm].flatMap((entry) => confirmed(entry, learningRate))
    ),
  ];
}

/** The networks of the seeds that did not choose the rates. */
export function confirmed(entry: PlannedEntry, rate: number | undefined): PlannedCell[] {
  const [, ...seeds] = entry.seeds;
  return rate === undefined ? [] : seeds.map((seed) => networkOf(entry, rate, seed));
}

function eachOnce(networks: readonly PlannedCell[]): PlannedCell[] {
  return [...new Map(networks.map((network) => [network.id, network])).values()];
}
