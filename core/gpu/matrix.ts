import type { Gpu } from "./gpu.ts";
import { MIRROR_ROW } from "./memory.ts";

/** Rows and columns are padded to multiples of this. */
export const BLOCK = 8;

/**
 * R matrices of `rows` x `columns` float32, one a replica, within a buffer.
 *
 * Rows and columns are padded to multiples of {@linkcode BLOCK}: every kernel loads vec4, and a
 * product works on whole tiles without a test at its edges. The padding holds zero, or meets zeros
 * wherever it is multiplied. Offsets and strides count floats.
 */
export interface Matrix {
  /** Where they lie. */
  readonly buffer: GPUBuffer;
  /** R. */
  readonly replicas: number;
  /** Without padding. */
  readonly rows: number;
  /** Without padding. */
  readonly columns: number;
  /** From a row to the next: `columns` rounded up to whole blocks. */
  readonly stride: number;
  /** Where the first replica's matrix begins. */
  readonly offset: number;
  /** From a replica to the next. */
  readonly replicaStride: number;
}

/** The smallest multiple of {@linkcode BLOCK} that is not below `n`. */
export function padded(n: number): number {
  return Math.ceil(n / BLOCK) * BLOCK;
}

/** Takes a buffer of `floats` float32 that products may read; none of none, which cannot be bound. */
export function allocateFloats(gpu: Gpu, label: string, floats: number): GPUBuffer {
  const granule = gpu.operands === "textures" ? MIRROR_ROW : 16;
  return gpu.allocate(label, Math.max(1, Math.ceil(4 * floats / granule)) * granule);
}

/** Takes a buffer that holds just such matrices, all zero. */
export function allocateMatrix(
  gpu: Gpu,
  label: string,
  { replicas, rows, columns }: { replicas: number; rows: number; columns: number },
): Matrix {
  const stride = padded(columns);
  const replicaStride = padded(rows) * stride;
  const buffer = allocateFloats(gpu, label, replicas * replicaStride);
  return { buffer, replicas, rows, columns, stride, offset: 0, replicaStride };
}

/** `values` of R matrices, row by row without padding, laid out as `matrix` is within its buffer. */
export function pad(matrix: Matrix, values: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const { replicas, rows, columns, stride, replicaStride } = matrix;
  const out = new Float32Array(replicas * replicaStride);
  for (let r = 0, at = 0; r < replicas; r++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) out[r * replicaStride + i * stride + j] = values[at++];
    }
  }
  return out;
}

/** The inverse of {@linkcode pad}: the values alone, out of the padded contents of one buffer. */
export function unpad(matrix: Matrix, contents: Float32Array): Float32Array<ArrayBuffer> {
  const { replicas, rows, columns, stride, offset, replicaStride } = matrix;
  const out = new Float32Array(replicas * rows * columns);
  for (let r = 0, at = 0; r < replicas; r++) {
    for (let i = 0; i < rows; i++) {
      const start = offset + r * replicaStride + i * stride;
      out.set(contents.subarray(start, start + columns), at);
      at += columns;
    }
  }
  return out;
}
