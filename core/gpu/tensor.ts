import type { Gpu } from "./gpu.ts";
import { MIRROR_ROW } from "./memory.ts";

/** Rows and columns are padded to multiples of this. */
export const BLOCK = 8;

/**
 * A view of float32 within a buffer: `rows` x `columns` for each replica and step,
 * [R, T, rows, columns]. Where cases are no sequences T is 1, and [R, rows, columns] means the same.
 *
 * Rows and columns are padded to multiples of {@linkcode BLOCK}: every kernel loads vec4, and a
 * product works on whole tiles without a test at its edges. The padding holds zero, or meets zeros
 * wherever it is multiplied. The steps of a replica follow one another, so that their rows are one
 * matrix as well; see {@linkcode rowsOf}. Offsets and strides count floats.
 *
 * The parameters of a layer are tensors with a name, {@linkcode TensorShape}, one after another in a
 * `Vector`: `Vector.tensor()` is the view of one of them.
 */
export interface Tensor {
  /** Where it lies. */
  readonly buffer: GPUBuffer;
  /** R. */
  readonly replicas: number;
  /** T. */
  readonly steps: number;
  /** Of a step, without padding. */
  readonly rows: number;
  /** Without padding. */
  readonly columns: number;
  /** From a row to the next: `columns` rounded up to whole blocks. */
  readonly stride: number;
  /** From a step to the next. */
  readonly stepStride: number;
  /** From a replica to the next. */
  readonly replicaStride: number;
  /** Where the first step of the first replica begins. */
  readonly offset: number;
}

/** The sizes of a {@linkcode Tensor}. */
export interface TensorSizes extends Pick<Tensor, "replicas" | "rows" | "columns"> {
  /** T. Default: one. */
  readonly steps?: number | undefined;
}

/** The smallest multiple of {@linkcode BLOCK} that is not below `n`. */
export function padded(n: number): number {
  return Math.ceil(n / BLOCK) * BLOCK;
}

/** Floats that a tensor takes, padding included. */
export function tensorLength({ replicas, steps = 1, rows, columns }: TensorSizes): number {
  return replicas * steps * padded(rows) * padded(columns);
}

/** Takes a buffer of `floats` float32 that products may read; none of none, which cannot be bound. */
export function allocateFloats(gpu: Gpu, label: string, floats: number): GPUBuffer {
  const granule = gpu.operands === "textures" ? MIRROR_ROW : 16;
  return gpu.allocate(label, Math.max(1, Math.ceil(4 * floats / granule)) * granule);
}

/** Takes a buffer that holds just such a tensor, all zero. */
export function allocateTensor(gpu: Gpu, label: string, sizes: TensorSizes): Tensor {
  return tensorWithin(allocateFloats(gpu, label, tensorLength(sizes)), sizes);
}

/** The tensor of such sizes that begins at `offset` floats of a buffer. */
export function tensorWithin(buffer: GPUBuffer, sizes: TensorSizes, offset = 0): Tensor {
  const { replicas, steps = 1, rows, columns } = sizes;
  const stride = padded(columns);
  const stepStride = padded(rows) * stride;
  const strides = { stride, stepStride, replicaStride: steps * stepStride };
  return { buffer, replicas, steps, rows, columns, ...strides, offset };
}

/** Rows of all steps of a replica as one matrix; of several, those of the padding count. */
export function rowsOf({ steps, rows }: Tensor): number {
  return steps === 1 ? rows : steps * padded(rows);
}

/** The view of `steps` steps from step `first` on, which may be before its own first one. */
export function stepsOf(tensor: Tensor, first: number, steps = tensor.steps): Tensor {
  return { ...tensor, steps, offset: tensor.offset + first * tensor.stepStride };
}

/** Columns of a tensor of cases that hold `count` matrices a case, each of several parts. */
export function matrixColumns(sizes: Matrices): number {
  return sizes.count * tensorLength({ ...sizes, replicas: 1 });
}

/** Matrices of a case, one after another, each of so many parts. */
export interface Matrices extends Pick<Tensor, "rows" | "columns"> {
  readonly count: number;
  /** Parts, each `rows` x `columns`. */
  readonly steps: number;
}

/**
 * A tensor of cases [R, B, {@linkcode matrixColumns}] as the matrices that it holds, those of a padded
 * batch: as many replicas, each of whose parts is a step.
 */
export function matricesOf(cases: Tensor, { count, steps, rows, columns }: Matrices): Tensor {
  const stride = padded(columns), stepStride = padded(rows) * stride;
  return {
    ...{ buffer: cases.buffer, offset: cases.offset, steps, rows, columns, stride, stepStride },
    replicas: cases.replicas * padded(cases.rows) * count,
    replicaStride: steps * stepStride,
  };
}

/**
 * The view of what lies alone in a buffer in which each row is a matrix of `rows` x `columns` with
 * padding of its own, [R, cases, rows, columns]: those of all cases follow one another.
 */
export function caseMatrices(tensor: Tensor, rows: number, columns: number): Tensor {
  const [stride, steps] = [padded(columns), tensor.replicaStride / tensor.stride];
  return { ...tensor, steps, rows, columns, stride, stepStride: padded(rows) * stride };
}

/** The inverse of {@linkcode caseMatrices} for one matrix a replica: all of it as one row. */
export function asRow(tensor: Tensor): Tensor {
  const columns = padded(tensor.rows) * tensor.stride;
  return { ...tensor, rows: 1, columns, stride: columns, stepStride: columns };
}

/** The view of so many parts of each replica's steps, each of which stands for a replica. */
export function partsOf(tensor: Tensor, parts: number): Tensor {
  const { replicas, steps, replicaStride } = tensor;
  return {
    ...tensor,
    replicas: parts * replicas,
    steps: steps / parts,
    replicaStride: replicaStride / parts,
  };
}

/** `values` [R, T, rows, columns] without padding, laid out from the buffer's start as `tensor` is. */
export function pad(tensor: Tensor, values: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const { replicas, steps, columns, stepStride, replicaStride, offset } = tensor;
  const out = new Float32Array(offset + (replicas - 1) * replicaStride + steps * stepStride);
  let at = 0;
  for (const start of rowStarts(tensor)) {
    for (let j = 0; j < columns; j++) out[start + j] = values[at++];
  }
  return out;
}

/** The inverse of {@linkcode pad}: the values alone, out of the padded contents of one buffer. */
export function unpad(tensor: Tensor, contents: Float32Array): Float32Array<ArrayBuffer> {
  const { replicas, steps, rows, columns } = tensor;
  const out = new Float32Array(replicas * steps * rows * columns);
  let at = 0;
  for (const start of rowStarts(tensor)) {
    out.set(contents.subarray(start, start + columns), at);
    at += columns;
  }
  return out;
}

/** Where the rows that are no padding begin, in order. */
function* rowStarts(tensor: Tensor): Generator<number> {
  const { replicas, steps, rows, stride, stepStride, replicaStride, offset } = tensor;
  for (let r = 0; r < replicas; r++) {
    for (let t = 0; t < steps; t++) {
      for (let i = 0; i < rows; i++) yield offset + r * replicaStride + t * stepStride + i * stride;
    }
  }
}
