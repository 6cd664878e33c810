import { InputError } from "../../mod.ts";
import type { Share } from "../terminal/flags.ts";
import type { CellResult } from "./cell.ts";
import { hasState, type Ledger, type PlannedCell } from "./ledger.ts";

/**
 * The networks that are not there yet: not finished, or shorter than asked for, or without a state
 * that one of the others begins at. One that a rule stopped is finished while `isStopped`. Those that
 * have no beginning, as the network ended before it that they were to begin at, are left out. Throws
 * InputError for a finished one that kept no state to be made longer from.
 */
export function missingOf(
  planned: readonly PlannedCell[],
  { folder, cells }: Pick<Ledger, "folder" | "cells">,
  isStopped: (cell: PlannedCell, result: CellResult) => boolean = () => false,
): PlannedCell[] {
  const isFinished = (cell: PlannedCell) => {
    const { id, configuration: { updates } } = cell;
    const result = cells.get(id)?.result;
    if (!result || result.status === "unfinished") return false;
    if (result.updates >= updates || result.status === "diverged") return true;
    if (result.status === "stopped" && isStopped(cell, result)) return true;
    if (hasState(folder, id)) return false;
    throw new InputError(
      `${folder} keeps no state of a network that is finished after ${result.updates} updates, ` +
        "so it cannot be made longer: begin another run",
    );
  };
  const hasNoBeginning = ({ id, from }: PlannedCell) => {
    if (!from || from.folder !== undefined || hasState(folder, id)) return false;
    const origin = cells.get(from.cell)?.result;
    return origin !== undefined && origin.status !== "unfinished" &&
      origin.updates < (from.update ?? 0);
  };
  const unfinished = new Set(planned.filter((cell) => !isFinished(cell) && !hasNoBeginning(cell)));
  const origins = new Set(
    [...unfinished].flatMap(({ id, from }) =>
      from && from.folder === undefined && !hasState(folder, id)
        ? [`${from.cell} ${from.update}`]
        : []
    ),
  );
  return planned.flatMap((cell) => {
    const { id, keep = [] } = cell;
    const lacks = keep.filter((update) =>
      origins.has(`${id} ${update}`) && !hasState(folder, id, update)
    );
    if (lacks.length > 0) return [{ ...cell, lacks }];
    return unfinished.has(cell) ? [cell] : [];
  });
}

/** Those whose beginning is there: others begin at the state of a network that comes first. */
export function readyOf(
  cells: readonly PlannedCell[],
  { folder }: Pick<Ledger, "folder">,
): PlannedCell[] {
  return cells.filter(({ id, from }) =>
    !from || hasState(folder, id) || hasState(from.folder ?? folder, from.cell, from.update)
  );
}

/**
 * The networks of one of `count` machines, so that all machines' together are all of them. Those that
 * begin at the state of another are with it, and the winner of a race with the race.
 */
export function shareOf(
  planned: readonly PlannedCell[],
  share: Share | undefined,
): readonly PlannedCell[] {
  if (!share) return planned;
  const origin = ({ id, from, wonIn }: PlannedCell) =>
    wonIn ?? (from && from.folder === undefined ? from.cell : id);
  const places = new Map([...new Set(planned.map(origin))].map((id, place) => [id, place]));
  return planned.filter((cell) => places.get(origin(cell))! % share.count === share.index - 1);
}
