import {
  type Gpu,
  type Optimizer,
  quadratic as quadraticModel,
  reference,
  Trainer,
} from "../../mod.ts";
import { ratesOf } from "./rates.ts";
import type { Measured } from "./statement.ts";

/** A quadratic, where its minimisation starts, and how it goes on. */
export interface Descent {
  quadratic: reference.Quadratic;
  /** Numbers that float32 holds. */
  start: Float64Array;
  optimizer: Optimizer;
}

/** Where a descent is after an update. */
export interface Stop {
  update: number;
  /** Its coordinates along the eigendirections. */
  theta: Float64Array;
  /** The most that rounding may have moved each of them. */
  error: Float64Array;
}

/** The stops of one descent, in order. */
export type Path = readonly Stop[];

/** The same descent computed twice. */
export interface Paths {
  /** As the paper writes the updates, with theta and v. */
  float64: Path;
  /** By the engine's trainer and optimizer, in float32. */
  gpu: Path;
}

/** Follows descents on quadratics of one size, side by side, with stops after `updates`. */
export async function follow(
  gpu: Gpu,
  descents: readonly Descent[],
  updates: readonly number[],
  interruption: AbortSignal,
): Promise<Paths[]> {
  const onGpu = await gpuPaths(gpu, descents, updates, interruption);
  return descents.map((descent, r) => ({ float64: float64Path(descent, updates), gpu: onGpu[r] }));
}

/** A descent that is followed for updates of its own. */
export interface Minimisation extends Descent {
  updates: number;
}

/** How often the GPU is read on the way of a {@linkcode Minimisation}. */
const readings = 24;

/** Follows descents side by side: in float64 after every update, on the GPU evenly to the last. */
export async function followEach<M extends Minimisation>(
  gpu: Gpu,
  minimisations: readonly M[],
  interruption: AbortSignal,
): Promise<(M & Paths)[]> {
  const read = minimisations.map(({ updates }) => {
    const step = (updates - 1) / (readings - 1);
    return Array.from({ length: readings }, (_, i) => Math.round(1 + i * step));
  });
  const updates = [...new Set(read.flat())].sort((a, b) => a - b);
  const onGpu = await gpuPaths(gpu, minimisations, updates, interruption);
  return minimisations.map((minimisation, r) => ({
    ...minimisation,
    float64: float64Path(minimisation, upTo(minimisation.updates)),
    gpu: onGpu[r].filter(({ update }) => read[r].includes(update)),
  }));
}

/** The path that the paper's updates take in float64. */
export function float64Path(descent: Descent, updates: readonly number[]): Path {
  const { quadratic, start, optimizer } = descent;
  const minimiser = new reference.TwoBuffer(
    optimizer.name.toUpperCase() as reference.Method,
    start,
  );
  const thetas = ratesUntil(descent, Math.max(...updates)).map(({ learningRate, momentum }) => {
    minimiser.step((point) => quadratic.gradient(point), learningRate, momentum);
    return minimiser.theta;
  });
  return pathOf(descent, updates, updates.map((update) => thetas[update - 1]), reference.float64);
}

/** The paths that the engine takes. */
export async function gpuPaths(
  gpu: Gpu,
  descents: readonly Descent[],
  updates: readonly number[],
  interruption: AbortSignal,
): Promise<Path[]> {
  const trainer = await Trainer.open(gpu, {
    model: quadraticModel(descents.map(({ quadratic }) => quadratic)),
    replicas: descents.map(({ start, optimizer }) => ({
      seed: 0,
      optimizer,
      initializer: () => ({ weights: start, biases: new Float64Array(start.length) }),
    })),
    batchSize: 1,
  });
  try {
    const thetas = descents.map((): Float32Array[] => []);
    for (const update of updates) {
      for await (const _ of trainer.run({ updates: update, evalCases: 0 }));
      interruption.throwIfAborted();
      const read = await Promise.all(descents.map((_, r) => trainer.theta(r)));
      read.forEach(([theta], r) => thetas[r].push(theta));
    }
    return descents.map((descent, r) => pathOf(descent, updates, thetas[r], reference.float32));
  } finally {
    trainer.free();
  }
}

/** The path through `thetas`, as found after each of `updates`. */
export function pathOf(
  descent: Descent,
  updates: readonly number[],
  thetas: readonly (Float32Array | Float64Array)[],
  arithmetic: reference.Arithmetic,
  options: Pick<reference.Iteration, "differences"> = {},
): Path {
  const rates = ratesUntil(descent, Math.max(...updates));
  const errors = reference.iterateErrors({ ...descent, ...options, rates }, arithmetic);
  return updates.map((update, k) => ({
    update,
    theta: descent.quadratic.toEigen(Float64Array.from(thetas[k])),
    error: errors[update],
  }));
}

function ratesUntil({ optimizer }: Descent, last: number): reference.Rates[] {
  return upTo(last).map((update) => ratesOf(optimizer, update - 1));
}

/** How far two paths lie apart, in all directions or in one, and what rounding allows. */
export function* distances(a: Path, b: Path, direction?: number): Iterable<Measured> {
  for (const [k, { theta, error }] of a.entries()) {
    for (const [i, value] of theta.entries()) {
      if (direction !== undefined && i !== direction) continue;
      yield { residual: Math.abs(value - b[k].theta[i]), bound: error[i] + b[k].error[i] };
    }
  }
}

/** 1, 2, ... `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}
