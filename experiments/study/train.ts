import { GPUMemoryError, type Model, replicasThatFit } from "../../mod.ts";
import type { ProblemData } from "../problems/problem.ts";
import { exists } from "../files/files.ts";
import { formatDuration, showProgress } from "../terminal/progress.ts";
import { say } from "../terminal/terminal.ts";
import { memoryFor } from "./training.ts";
import { cellPath } from "./cells.ts";
import type { CellConfiguration } from "../studies/configuration.ts";
import type { PlannedNetwork } from "../studies/grid.ts";
import { autoencoderOf, modelKey, recurrentOf } from "../studies/networks.ts";
import {
  finishOf,
  fullEvaluation,
  openRound,
  type Place,
  type Round,
  trainRound,
} from "./round.ts";
import { evenParts, savedUpdates, unfinishedRounds } from "./round_checkpoint.ts";

/** Where networks are trained, and what of. */
export interface Workshop extends Place {
  /** Of autoencoders. */
  readonly data: ProblemData | undefined;
  /** Networks side by side at most; undefined is as many as fit. */
  readonly replicas: number | undefined;
  /** Called once before anything is trained, when no input can be refused any more. */
  begin(): void;
}

/** A round, and the updates of it that are done. */
interface LaidRound {
  readonly round: Round;
  readonly saved: number;
}

/** What a short trial says of a round, in seconds. */
interface Cost {
  readonly update: number;
  /** A case of an evaluation, for all networks. */
  readonly evaluatedCase: number;
}

/**
 * Trains networks, as many side by side as fit, and writes a cell for each. Says before it starts
 * how long that takes, from a short trial of each kind of round. Where the GPU's memory turns out
 * short, rounds are halved again and again.
 */
export async function trainNetworks(
  networks: readonly PlannedNetwork[],
  workshop: Workshop,
): Promise<void> {
  for (let { replicas = networks.length } = workshop;; replicas = Math.ceil(replicas / 2)) {
    const missing = networks.filter(({ id }) => !exists(cellPath(workshop.folder, id)));
    try {
      return await trainRounds(missing, { ...workshop, replicas });
    } catch (error) {
      if (!(error instanceof GPUMemoryError) || replicas === 1) throw error;
      say(`note: ${error.message}; with half as many networks side by side ...`);
    }
  }
}

async function trainRounds(
  networks: readonly PlannedNetwork[],
  workshop: Workshop,
): Promise<void> {
  const { interruption } = workshop;
  const rounds = await layRounds(networks, workshop);
  const expected = await estimate(rounds, workshop);
  interruption.throwIfAborted();
  workshop.begin();
  const finish = new Date(Date.now() + 1000 * expected).toTimeString().slice(0, 5);
  say(
    `${networks.length} ${networks.length === 1 ? "network" : "networks"}, ${
      rounds.length === 1 ? "all side by side" : `in ${rounds.length} rounds`
    }, about ${formatDuration(expected)} (until ${finish})`,
  );
  const left = rounds.map(({ round, saved }) =>
    round.networks.length * (round.networks[0].configuration.updates - saved)
  );
  using progress = showProgress({ total: sum(left), unit: "network updates" });
  for (const [i, { round, saved }] of rounds.entries()) {
    const done = sum(left.slice(0, i));
    await trainRound(
      round,
      workshop,
      (update, best) =>
        progress.report(done + round.networks.length * (update - saved), {
          problem: round.networks[0].configuration.problem,
          "best error": best,
        }),
    );
  }
}

/** Rounds for each kind of network: those that were left unfinished, then others of about equal size. */
async function layRounds(
  networks: readonly PlannedNetwork[],
  workshop: Workshop,
): Promise<LaidRound[]> {
  const { gpu, folder, replicas = Infinity } = workshop;
  const kinds = Map.groupBy(networks, ({ configuration }) => modelKey(configuration)).values();
  const rounds: LaidRound[] = [];
  for (const kind of kinds) {
    const { configuration } = kind[0];
    const model = await modelOf(configuration, workshop, Math.min(kind.length, replicas));
    const { batchSize } = configuration;
    const fit = Math.min(
      replicas,
      replicasThatFit(gpu, model, { batchSize, budget: memoryFor(gpu) }),
    );
    const begun = await unfinishedRounds(folder, kind, fit);
    const isBegun = new Set(begun.flat());
    const others = evenParts(kind.filter((network) => !isBegun.has(network)), fit);
    for (const networks of [...begun, ...others]) {
      rounds.push({ round: { model, networks }, saved: await savedUpdates(folder, networks) });
    }
  }
  return rounds;
}

async function modelOf(
  configuration: CellConfiguration,
  { gpu, data }: Workshop,
  replicas: number,
): Promise<Model> {
  if (configuration.network === "recurrent") {
    return await recurrentOf(gpu, configuration, replicas);
  }
  if (!data) throw new Error("an autoencoder needs data");
  return autoencoderOf(configuration, data);
}

/** Seconds that the rounds take: each kind of model is tried once. */
async function estimate(rounds: readonly LaidRound[], workshop: Workshop): Promise<number> {
  const costs = new Map<Model, { cost: Cost; replicas: number }>();
  let seconds = 0;
  for (const { round, saved } of rounds) {
    const replicas = round.networks.length;
    const tried = costs.get(round.model) ?? { cost: await tryRound(round, workshop), replicas };
    costs.set(round.model, tried);
    const { configuration } = round.networks[0];
    const { reportEvery, reportCases, updates } = configuration;
    const left = updates - saved;
    const reported = Math.ceil(left / reportEvery) * 2 * reportCases;
    const full = fullEvaluation(round.model);
    const ends = finishOf(configuration) === undefined ? 1 : 2;
    const { update, evaluatedCase } = tried.cost;
    seconds += replicas / tried.replicas *
      (left * update + (reported + ends * (full.train + full.test)) * evaluatedCase);
  }
  return seconds;
}

/** Long enough for a few updates of any round, and for many of a short one. */
const TRIAL_SECONDS = 2;

async function tryRound(round: Round, { gpu, interruption: signal }: Workshop): Promise<Cost> {
  const trainer = await openRound(gpu, round);
  try {
    const { reportCases } = round.networks[0].configuration;
    const timed = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return (performance.now() - start) / 1000;
    };
    const train = (updates: number) =>
      Array.fromAsync(trainer.run({ updates: trainer.update + updates, evalCases: 0, signal }));
    // The first update compiles kernels, and so does the first evaluation.
    await train(1);
    await trainer.evaluate("test", round.networks[0].configuration.batchSize);
    const one = await timed(() => train(1));
    const more = Math.max(1, Math.ceil(TRIAL_SECONDS / one));
    const update = await timed(() => train(more)) / more;
    const evaluatedCase = await timed(() => trainer.evaluate("test", reportCases)) / reportCases;
    return { update, evaluatedCase };
  } finally {
    trainer.free();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
