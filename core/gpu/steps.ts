import type { Gpu } from "./gpu.ts";
import { allocateFloats, type Matrix, padded } from "./matrix.ts";

/**
 * R x T matrices of `rows` x `columns` float32 in one buffer, [R, T, rows, columns]: one a replica
 * and step, padded as each {@linkcode Matrix} is. All steps of a replica lie together, so that its
 * T x rows rows are one matrix as well.
 */
export interface Steps {
  /** Where they lie. */
  readonly buffer: GPUBuffer;
  /** R. */
  readonly replicas: number;
  /** T. */
  readonly steps: number;
  /** Without padding. */
  readonly rows: number;
  /** Without padding. */
  readonly columns: number;
  /** Floats from a row to the next. */
  readonly stride: number;
  /** Floats from a step to the next. */
  readonly stepStride: number;
  /** Floats from a replica to the next. */
  readonly replicaStride: number;
}

/** Sizes of {@linkcode Steps}. */
export type StepsShape = Pick<Steps, "replicas" | "steps" | "rows" | "columns">;

/** Floats that such matrices take. */
export function stepsLength({ replicas, steps, rows, columns }: StepsShape): number {
  return replicas * steps * padded(rows) * padded(columns);
}

/** Takes a buffer of such matrices, all zero. */
export function allocateSteps(gpu: Gpu, label: string, shape: StepsShape): Steps {
  const { rows, columns, steps } = shape;
  const stride = padded(columns);
  const stepStride = padded(rows) * stride;
  const buffer = allocateFloats(gpu, label, stepsLength(shape));
  return { buffer, ...shape, stride, stepStride, replicaStride: steps * stepStride };
}

/** The rows of `count` steps from step `first` on as one matrix a replica, padding rows included. */
export function rowsOf(all: Steps, first = 0, count = all.steps): Matrix {
  const { buffer, replicas, rows, columns, stride, stepStride, replicaStride } = all;
  return {
    buffer,
    replicas,
    rows: count * padded(rows),
    columns,
    stride,
    offset: first * stepStride,
    replicaStride,
  };
}
