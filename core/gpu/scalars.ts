import type { Gpu } from "./gpu.ts";
import { stepLayout } from "./kernel.ts";

/** What a step's kernels read of it; see shaders/common/step.wgsl. */
export interface StepRow {
  /** Updates done before this one. */
  update: number;
  /** Slot of the metrics ring that takes this step's figures. */
  slot: number;
  /** Place of the minibatch's first case within its epoch. */
  position: number;
  /** Passes over the data before this one. */
  epoch: number;
  /** What the optimizers read, rounded to float32; see {@linkcode StepScalars}. */
  scalars: readonly number[];
}

/** Where some replicas' scalars lie in the rows of a step table: [replica][group][name]. */
export interface StepScalars {
  /** Scalars before the first of them. */
  readonly first: number;
  /** Their names, in order. */
  readonly names: readonly string[];
  /** Groups of tensors, each with scalars of its own. */
  readonly groups: number;
}

/** Bytes of update, slot, position and epoch. */
const HEADER = 16;

/**
 * The scalars that change with the step, for a whole chunk of steps in one buffer, so that nothing
 * is uploaded between the steps. A dynamic offset selects the row.
 */
export class StepTable {
  /** Rows that it holds. */
  readonly capacity: number;
  readonly #gpu: Gpu;
  readonly #words: number;
  readonly #buffer: GPUBuffer;
  readonly #group: GPUBindGroup;
  readonly #offset = new Uint32Array(1);

  /** Takes a buffer for `capacity` rows of so many scalars. */
  constructor(gpu: Gpu, { capacity, scalars }: { capacity: number; scalars: number }) {
    this.#gpu = gpu;
    this.capacity = capacity;
    const alignment = gpu.device.limits.minStorageBufferOffsetAlignment;
    const stride = rowBytes(scalars, alignment);
    this.#words = stride / 4;
    this.#buffer = gpu.allocate("step table", stride * capacity);
    this.#group = gpu.device.createBindGroup({
      label: "step",
      layout: stepLayout(gpu.device),
      entries: [{ binding: 0, resource: { buffer: this.#buffer, size: stride } }],
    });
  }

  /** Uploads the rows of the next chunk, after all work submitted so far. */
  write(rows: readonly StepRow[]): void {
    const words = new Uint32Array(rows.length * this.#words);
    const floats = new Float32Array(words.buffer);
    rows.forEach(({ update, slot, position, epoch, scalars }, i) => {
      words.set([update, slot, position, epoch], i * this.#words);
      floats.set(scalars, i * this.#words + HEADER / 4);
    });
    this.#gpu.write(this.#buffer, words);
  }

  /** Binds row `i` in `pass`. */
  bind(pass: GPUComputePassEncoder, i: number): void {
    this.#offset[0] = 4 * i * this.#words;
    pass.setBindGroup(1, this.#group, this.#offset, 0, 1);
  }

  /** Gives the buffer back. */
  free(): void {
    this.#gpu.free(this.#buffer);
  }
}

/**
 * Bytes from a row to the next: never less than the struct of the shader with one scalar, whatever
 * an adapter allows as offsets.
 */
export function rowBytes(scalars: number, alignment: number): number {
  return Math.ceil((HEADER + 4 * Math.max(scalars, 1)) / alignment) * alignment;
}
