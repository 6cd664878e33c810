import type { Gpu } from "./gpu.ts";

/** GPU time by kernel, measured with a pair of timestamps around every dispatch. */
export class Profile {
  readonly #gpu: Gpu;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  /** Dispatches that fit between two calls of {@linkcode Profile.collect}. */
  readonly capacity: number;
  #labels: string[] = [];
  #totals = new Map<string, { calls: number; nanoseconds: number }>();

  /** Takes room for the timestamps of `capacity` dispatches. */
  constructor(gpu: Gpu, capacity: number = 2048) {
    this.#gpu = gpu;
    this.capacity = capacity;
    this.#queries = gpu.device.createQuerySet({ type: "timestamp", count: 2 * capacity });
    const { QUERY_RESOLVE, COPY_SRC } = GPUBufferUsage;
    this.#resolved = gpu.allocate("timestamps", 16 * capacity, QUERY_RESOLVE | COPY_SRC);
  }

  /** The pair of timestamps of the next dispatch, counted under `label`. */
  next(label: string): GPUComputePassTimestampWrites {
    const at = 2 * this.#labels.push(label);
    return {
      querySet: this.#queries,
      beginningOfPassWriteIndex: at - 2,
      endOfPassWriteIndex: at - 1,
    };
  }

  /** Reads the timestamps written so far into the totals. */
  async collect(): Promise<void> {
    const labels = this.#labels;
    if (labels.length === 0) return;
    this.#labels = [];
    const encoder = this.#gpu.device.createCommandEncoder();
    encoder.resolveQuerySet(this.#queries, 0, 2 * labels.length, this.#resolved, 0);
    this.#gpu.device.queue.submit([encoder.finish()]);
    const times = new BigUint64Array(await this.#gpu.read(this.#resolved, 0, 16 * labels.length));
    labels.forEach((label, i) => {
      const total = this.#totals.get(label) ?? { calls: 0, nanoseconds: 0 };
      total.calls++;
      total.nanoseconds += Number(times[2 * i + 1] - times[2 * i]);
      this.#totals.set(label, total);
    });
  }

  /** Calls and milliseconds by kernel, the slowest first. */
  get totals(): { kernel: string; calls: number; milliseconds: number }[] {
    return [...this.#totals]
      .map(([kernel, { calls, nanoseconds }]) => ({
        kernel,
        calls,
        milliseconds: nanoseconds / 1e6,
      }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Gives its buffers back. */
  free(): void {
    this.#queries.destroy();
    this.#gpu.free(this.#resolved);
  }
}
