// What tests of the trainer share: training to the end, and all that came of it.

import type { Initializer } from "../../core/init/initializer.ts";
import { sparse } from "../../core/init/sparse.ts";
import type { VectorLayout } from "../../core/gpu/vector.ts";
import type { Optimizer } from "../../core/optim/family.ts";
import type { ReplicaReport, RunOptions } from "../../core/train/report.ts";
import { type Replica, Trainer, type TrainerOptions } from "../../core/train/trainer.ts";
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
export async function open(bench: Bench, options: TrainerOptions): Promise<Trainer> {
  return bench.take(await Trainer.open(bench.gpu, options));
}

/** The tensors of a vector that was saved, each row by row without its padding. */
export function tensorsOf(
  { tensors }: VectorLayout,
  vector: Float32Array,
): Float32Array<ArrayBuffer>[] {
  return tensors.map(({ rows, columns, stride, offset }) =>
    Float32Array.from(
      { length: rows * columns },
      (_, i) => vector[offset + Math.floor(i / columns) * stride + i % columns],
    )
  );
}

/** Where the next gradient of each replica is taken, tensor by tensor. */
export async function pointsOf(trainer: Trainer): Promise<Float32Array<ArrayBuffer>[][]> {
  const { layout, replicas } = await trainer.save();
  return replicas.map(({ parameters }) => tensorsOf(layout, parameters));
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
