import { type Gpu, GPUFault, GPUMemoryError, InputError } from "../../mod.ts";
import { formatDuration, type Progress, showProgress } from "../terminal/progress.ts";
import { say } from "../terminal/terminal.ts";
import type { RunProgress } from "../live/live.ts";
import type { CellResult, CellRow } from "./cell.ts";
import { expectedSeconds } from "./expected_time.ts";
import type { PlannedCell } from "./ledger.ts";
import { missingOf, readyOf } from "./missing.ts";
import { type LaidRound, layRounds, readRound, type Yard } from "./lay.ts";
import { describeFault, mostReopenings } from "./machine.ts";
import { figureOf } from "./network_kind.ts";
import { networksOf, raceIn } from "./race_cell.ts";
import { trainRace } from "./race_round.ts";
import { type RoundContext, trainRound } from "./round.ts";
import type { Run } from "./run.ts";
import type { StopRule } from "./stop_rule.ts";

/** What trains the cells of a study. */
export interface Training extends RoundContext, Yard {
  readonly run: Run;
  /** Networks side by side at most; undefined is as many as fit. */
  readonly replicas: number | undefined;
  /** Whether it is said first how long all takes, from a short trial of each kind of round. */
  readonly isEstimated: boolean;
  /** How its user goes on with the run. Default: with --resume. */
  readonly toGoOn?: string;
  /** Asked after an estimate whether to go on. */
  agree?(seconds: number): Promise<boolean>;
  /** Told how far all is, at each report. */
  onProgress(progress: RunProgress): void;
  /** Told where all goes on from what was saved. */
  onRestart(): void;
  /** What the progress calls a cell. */
  nameOf(cell: PlannedCell): string;
}

/** Whether the rule that stopped a network would stop it where it is. */
export function stoppedBy(
  rule: StopRule,
  kindOf: Training["kindOf"],
): (cell: PlannedCell, result: CellResult) => boolean {
  return (cell, { curve }) => {
    const { figure: { name } } = kindOf(cell);
    return rule.isMet([curve.map(({ train }) => train[name])]);
  };
}

/**
 * Trains networks, as many side by side as fit, round after round. Where the GPU's memory turns out
 * short, rounds are halved again and again; where the GPU fails it is opened anew. Each time all goes
 * on from what was saved.
 */
export async function trainCells(
  cells: readonly PlannedCell[],
  training: Training,
): Promise<void> {
  let { replicas: most = Infinity } = training;
  const { ledger } = training, isStopped = stoppedBy(training.rule, training.kindOf);
  for (;;) {
    training.onRestart();
    const missing = readyOf(missingOf(cells, ledger, isStopped), ledger);
    if (missing.length === 0 || training.ending.signal.aborted) return;
    const rounds = await layRounds(missing, most, training);
    try {
      await trainRounds(rounds, training);
    } catch (error) {
      const largest = Math.max(...rounds.map(({ cells }) => networksOf(cells)));
      if (error instanceof GPUMemoryError) most = halved(largest, error, training);
      else if (error instanceof GPUFault) await recover(error, training);
      else throw error;
    }
  }
}

/** Half of so many networks side by side. */
function halved(length: number, { message }: GPUMemoryError, training: Training): number {
  if (length === 1) {
    throw new GPUMemoryError(
      `${message}: it takes no network; ${
        wayOn(training)
      } where more is free, or on another adapter`,
    );
  }
  say(`note: ${message}; with half as many networks side by side ...`);
  return Math.ceil(length / 2);
}

function wayOn({ toGoOn, run }: Training): string {
  return toGoOn ?? `go on with --resume ${run.folder}`;
}

async function recover(failure: GPUFault, training: Training): Promise<void> {
  const { machine, run } = training;
  const reason = await describeFault(machine.gpu, failure);
  if (machine.reopenings >= mostReopenings) {
    throw new GPUFault(
      `${reason}; it was opened anew ${mostReopenings} times before: ${wayOn(training)} once the ` +
        "GPU works",
    );
  }
  say(
    `warning: ${reason}; the GPU is opened anew (${machine.reopenings + 1} of at most ` +
      `${mostReopenings} times), and training goes on from what was saved last`,
  );
  await machine.reopen();
  run.note({ gpuFailures: machine.reopenings });
}

async function trainRounds(rounds: readonly LaidRound[], training: Training): Promise<void> {
  const { ending, isEstimated } = training;
  const expected = isEstimated ? await expectedSeconds(rounds, training) : undefined;
  if (ending.signal.aborted) return;
  const count = rounds.reduce((sum, { cells }) => sum + networksOf(cells), 0);
  if (expected !== undefined) {
    const until = new Date(Date.now() + 1000 * expected).toTimeString().slice(0, 5);
    say(`${layWords(count, rounds.length)}, about ${formatDuration(expected)} (until ${until})`);
    if (await training.agree?.(expected) === false) {
      throw new InputError("nothing is trained, as you wish");
    }
  } else if (rounds.length > 1) say(layWords(count, rounds.length));
  const total = rounds.reduce((sum, round) => sum + workOf(round), 0);
  const start = rounds.reduce((sum, { cells, update }) => sum + networksOf(cells) * update, 0);
  const isOne = count === 1;
  const unit = isOne ? "updates" : "network updates";
  using progress = showProgress({ total: total + start, start, unit });
  const began_ms = performance.now();
  let done = start;
  for (const round of rounds) {
    if (ending.signal.aborted) return;
    const train = raceIn(round.cells[0].configuration) ? trainRace : trainRound;
    await train(await readRound(round, training), {
      ...training,
      onReport(cells, rows) {
        training.onReport(cells, rows);
        const reached = done + networksOf(cells) * (rows[0].update - round.update);
        tell(progress, { ...round, cells }, rows, reached, training);
        const rate = 1000 * (reached - start) / (performance.now() - began_ms);
        const left = total + start - reached, secondsLeft = left / rate;
        training.onProgress({ done: reached, total: total + start, unit, rate, secondsLeft });
      },
    });
    done += workOf(round);
  }
}

/** "12 networks in 3 rounds". */
export function layWords(networks: number, rounds: number): string {
  const named = `${networks} ${networks === 1 ? "network" : "networks"}`;
  return rounds > 1 ? `${named} in ${rounds} rounds` : `${named}, all side by side`;
}

function tell(
  progress: Progress,
  { kind: { figure }, cells }: LaidRound,
  rows: readonly CellRow[],
  done: number,
  { nameOf }: Training,
): void {
  const errors = rows.map((row) => figureOf(figure, row) ?? NaN);
  const best = errors.reduce((best, error, r) => error < errors[best] ? r : best, 0);
  progress.report(done, { [figure.title]: errors[best] }, nameOf(cells[best]));
}

/** Updates that are left of all its networks. */
function workOf({ cells, update }: LaidRound): number {
  return networksOf(cells) * (cells[0].configuration.updates - update);
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
