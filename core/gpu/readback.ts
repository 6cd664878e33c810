import type { Gpu } from "./gpu.ts";

/** A range of bytes of a buffer. */
export interface Range {
  buffer: GPUBuffer;
  offset?: number;
  size: number;
}

/**
 * Copies results to the host without stalling the GPU and without allocating: staging buffers taken
 * once and used in turn. A read lasts about as long as the platform polls, whatever its size, so
 * results are gathered on the GPU and read once a chunk.
 */
export class Readback {
  readonly #gpu: Gpu;
  readonly #staging: GPUBuffer[];
  readonly #idle: GPUBuffer[];

  /** `depth` reads of at most `bytes` may be under way at once. */
  constructor(gpu: Gpu, { bytes, depth }: { bytes: number; depth: number }) {
    const { MAP_READ, COPY_DST } = GPUBufferUsage;
    this.#gpu = gpu;
    this.#staging = Array.from(
      { length: depth },
      () => gpu.allocate("readback", bytes, MAP_READ | COPY_DST),
    );
    this.#idle = [...this.#staging];
  }

  /** Reads the ranges, one after another in the result, after all work submitted so far. */
  async read(ranges: readonly Range[]): Promise<ArrayBuffer> {
    const staging = this.#idle.pop();
    if (!staging) throw new Error("more reads under way than the readback has buffers");
    const since = this.#gpu.faults;
    try {
      const encoder = this.#gpu.device.createCommandEncoder();
      let at = 0;
      for (const { buffer, offset = 0, size } of ranges) {
        encoder.copyBufferToBuffer(buffer, offset, staging, at, size);
        at += size;
      }
      this.#gpu.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ, 0, Math.max(at, 4));
      const bytes = staging.getMappedRange(0, at).slice(0);
      staging.unmap();
      this.#gpu.raise({ since });
      return bytes;
    } catch (error) {
      return await this.#gpu.raiseFailedRead(error, since);
    } finally {
      this.#idle.push(staging);
    }
  }

  /** Gives the buffers back. */
  free(): void {
    for (const buffer of this.#staging) this.#gpu.free(buffer);
  }
}
