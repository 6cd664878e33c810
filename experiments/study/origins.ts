import { InputError } from "../../mod.ts";
import type { Values } from "../terminal/flags.ts";
import { cellId, finishOf } from "./cell.ts";
import { hasState, type PlannedCell, readCells } from "./ledger.ts";
import { raceIn } from "./race_cell.ts";
import type { runFlags } from "./resume.ts";

/**
 * Cells that begin where networks of another run came to: with `--from FOLDER`, each at the one that
 * `--cell` names, else at the only one of its seed, with `--states anew` without what its optimizer
 * keeps. A network with a low-momentum finish is taken where that began. Throws InputError where there
 * is none, or several, or it kept no state.
 */
export function beginAt(
  cells: readonly PlannedCell[],
  { from: folder, cell: name, states }: Pick<Values<typeof runFlags>, "from" | "cell" | "states">,
): readonly PlannedCell[] {
  const anew = states === "anew" && { states };
  if (folder === undefined) {
    const [idle] = [...name === undefined ? [] : ["cell"], ...anew ? ["states"] : []];
    if (idle === undefined) return cells;
    throw new InputError(`--${idle} is for --from FOLDER: leave it out, or name the folder`);
  }
  const found = [...readCells(folder).values()].filter(({ configuration }) =>
    !raceIn(configuration)
  );
  if (found.length === 0) {
    throw new InputError(`--from ${folder} holds no networks: name the folder of a run`);
  }
  return cells.map(({ configuration }) => {
    const { seed, updates } = configuration;
    const named = found.filter(({ id }) => name !== undefined && id.startsWith(name));
    const usual = found.length === 1
      ? found
      : found.filter(({ configuration }) => configuration.seed === seed);
    const candidates = name === undefined ? usual : named;
    if (candidates.length !== 1) throw new InputError(manyWords(folder, name, seed, candidates));
    const [{ id, configuration: origin, result }] = candidates;
    const finish = finishOf(origin);
    const update = finish !== undefined && hasState(folder, id, finish) ? finish : undefined;
    if (update === undefined && !hasState(folder, id)) {
      throw new InputError(`${folder} keeps no state of the network ${id}: begin at another one`);
    }
    const start = update ?? result.updates;
    if (updates <= start) {
      throw new InputError(
        `--updates ${updates} counts from the very beginning, and the network ${id} has done ` +
          `${start}: give more`,
      );
    }
    const begun = { ...configuration, from: { cell: id, update: start, ...anew } };
    return { id: cellId(begun), configuration: begun, from: { folder, cell: id, update, ...anew } };
  });
}

function manyWords(
  folder: string,
  name: string | undefined,
  seed: number,
  candidates: readonly { readonly id: string }[],
): string {
  if (candidates.length === 0) {
    const missing = name === undefined ? `no network of seed ${seed}` : `no network ${name}`;
    return `--from ${folder} holds ${missing}: its summary.csv names those there are, as cell`;
  }
  return `--from ${folder} holds ${candidates.length} networks ${
    name === undefined ? `of seed ${seed}` : `that begin with ${name}`
  }: name one with --cell, as summary.csv does in its column cell`;
}
