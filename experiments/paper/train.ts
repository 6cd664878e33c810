import { type Gpu, type Model, type ReplicaReport, replicasThatFit, Trainer } from "../../mod.ts";
import type { ProblemData } from "../problems/problem.ts";
import { formatDuration, type Progress, showProgress } from "../shared/progress.ts";
import { versions } from "../shared/provenance.ts";
import { shortestFloat32 } from "../shared/tables.ts";
import { memoryFor } from "../shared/training.ts";
import { type CellResult, type Errors, writeCell } from "./cells.ts";
import type { CellConfiguration } from "./configuration.ts";
import type { PlannedNetwork } from "./grid.ts";
import { autoencoderOf, modelKey, reachedMomentum, recurrentOf, replicaOf } from "./networks.ts";

/** Where networks are trained, and what of. */
export interface Workshop {
  readonly gpu: Gpu;
  /** The adapter, as cells record it. */
  readonly adapter: string;
  /** The folder of results. */
  readonly folder: string;
  /** Of autoencoders. */
  readonly data: ProblemData | undefined;
  /** Networks side by side at most; undefined is as many as fit. */
  readonly replicas: number | undefined;
  readonly interruption: AbortSignal;
}

/** Networks that are trained side by side. */
interface Round {
  readonly model: Model;
  readonly networks: readonly PlannedNetwork[];
}

/** What a short trial says of a round, in seconds. */
interface Cost {
  readonly update: number;
  /** A case of an evaluation, for all networks. */
  readonly evaluatedCase: number;
}

/**
 * Trains networks, as many side by side as fit, and writes a cell for each. Says before it starts
 * how long that takes, from a short trial of each kind of round.
 */
export async function trainNetworks(
  networks: readonly PlannedNetwork[],
  workshop: Workshop,
): Promise<void> {
  const { interruption } = workshop;
  const rounds = await layRounds(networks, workshop);
  const expected = await estimate(rounds, workshop);
  interruption.throwIfAborted();
  const finish = new Date(Date.now() + 1000 * expected).toTimeString().slice(0, 5);
  console.error(
    `${networks.length} networks, ${
      rounds.length === 1 ? "all side by side" : `in ${rounds.length} rounds`
    }, about ${formatDuration(expected)} (until ${finish})`,
  );
  const updatesOf = ({ networks }: Round) => networks.length * networks[0].configuration.updates;
  const total = rounds.reduce((sum, round) => sum + updatesOf(round), 0);
  using progress = showProgress({ total, unit: "network updates" });
  let done = 0;
  for (const round of rounds) {
    await trainRound(round, workshop, { progress, done });
    interruption.throwIfAborted();
    done += updatesOf(round);
  }
}

/** Rounds of about equal size for each kind of network. */
async function layRounds(
  networks: readonly PlannedNetwork[],
  workshop: Workshop,
): Promise<Round[]> {
  const { gpu, replicas = Infinity } = workshop;
  const kinds = Map.groupBy(networks, ({ configuration }) => modelKey(configuration)).values();
  const rounds: Round[] = [];
  for (const kind of kinds) {
    const { configuration } = kind[0];
    const model = await modelOf(configuration, workshop, Math.min(kind.length, replicas));
    const { batchSize } = configuration;
    const fit = Math.min(
      replicas,
      replicasThatFit(gpu, model, { batchSize, budget: memoryFor(gpu) }),
    );
    const count = Math.ceil(kind.length / fit), size = Math.ceil(kind.length / count);
    for (let i = 0; i < kind.length; i += size) {
      rounds.push({ model, networks: kind.slice(i, i + size) });
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
async function estimate(rounds: readonly Round[], workshop: Workshop): Promise<number> {
  const costs = new Map<Model, { cost: Cost; replicas: number }>();
  let seconds = 0;
  for (const round of rounds) {
    const replicas = round.networks.length;
    const tried = costs.get(round.model) ?? { cost: await tryRound(round, workshop), replicas };
    costs.set(round.model, tried);
    const { reportEvery, reportCases, updates } = round.networks[0].configuration;
    const { cases } = round.model;
    const reported = Math.ceil(updates / reportEvery) * 2 * reportCases;
    const full = cases.test + (Number.isFinite(cases.train) ? cases.train : cases.test);
    const ends = beforeFinish(round) === updates ? 1 : 2;
    const { update, evaluatedCase } = tried.cost;
    seconds += replicas / tried.replicas *
      (updates * update + (reported + ends * full) * evaluatedCase);
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

function openRound(gpu: Gpu, { model, networks }: Round): Promise<Trainer> {
  const replicas = networks.map(({ configuration }) => replicaOf(configuration));
  return Trainer.open(gpu, { model, replicas, batchSize: networks[0].configuration.batchSize });
}

/** The update at which the low-momentum finish begins. */
function beforeFinish({ networks: [{ configuration }] }: Round): number {
  const { updates } = configuration;
  return configuration.network === "autoencoder" ? updates - configuration.finish : updates;
}

async function trainRound(
  round: Round,
  workshop: Workshop,
  { progress, done }: { progress: Progress; done: number },
): Promise<void> {
  const { gpu, folder, adapter, interruption: signal } = workshop;
  const { networks, model } = round;
  const { updates, reportEvery: every, reportCases } = networks[0].configuration;
  const start = performance.now();
  const trainer = await openRound(gpu, round);
  const curves: CellResult["curve"][] = networks.map(() => []);
  const trainUntil = async (stop: number): Promise<readonly ReplicaReport[]> => {
    let last: readonly ReplicaReport[] = [];
    for await (
      const report of trainer.run({ updates: stop, every, evalCases: reportCases, signal })
    ) {
      const test = await trainer.evaluate("test", reportCases);
      last = report.replicas;
      last.forEach(({ momentum, trainLoss, figures, divergedAt }, r) => {
        if (divergedAt !== undefined) return;
        const errors = errorsOf(figures, test[r]);
        curves[r].push({ update: report.update, momentum, loss: finite(trainLoss), ...errors });
      });
      progress.report(done + networks.length * report.update, {
        round: networks[0].configuration.problem,
        "best error": Math.min(...last.map(({ figures }) => errorOf(figures) ?? Infinity)),
      });
    }
    signal.throwIfAborted();
    return last;
  };
  try {
    const finish = beforeFinish(round);
    const early = finish > 0 && finish < updates;
    if (early) await trainUntil(finish);
    const before = early ? await evaluateAll(trainer, model) : undefined;
    const reports = await trainUntil(updates);
    const final = await evaluateAll(trainer, model);
    const seconds = (performance.now() - start) / 1000;
    networks.forEach(({ id, configuration }, r) => {
      const { divergedAt } = reports[r];
      writeCell(folder, {
        id,
        configuration,
        result: {
          status: divergedAt === undefined ? "ok" : "diverged",
          divergedAt: divergedAt ?? null,
          reachedMomentum: reachedMomentum(configuration),
          final: final[r],
          beforeFinish: before?.[r] ?? null,
          curve: curves[r],
        },
        training: {
          adapter,
          nagare: versions.nagare,
          deno: versions.deno,
          finished: new Date().toISOString(),
          replicas: networks.length,
          seconds: Number(seconds.toPrecision(4)),
        },
      });
    });
  } finally {
    trainer.free();
  }
}

/** Over all cases; of fresh training sequences as many as there are test ones. */
async function evaluateAll(trainer: Trainer, { cases }: Model): Promise<Errors[]> {
  const test = await trainer.evaluate("test");
  const train = await trainer.evaluate(
    "train",
    Number.isFinite(cases.train) ? cases.train : cases.test,
  );
  return train.map((figures, r) => errorsOf(figures, test[r]));
}

type Figures = Readonly<Record<string, number>>;

function errorsOf(train: Figures, test: Figures): Errors {
  return { train: errorOf(train), test: errorOf(test) };
}

/** The figure that the paper reports. */
function errorOf({ squaredError, zeroOneLoss }: Figures): number | null {
  return finite(squaredError ?? zeroOneLoss);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? shortestFloat32(value) : null;
}
