import type { Model } from "../../mod.ts";
import { tuningFiles } from "../files/tuning_files.ts";
import { say } from "../terminal/terminal.ts";
import { ensureAdapter } from "./adapter.ts";
import type { Cell, CellRow } from "./cell.ts";
import { dryRun } from "./dry_run.ts";
import { Due } from "./due.ts";
import type { RunProgress } from "../live/live.ts";
import { Ending } from "./ending.ts";
import type { JsonObject } from "./json.ts";
import { Ledger, type PlannedCell, readCells } from "./ledger.ts";
import { Machine } from "./machine.ts";
import { missingOf, readyOf, shareOf } from "./missing.ts";
import type { NetworkKind } from "./network_kind.ts";
import { printProfile } from "./print.ts";
import { sayAdapter } from "./resume.ts";
import { recordRun, type Run } from "./run.ts";
import { chooseRunFolder } from "./run_folder.ts";
import type { RunOptions } from "./run_options.ts";
import { type StopRule, stopRule } from "./stop_rule.ts";
import { memoryFor, stoppedBy, trainCells, type Training } from "./train.ts";

/** What is to be trained, and what is made of it. */
export interface Laid {
  /** The cells that are wanted, given those that are there: a table asks for more as it learns. */
  wanted(cells: ReadonlyMap<string, Cell>): readonly PlannedCell[];
  kindOf(cell: PlannedCell): NetworkKind;
  /** What networks are called on the terminal. */
  nameOf(cell: PlannedCell): string;
  /** What run.json says: the configuration, the data. */
  readonly details: JsonObject;
  /** A line about the data that is to be said when they are trained on. */
  readonly remark?: string | undefined;
  /** Whether it is said first how long all takes, from a short trial. */
  readonly isEstimated: boolean;
  /** Asked before anything is trained, with the seconds that it takes: whether to go on. */
  agree?(seconds: number): Promise<boolean>;
  /** Whether a finished run's tables are as its cells say. */
  isWhole(folder: string, cells: ReadonlyMap<string, Cell>): boolean;
  /** What is made of the cells while and after they are trained. */
  report(run: Run): Reporter;
}

/** What is made of the cells of a run: tables, figures, pages. */
export interface Reporter {
  /** Where all goes on from what was saved. */
  restart(cells: ReadonlyMap<string, Cell>): void;
  /** At a report: a row a network. */
  append(planned: readonly PlannedCell[], rows: readonly CellRow[]): void;
  /** How far all is. */
  progress?(progress: RunProgress): void;
  /** Where a round ends. */
  keep(trained: Trained): void;
  /** Where the run ends. */
  conclude(end: End): Promise<void>;
  [Symbol.asyncDispose]?(): Promise<void>;
}

/** Networks where their round ends. */
export interface Trained {
  readonly planned: readonly PlannedCell[];
  readonly model: Model;
  /** The parameters theta of each. */
  readonly thetas: readonly Float32Array<ArrayBuffer>[][];
  readonly cells: ReadonlyMap<string, Cell>;
}

/** Where a run ends. */
export interface End {
  readonly cells: ReadonlyMap<string, Cell>;
  /** What unfinished networks are called. */
  readonly ending: "interrupted" | "stopped";
  /** Undefined where there was nothing to train. */
  readonly machine: Machine | undefined;
}

/** A command that is carried out. */
export interface Session {
  /** The name in run.json, and of the folder in results. */
  readonly program: string;
  readonly options: RunOptions;
  /** The record of the run that goes on. */
  readonly earlier: JsonObject | undefined;
  readonly interruption: AbortSignal;
  /** Whether other commands have results in the folder too, which this one adds to. */
  readonly isShared?: boolean;
  /** Whether machines have trained shares of it in the folder, of which it makes the whole. */
  readonly hasShares?: boolean;
  /** How its user goes on with it. Default: with --resume. */
  readonly toGoOn?: string;
  /** The command line. */
  readonly args?: readonly string[];
}

let planner: ((laid: Laid, session: Session) => void) | undefined;

/** Has `take` told of all that commands would train, and nothing trained, until disposed of. */
export function planOnly(take: (laid: Laid, session: Session) => void): Disposable {
  planner = take;
  return { [Symbol.dispose]: () => void (planner = undefined) };
}

/**
 * Trains what the folder of a run still lacks, and makes its tables and figures. Gives whether it came
 * to its end: it was not interrupted, nor stopped.
 */
export async function carryOut(asked: Laid, session: Session): Promise<boolean> {
  if (planner) {
    planner(asked, session);
    return true;
  }
  const { program, options, earlier, interruption, hasShares } = session;
  const { shard: share } = options, isShared = session.isShared || hasShares;
  const laid = { ...asked, ...asked.agree && { agree: once(asked.agree) } };
  const folder = options.resume ?? chooseRunFolder(program, options.out, { share, isShared });
  const there = new Ledger(folder);
  const wanted = (cells: ReadonlyMap<string, Cell>) => shareOf(laid.wanted(cells), share);
  const missing = missingIn(there, wanted(there.cells), laid, options);
  const hasAll = missing.length === 0 && earlier?.unsaved === undefined;
  const isFinished = earlier?.status === "finished" && hasAll;
  if (isFinished && laid.isWhole(folder, there.cells)) {
    say(`${folder} is finished: nothing to do; more --updates make it longer`);
    return true;
  }
  // A damaged state is refused before anything is written.
  for (const cell of readyOf(missing, there)) await there.standing(cell);
  // Where a run was killed or failed at its end, or its cells come from elsewhere, pictures are missing.
  const endedWell = ["finished", "interrupted", "stopped"].includes(String(earlier?.status));
  const isEnded = hasAll && (session.isShared || endedWell);
  const count = wanted(there.cells).length;
  if (laid.isEstimated && missing.length < count) {
    say(`${count - missing.length} of ${count} networks are there already`);
  }
  using machine = isEnded ? undefined : await openMachine(session);
  const ending = new Ending(interruption, options.maxTime);
  if (options.dryRun) {
    await tryOut(laid, readyOf(missing, there), { machine, ledger: there, ending, options });
    return ending.reason === undefined;
  }
  const adapter = machine && sayAdapter(machine.adapter, earlier);
  await recordRun({
    ...{ program, folder, interruption, earlier, share, isShared, args: session.args },
    details: { ...laid.details, ...adapter },
    isMadeUp: (options.out ?? options.resume) === undefined,
  }, async (run) => {
    if (laid.remark) say(laid.remark);
    const ledger = new Ledger(run.folder, run);
    const reporter = laid.report(run);
    try {
      while (machine && !ending.signal.aborted) {
        // Other machines may have put theirs into the folder meanwhile.
        const there = share ? readCells(run.folder) : ledger.cells;
        const planned = wanted(there);
        if (missingIn(ledger, planned, laid, options).length === 0) break;
        const place = { machine, run, ledger, reporter, ending, session };
        await trainCells(planned, trainingOf(laid, place));
      }
      if (ending.reason !== undefined) run.stop(ending.reason);
      ledger.settle();
      const end = { ending: ending.status, machine };
      if (share) await concludeTogether(reporter, ledger, { ...end, wanted });
      else await reporter.conclude({ cells: ledger.cells, ...end });
    } finally {
      await reporter[Symbol.asyncDispose]?.();
    }
    if (machine?.profile) printProfile(machine.profile);
  });
  return ending.reason === undefined;
}

/** The networks of some that a folder lacks. */
export function missingIn(
  ledger: Pick<Ledger, "folder" | "cells">,
  planned: readonly PlannedCell[],
  { kindOf }: Pick<Laid, "kindOf">,
  options: RunOptions,
): PlannedCell[] {
  return missingOf(planned, ledger, stoppedBy(ruleOf(options), kindOf));
}

/**
 * Makes what is made of all machines' cells, and again where another one finished some meanwhile: so
 * whoever is the last to write has seen all.
 */
async function concludeTogether(
  reporter: Reporter,
  ledger: Ledger,
  { wanted, ...end }: Omit<End, "cells"> & Pick<Laid, "wanted">,
): Promise<void> {
  for (let seen = -1;;) {
    const cells = readCells(ledger.folder);
    // Of others the ledger knows what they were when this share began.
    for (const { id } of wanted(cells)) {
      const own = ledger.cells.get(id);
      if (own) cells.set(id, own);
    }
    const finished = [...cells.values()].filter(({ result }) => result.status !== "unfinished");
    if (finished.length === seen) return;
    seen = finished.length;
    await reporter.conclude({ cells, ...end });
  }
}

/** What is agreed to holds for the stages that follow, and when a GPU is opened anew. */
function once(agree: NonNullable<Laid["agree"]>): NonNullable<Laid["agree"]> {
  let answer: Promise<boolean> | undefined;
  return (seconds) => answer ??= agree(seconds);
}

async function tryOut(
  { kindOf }: Laid,
  missing: readonly PlannedCell[],
  { machine, ledger, ending, options: { replicas = Infinity } }: {
    machine: Machine | undefined;
    ledger: Ledger;
    ending: Ending;
    options: RunOptions;
  },
): Promise<void> {
  if (!machine) return say(`${ledger.folder} lacks nothing of it`);
  await dryRun(
    missing,
    { kindOf, machine, ledger, ending, memory: memoryFor(machine.gpu) },
    replicas,
  );
}

function ruleOf({ stopWhenDiverged, target, stopWhenFlat }: RunOptions): StopRule {
  return stopRule({ whenDiverged: stopWhenDiverged, target, flat: stopWhenFlat });
}

function openMachine({ options, interruption }: Session): Promise<Machine> {
  return Machine.open({
    adapter: () => ensureAdapter(options.adapter, interruption),
    profile: options.profile,
    tuning: options.tune ? tuningFiles() : undefined,
  });
}

function trainingOf(laid: Laid, { machine, run, ledger, reporter, ending, session }: {
  machine: Machine;
  run: Run;
  ledger: Ledger;
  reporter: Reporter;
  ending: Ending;
  session: Session;
}): Training {
  const { options, toGoOn } = session;
  return {
    ...{ machine, run, ledger, ending },
    memory: memoryFor(machine.gpu),
    due: new Due(options.checkpointEvery, ending.signal),
    rule: ruleOf(options),
    replicas: options.replicas,
    isEstimated: laid.isEstimated,
    ...toGoOn !== undefined && { toGoOn },
    ...laid.agree && { agree: laid.agree },
    kindOf: laid.kindOf,
    nameOf: laid.nameOf,
    onRestart: () => reporter.restart(ledger.cells),
    onReport(planned, rows) {
      run.begin();
      reporter.append(planned, rows);
    },
    onProgress: (progress) => reporter.progress?.(progress),
    onEnd: (planned, { model, thetas }) =>
      reporter.keep({ planned, model, thetas, cells: ledger.cells }),
    onOpen(trainer) {
      const bytes = trainer.replicas.map(({ optimizer: { name } }, r) =>
        [name, trainer.stateBytes(r)] as const
      );
      run.noteWithin("stateBytesPerParameter", Object.fromEntries(bytes));
      for (const change of trainer.changedStates) say(`note: ${change}`);
    },
  };
}
