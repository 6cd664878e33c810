import { InputError, type Optimizer, replicasThatFit } from "../../mod.ts";
import { evenParts } from "./even_parts.ts";
import { type Courses, type HFSchedule, phaseStarts, scheduledAt } from "./hf_schedules.ts";
import type { Ledger, PlannedCell } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { NetworkKind } from "./network_kind.ts";
import { networksOf, raceIn } from "./race_cell.ts";
import type { Round } from "./round.ts";

/** Where rounds are laid. */
export interface Yard {
  readonly machine: Machine;
  readonly ledger: Ledger;
  /** Bytes that networks may take, where it is known. */
  readonly memory: number;
  kindOf(cell: PlannedCell): NetworkKind;
}

/**
 * Rounds of networks that one model serves, that go on from the same update and whose optimizers go
 * together, of equal size.
 */
export async function layRounds(
  cells: readonly PlannedCell[],
  most: number,
  yard: Yard,
): Promise<LaidRound[]> {
  const { kindOf, ledger, machine, memory } = yard;
  const laid: { round: LaidRound; key: string }[] = [];
  for (const cell of cells) {
    const update = (await ledger.standing(cell))?.state.update ?? 0;
    const kind = kindOf(cell), modelKey = kind.modelKey(cell.configuration);
    const { updates, batchSize, finish, reportEvery, reportCases } = cell.configuration;
    const { curvatureEvery, curvatureFigures } = cell.configuration;
    const { family, settings } = kind.replica(cell.configuration).optimizer;
    const { courses = {} } = hfScheduleOf(cell) ?? {};
    // What drives its own updates trains by itself, with as many cases an update in all networks.
    const driven = "drive" in family &&
      [
        family.name,
        ...family.shared.map((name) => courses[name as keyof Courses] ?? settings[name]),
      ];
    const paces = {
      ...{ updates, batchSize, finish, reportEvery, reportCases },
      ...{ curvatureEvery, curvatureFigures },
    };
    laid.push({
      round: { kind, modelKey, cells: [cell], update },
      // A race is trained by itself.
      key: JSON.stringify({
        modelKey,
        update,
        driven,
        ...paces,
        ...raceIn(cell.configuration) && { cell },
      }),
    });
  }
  const rounds: LaidRound[] = [];
  for (const group of Map.groupBy(laid, ({ key }) => key).values()) {
    const [{ round }] = group, { kind, modelKey } = round;
    const together = group.flatMap(({ round }) => round.cells);
    const { configuration } = together[0];
    const count = Math.min(networksOf(together), most);
    const model = await machine.model(modelKey, (gpu) => kind.model(gpu, configuration, count));
    const optimizers = together.flatMap((cell) =>
      Array.from({ length: networksOf([cell]) }, () => optimizersOf(cell, kind)).flat()
    );
    const fit = replicasThatFit(machine.gpu, model, {
      batchSize: configuration.batchSize,
      budget: memory,
      optimizers,
    });
    const places = raceIn(configuration)?.places ?? 1, side = Math.min(most, fit);
    if (side < places) {
      throw new InputError(
        `${side} networks fit side by side, and the race has ${places} places: give fewer --places`,
      );
    }
    // An update is as long as the longest of its networks': where there are several rounds, like goes
    // with like.
    const sorted = together.length > side ? together.toSorted(byCGSteps) : together;
    rounds.push(...evenParts(sorted, side).map((cells) => ({ ...round, cells })));
  }
  return rounds;
}

/** By the steps of conjugate gradient in an update, where they are constant. */
function byCGSteps(a: PlannedCell, b: PlannedCell): number {
  const [of, other] = [a, b].map(({ configuration: { own } }) =>
    (own as { readonly cgSteps?: number } | undefined)?.cgSteps ?? 0
  );
  return of - other;
}

/** The optimizer of a cell, once for each phase of its schedule: they differ in the memory they take. */
function optimizersOf(cell: PlannedCell, kind: NetworkKind): Optimizer[] {
  const { optimizer } = kind.replica(cell.configuration), schedule = hfScheduleOf(cell);
  if (!schedule) return [optimizer];
  return phaseStarts(schedule).map((update) => (
    { ...optimizer, settings: { ...optimizer.settings, ...scheduledAt(schedule, update) } }
  ));
}

function hfScheduleOf({ configuration }: PlannedCell): HFSchedule | undefined {
  return configuration.hfSchedule as unknown as HFSchedule | undefined;
}

/** A round before its states are read. */
export interface LaidRound {
  readonly kind: NetworkKind;
  readonly modelKey: string;
  readonly cells: readonly PlannedCell[];
  /** Updates that are done. */
  readonly update: number;
}

/** A round with its model and its states. */
export async function readRound(
  { kind, modelKey, cells, update }: LaidRound,
  { machine, ledger }: Yard,
): Promise<Round> {
  const { configuration } = cells[0];
  const model = await machine.model(
    modelKey,
    (gpu) => kind.model(gpu, configuration, networksOf(cells)),
  );
  if (update === 0) return { kind, model, cells, standings: undefined };
  const standings = await Promise.all(cells.map((cell) => ledger.standing(cell)));
  return { kind, model, cells, standings: standings.flatMap((standing) => standing ?? []) };
}
