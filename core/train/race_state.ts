// The file of a race: the checkpoint of its networks, with the tree so far among its texts.

import { InputError } from "../errors.ts";
import type { VectorLayout } from "../gpu/vector.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { RaceEntry, RaceRules, RaceSetting, Runner } from "./race_rules.ts";
import type { TrainerState } from "./state.ts";

/** All that the numbers of a race depend on, besides its model, its optimizer and its weights. */
export interface RacePlan extends RaceRules {
  readonly updates: number;
  readonly places: number;
  readonly batchSize: number;
  readonly probe: number;
  readonly finish: number;
  readonly figure: string;
  readonly evalCases: number;
  readonly clipNorm?: number;
}

/** Where a race stands between two updates. */
export interface RaceStanding {
  /** Rung by rung, place by place. */
  readonly tree: readonly RaceEntry[];
  /** On their way to the next rung, in the order of the state's replicas. */
  readonly runners: readonly Runner[];
  /** Undefined before all begins. */
  readonly state: TrainerState | undefined;
}

/** The name of the text that says what a checkpoint is not. */
const key = "race";

/** The file of a race. Throws a RangeError for a text of the caller's of that name. */
export async function encodeRace(
  { tree, runners, state }: RaceStanding & { readonly state: TrainerState },
  plan: RacePlan,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (Object.hasOwn(metadata, key)) {
    throw new RangeError(`the file of a race has a "${key}" of its own: use another name`);
  }
  return await encodeCheckpoint(state, {
    ...metadata,
    // A score that is NaN becomes null.
    [key]: JSON.stringify({ plan, tree, runners }),
  });
}

/** Reads what {@linkcode encodeRace} wrote. Throws InputError where it is not of this race. */
export async function decodeRace(
  bytes: Uint8Array<ArrayBuffer>,
  plan: RacePlan,
  layout: VectorLayout,
): Promise<RaceStanding> {
  const { state, metadata } = await decodeCheckpoint(bytes, layout);
  let written: unknown;
  try {
    written = JSON.parse(metadata[key] ?? "");
  } catch {
    // What is no JSON is no race either.
  }
  const race = Object(written);
  const isRace = Array.isArray(race.tree) && race.tree.every(isEntry) &&
    Array.isArray(race.runners) && race.runners.every(isRunner) &&
    race.runners.length === state.replicas.length;
  if (!isRace) {
    throw new InputError("this checkpoint is none of a race: give one that a race has saved");
  }
  if (JSON.stringify(race.plan) !== JSON.stringify(plan)) {
    throw new InputError(
      "this is a race with other options: give those that it began with, or begin anew",
    );
  }
  const tree = race.tree.map((entry: RaceEntry): RaceEntry => ({
    ...entry,
    score: entry.score ?? NaN,
    scoreWithoutProbe: entry.scoreWithoutProbe ?? NaN,
  }));
  return { tree, runners: race.runners, state };
}

function isSetting(value: unknown): value is RaceSetting {
  return ["learningRate", "cap", "period"].every((name) => Number.isFinite(Object(value)[name]));
}

function isRunner(value: unknown): value is Runner {
  const { place, parent, lineage, setting } = Object(value);
  return [place, lineage, parent ?? 0].every(Number.isSafeInteger) && isSetting(setting);
}

function isEntry(value: unknown): value is RaceEntry {
  const { rung, update, score, scoreWithoutProbe } = Object(value);
  return isRunner(value) && [rung, update].every(Number.isSafeInteger) &&
    [score, scoreWithoutProbe].every((score) => score === null || Number.isFinite(score));
}
