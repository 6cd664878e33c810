import {
  classicalMomentum,
  decodeCheckpoint,
  InputError,
  nesterov,
  race,
  type RaceReport,
} from "../../mod.ts";
import { readWhole } from "../files/files.ts";
import { versions } from "../files/provenance.ts";
import { shortestFloat32 } from "../files/tables.ts";
import { describeAdapter } from "./adapter.ts";
import type { CellRow } from "./cell.ts";
import { statePath } from "./ledger.ts";
import { raceIn, type RaceResult } from "./race_cell.ts";
import type { Round, RoundContext } from "./round.ts";

const optimizers = { nag: nesterov, cm: classicalMomentum } as const;

/** Trains the race that a round is until its end, or until the run is to end. */
export async function trainRace(
  { kind, model, cells: [cell], standings }: Round,
  { machine, ledger, due, ending, onReport }: RoundContext,
): Promise<void> {
  const { id, configuration } = cell;
  const { updates, finish, seed, batchSize, reportEvery, reportCases } = configuration;
  const { places, refill, ...box } = raceIn(configuration)!;
  const before_s = standings?.[0].seconds ?? 0, start_ms = performance.now();
  const put = (status: "ok" | "diverged" | "unfinished", report: RaceReport) => {
    ledger.put({
      ...{ id, configuration },
      result: {
        ...{ updates: report.update, status },
        divergedAt: status === "diverged" ? report.update : null,
        ...{ final: null, beforeFinish: null, curve: [], race: resultOf(report) },
      },
      training: {
        adapter: describeAdapter(machine.adapter),
        ...{ nagare: versions.nagare, deno: versions.deno },
        saved: new Date().toISOString(),
        replicas: places,
        seconds: Number((before_s + (performance.now() - start_ms) / 1000).toPrecision(6)),
      },
    });
  };
  const figure = figureIn(model.figures, kind.figure.name);
  const { initializer } = kind.replica(configuration);
  const { clipNorm } = kind.trainer ?? {};
  let told = 0;
  const reports = race(machine.gpu, {
    ...{ model, initializer, seed, batchSize, updates, finish, places, refill, box, figure },
    optimizer: optimizers[configuration.optimizer as keyof typeof optimizers],
    ...{ evalCases: reportCases, every: reportEvery, signal: ending.signal },
    ...clipNorm !== undefined && { clipNorm },
    ...machine.profile && { profile: machine.profile },
    ...standings && { from: await bytesOf(ledger.folder, id) },
  });
  for await (const report of reports) {
    const { update, tree } = report, isOver = update === updates;
    const isMark = isOver || tree.length > told || ending.signal.aborted;
    const isSaved = due.isDue(update) || (due.enabled && isMark);
    const bytes = isSaved ? await report.save({ cell: id }) : undefined;
    if (isSaved || isMark) put(isOver ? report.winner ? "ok" : "diverged" : "unfinished", report);
    if (bytes) {
      due.restart();
      ledger.putStateBytes(id, bytes);
    }
    told = tree.length;
    onReport([cell], [rowOf(report, figure, kind.figure)]);
  }
}

/** Reads the file of a race. Throws InputError, in words that name it, where it is damaged. */
async function bytesOf(folder: string, id: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = readWhole(statePath(folder, id));
  const { metadata } = await decodeCheckpoint(bytes);
  if (metadata.cell === id) return bytes;
  throw new InputError(`${statePath(folder, id)} is the state of another race: remove it`);
}

/** Races go by a loss, which tells networks apart that make no errors. */
function figureIn(figures: readonly string[], shown: string): string {
  return figures.includes("loss") ? "loss" : shown;
}

/** The best of the last rung, in the place of a network's report. */
function rowOf(
  { update, tree }: RaceReport,
  figure: string,
  { name, split }: Round["kind"]["figure"],
): CellRow {
  const last = tree.filter(({ rung }) => rung === tree.at(-1)!.rung).map(({ score }) => score);
  const best = Math.min(...last.filter(Number.isFinite));
  const told = figure === name && split === "train" && Number.isFinite(best);
  return {
    ...{ update, momentum: null, loss: null, gradientNorm: null, test: {}, seconds: 0 },
    train: told ? { [name]: best } : {},
  };
}

function resultOf({ tree, winner }: RaceReport): RaceResult {
  return {
    tree: tree.map((entry) => ({
      ...entry,
      score: shortestFloat32(entry.score),
      scoreWithoutProbe: shortestFloat32(entry.scoreWithoutProbe),
    })),
    winner: winner
      ? {
        place: winner.place,
        score: shortestFloat32(winner.score),
        legs: winner.legs.map((leg) => ({ ...leg })),
      }
      : null,
  };
}
