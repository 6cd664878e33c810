// A race as a cell of a study: what it is, and the network that it finds.

import { InputError, raceCost, type RaceLeg, usualBox, usualFinish } from "../../mod.ts";
import type { Cell, Configuration } from "./cell.ts";
import type { PlannedCell } from "./ledger.ts";

/** What a race's numbers depend on beside what all networks do. */
export interface RacePart {
  readonly learningRate: readonly [number, number];
  readonly caps: readonly number[];
  readonly periods: readonly number[];
  readonly places: number;
  readonly refill: boolean;
}

/** The finish of a run whose momentum is chosen. */
export const finishOfRun = usualFinish;

/** The box of a race, between two learning rates where they are given. */
export function raceBox({ learningRate, updates }: {
  readonly learningRate?: readonly number[] | undefined;
  readonly updates: number;
}): Pick<RacePart, "learningRate" | "caps" | "periods"> {
  if (updates < 16) {
    throw new InputError(`--tune-momentum race needs at least 16 --updates, not ${updates}`);
  }
  const usual = usualBox(updates), [least, most, ...others] = learningRate ?? usual.learningRate;
  if (!(least < most) || others.length > 0) {
    throw new InputError(
      "--learning-rate must be the least and the highest rate of the race, such as " +
        `${usual.learningRate.join()}, not ${learningRate?.join()}`,
    );
  }
  return { ...usual, learningRate: [least, most] };
}

/** The race that a configuration is; undefined where it is that of one network. */
export function raceIn(configuration: Configuration): RacePart | undefined {
  return configuration.schedule === "race" ? configuration.race as unknown as RacePart : undefined;
}

/** The switches of a network whose schedule is written out. */
export function legsIn({ switches }: Configuration): readonly RaceLeg[] {
  return switches as unknown as readonly RaceLeg[];
}

/** Networks that cells have side by side. */
export function networksOf(cells: readonly Pick<PlannedCell, "configuration">[]): number {
  return cells.reduce((sum, { configuration }) => sum + (raceIn(configuration)?.places ?? 1), 0);
}

/** Updates of one network that a race takes in all, probes included, and its winner's own. */
export function updatesOfRace(configuration: Configuration): number {
  const { updates } = configuration;
  return raceCost({ updates, ...raceIn(configuration) }) + updates;
}

/** What a race has come to, in its cell. */
export type RaceResult = NonNullable<Cell["result"]["race"]>;
