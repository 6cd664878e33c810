import { type Gpu, GPUMemoryError, replicasThatFit, type Trainer } from "../../mod.ts";
import { Checkpoints, type Found } from "./checkpoints.ts";
import type { Cadence } from "../terminal/durations.ts";
import { curveColumns, type Outcome, rowOf, summaryColumns } from "./outcomes.ts";
import { showProgress } from "../terminal/progress.ts";
import { openTrainer, Round, type RoundPlan, type Training } from "./grid_round.ts";
import { beginsWith, readTable, type Table, type TableRow } from "../files/tables.ts";

/** A grid of networks to train, and what is kept of them. */
export interface GridTraining extends Training {
  /** Bytes that the networks may take, where it is known. */
  memory: number;
  checkpointEvery: Cadence;
  /** Of a run that goes on: what its folder holds. */
  found?: Found | undefined;
}

/** What came of a grid. */
export interface Trained {
  readonly outcomes: readonly Outcome[];
  /** Of curve.csv. */
  readonly rows: readonly TableRow[];
}

/**
 * Trains the grid, as many networks side by side as fit, round after round. Every report adds its
 * rows to curve.csv, every finished network one to summary.csv; a checkpoint of each round lets the
 * run go on where it ended, however it ended.
 */
export async function trainGrid(training: GridTraining): Promise<Trained> {
  const { run, settings, updates, ending, found: { rounds: found } = nothing } = training;
  const first = found.length > 0 ? undefined : await openFirstRound(training);
  const rounds = layRounds(training, first?.size ?? roundSize(training));
  const start = found.reduce((sum, { update }) => sum + update, 0);
  using progress = showProgress({ total: updates * rounds.length, start, unit: "updates" });
  using _said = run.sayThrough(progress.say);
  if (rounds.length > 1) progress.say(`${settings.length} networks in ${rounds.length} rounds`);
  const { curve, summary } = openTables(training, progress.say);
  const checkpoints = new Checkpoints(run, training.checkpointEvery, ending.signal);
  const outcomes: Outcome[] = [];
  for (const [number, plan] of rounds.entries()) {
    if (number > 0 && ending.signal.aborted) break;
    const place = { curve, checkpoints, progress, number, rounds: rounds.length };
    const round = new Round(training, plan, place);
    const finished = await round.train(number === 0 ? first?.trainer : undefined);
    summary.append(...finished.map((outcome) => rowOf(summaryColumns(training), outcome)));
    outcomes.push(...finished);
  }
  if (ending.reason !== undefined) run.stop(ending.reason);
  return { outcomes, rows: readTable(curve.text) };
}

const nothing: Found = { rounds: [], curve: "" };

/** The rounds that were found, and those of the other networks. */
function layRounds(
  { settings, found: earlier = nothing }: GridTraining,
  size: number,
): RoundPlan[] {
  const found = earlier.rounds;
  const rounds: RoundPlan[] = found.map((found) => ({ settings: found.settings, found }));
  let first = found.reduce((sum, { settings }) => sum + settings.length, 0);
  for (; first < settings.length; first += size) {
    rounds.push({ settings: settings.slice(first, first + size), found: undefined });
  }
  return rounds;
}

/** Opens the tables; curve.csv begins with what the last checkpoint holds of it. */
function openTables(
  training: GridTraining,
  say: (line: string) => void,
): { curve: Table<string>; summary: Table<string> } {
  const { run, found } = training;
  const path = `${run.folder}/curve.csv`;
  if (found?.curve && !beginsWith(path, found.curve)) {
    say(
      `note: ${path} is not as the run wrote it: its rows up to the last checkpoint are made again`,
    );
  }
  const names = (columns: readonly { name: string }[]) => columns.map(({ name }) => name);
  return {
    curve: run.table("curve.csv", names(curveColumns(training)), found?.curve),
    summary: run.table("summary.csv", names(summaryColumns(training)), found && ""),
  };
}

/** Networks a round: as many as the adapter and the memory take, and as many as were found to fit. */
function roundSize(
  { machine: { gpu, model }, settings, replicaOf, batchSize, memory, found: earlier = nothing }:
    GridTraining,
): number {
  const found = earlier.rounds;
  const largest = found.length > 0
    ? Math.max(...found.map(({ settings }) => settings.length))
    : settings.length;
  const optimizers = settings.map((setting) => replicaOf(setting).optimizer);
  const fit = replicasThatFit(gpu, model, { batchSize, budget: memory, optimizers });
  return Math.min(largest, fit);
}

/** Bytes that networks may take: half of what is free where they lie in the machine's memory. */
export function memoryFor(gpu: Gpu): number {
  if (!gpu.isSoftware) return Infinity;
  try {
    return Deno.systemMemoryInfo().available / 2;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return 2 * 2 ** 30;
    throw error;
  }
}

/** The first round's trainer: with half as many networks again and again where memory is short. */
async function openFirstRound(
  training: GridTraining,
): Promise<{ size: number; trainer: Trainer }> {
  for (let size = roundSize(training);; size = Math.ceil(size / 2)) {
    try {
      return { size, trainer: await openTrainer(training, training.settings.slice(0, size)) };
    } catch (error) {
      if (!(error instanceof GPUMemoryError) || size === 1) throw error;
    }
  }
}
