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
  epoch: number;
  /** By replica. */
  rates: readonly Rates[];
}

/** The scalars of an update: v' = momentum v - learningRate g; phi' = phi - lead v + (1 + nextLead) v'. */
export interface Rates {
  /** eps. */
  learningRate: number;
  /** mu. */
  momentum: number;
  /** How far the gradient point leads theta along v: phi = theta + lead v. */
  lead: number;
  /** The same after the update. */
  nextLead: number;
}

/**
 * The scalars that change with the step, for a whole chunk of steps in one buffer, so that nothing
 * is uploaded between the steps. A dynamic offset selects the row.
 */
export class StepTable {
  readonly capacity: number;
  readonly #gpu: Gpu;
  readonly #words: number;
  readonly #buffer: GPUBuffer;
  readonly #group: GPUBindGroup;
  readonly #offset = new Uint32Array(1);

  constructor(gpu: Gpu, { capacity, replicas }: { capacity: number; replicas: number }) {
    this.#gpu = gpu;
    this.capacity = capacity;
    const alignment = gpu.device.limits.minStorageBufferOffsetAlignment;
    const stride = Math.ceil(rowSize(replicas) / alignment) * alignment;
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
    rows.forEach(({ update, slot, position, epoch, rates }, i) => {
      words.set([update, slot, position, epoch], i * this.#words);
      rates.forEach(({ learningRate, momentum, lead, nextLead }, r) => {
        floats.set([learningRate, momentum, lead, nextLead], i * this.#words + 4 + 4 * r);
      });
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
 * Bytes of a row. A binding must hold the whole struct with an element of its array, of which an
 * evaluation has none; an alignment of 16 bytes does not see to that.
 */
function rowSize(replicas: number): number {
  return 16 + 16 * Math.max(1, replicas);
}
