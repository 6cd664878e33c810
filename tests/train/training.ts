// What tests of the trainer share: training to the end, and all that came of it.

import type { Initializer } from "../../core/init/initializer.ts";
import { sparse } from "../../core/init/sparse.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import type { Model } from "../../core/train/model.ts";
import type { ReplicaReport, RunOptions } from "../../core/train/report.ts";
import { type Replica, Trainer } from "../../core/train/trainer.ts";
import type { Bench } from "../gpu/fixture.ts";

/** A replica, its weights sparse by default. */
export function replica(
  seed: number,
  optimizer: Optimizer,
  initializer: Initializer = sparse({ fanIn: 4 }),
): Replica {
  return { seed, optimizer, initializer };
}

/** A trainer that is freed after the test. */
export async function open(
  bench: Bench,
  options: { model: Model; replicas: readonly Replica[]; batchSize: number },
): Promise<Trainer> {
  return bench.take(await Trainer.open(bench.gpu, options));
}

/** Reports by update, each by replica: all of a report that is the same in every run. */
export type History = Record<number, readonly ReplicaReport[]>;

/** Runs to the end. */
export async function history(trainer: Trainer, options: RunOptions): Promise<History> {
  const reports: History = {};
  for await (const { update, replicas } of trainer.run(options)) reports[update] = replicas;
  return reports;
}

/** The bits of theta of every replica. */
export async function bitsOf(trainer: Trainer): Promise<Uint32Array[][]> {
  const thetas = trainer.replicas.map((_, r) => trainer.theta(r));
  return (await Promise.all(thetas)).map((tensors) =>
    tensors.map(({ buffer }) => new Uint32Array(buffer))
  );
}
