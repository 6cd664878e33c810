import { GPUFault, GPUMemoryError, InputError } from "../errors.ts";
import { Faults } from "./faults.ts";

/**
 * Texels along x of a mirror: `mirrored()` folds an index with it; see compose.ts.
 */
export const MIRROR_WIDTH = 1024;

/** Bytes of one row of a mirror; buffers that are mirrored are multiples of it. */
export const MIRROR_ROW = 16 * MIRROR_WIDTH;

/** Bytes that are written between two submits at most: they wait for one in memory of their own. */
const WAITING_BYTES = 2 ** 24;

/** So long a browser may take from ending a read to telling that the device is lost. */
const LOSS_MS = 5000;

/**
 * The memory of a device: the buffers taken from it, the textures that mirror them, and what the
 * device reported of both.
 */
export class Memory {
  /** The device itself. */
  readonly device: GPUDevice;
  /** Buffers and textures created so far; constant once a plan is built. */
  allocations = 0;
  /** Bytes held by live buffers and textures. */
  allocatedBytes = 0;

  #faults = new Faults();
  /** Bytes written since a submit was made of them. */
  #waiting = 0;
  /** What {@linkcode Memory.takeAll} is taking. */
  #taking: Set<GPUBuffer> | undefined;
  readonly #mirrors = new Map<GPUBuffer, GPUTexture>();

  /** The memory of a device that is open. */
  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** The largest buffer that can be bound as a whole, in bytes. */
  get maxBinding(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  /** Takes a buffer of `size` bytes (rounded up to 16), zero where nothing is written. */
  allocate(label: string, size: number, usage?: GPUBufferUsageFlags): GPUBuffer {
    const bytes = Math.max(16, Math.ceil(size / 16) * 16);
    if (bytes > this.maxBinding) {
      throw new InputError(
        `${label} needs ${mebibytes(bytes)} in one buffer; this adapter allows ${
          mebibytes(this.maxBinding)
        }: use fewer replicas, a smaller batch or smaller layers`,
      );
    }
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const buffer = this.device.createBuffer({
      label,
      size: bytes,
      usage: usage ?? STORAGE | COPY_SRC | COPY_DST,
    });
    this.#count(bytes);
    this.#taking?.add(buffer);
    return buffer;
  }

  /** Gives what `build` makes; where it throws, all buffers that it took are given back. */
  takeAll<T>(build: () => T): T {
    const outer = this.#taking;
    const taken = this.#taking = new Set<GPUBuffer>();
    try {
      const made = build();
      for (const buffer of taken) outer?.add(buffer);
      return made;
    } catch (error) {
      for (const buffer of taken) this.free(buffer);
      throw error;
    } finally {
      this.#taking = outer;
    }
  }

  /**
   * The same, ready and free of faults: `prepare` is called with what was built. Throws a
   * {@linkcode GPUMemoryError} where the device is out of memory.
   */
  async takeReady<T extends { free(): void }>(
    build: () => T,
    prepare: (made: T) => Promise<void> | void = () => {},
  ): Promise<T> {
    this.device.pushErrorScope("out-of-memory");
    let made: T;
    let error: GPUError | null = null;
    try {
      made = this.takeAll(build);
    } finally {
      error = await this.device.popErrorScope();
    }
    try {
      if (error) throw new GPUMemoryError(`out of GPU memory: ${error.message}`);
      await prepare(made);
      await this.settle();
      return made;
    } catch (failure) {
      made.free();
      // What failed was reported a second time wherever it was used.
      await this.settle().catch(() => {});
      throw failure;
    }
  }

  /** Gives a buffer and its mirror back. */
  free(buffer: GPUBuffer): void {
    this.#taking?.delete(buffer);
    if (this.#mirrors.has(buffer)) {
      this.#mirrors.get(buffer)!.destroy();
      this.#mirrors.delete(buffer);
      this.#count(-buffer.size);
    }
    this.#count(-buffer.size);
    buffer.destroy();
  }

  /** Takes a storage buffer that holds `data`. */
  upload(label: string, data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    const buffer = this.allocate(label, data.byteLength);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += WAITING_BYTES) {
      this.write(buffer, bytes.subarray(at, at + WAITING_BYTES), at);
    }
    return buffer;
  }

  /** Writes `data` at `offset` bytes. Checked here: a range out of bounds would end the process. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    if (offset % 4 || data.byteLength % 4 || offset + data.byteLength > buffer.size) {
      throw new RangeError(
        `cannot write ${data.byteLength} bytes at ${offset} into ${buffer.label} of ${buffer.size}`,
      );
    }
    // Deno's writeBuffer() ends the process where there is nothing to write.
    if (data.byteLength === 0) return;
    this.device.queue.writeBuffer(buffer, offset, data);
    this.#waiting += data.byteLength;
    if (this.#waiting < WAITING_BYTES) return;
    this.device.queue.submit([]);
    this.#waiting = 0;
  }

  /** Copies `size` bytes at `offset` of `buffer` to the host, after all work submitted so far. */
  async read(buffer: GPUBuffer, offset: number = 0, size?: number): Promise<ArrayBuffer> {
    size ??= buffer.size - offset;
    const since = this.faults;
    const { MAP_READ, COPY_DST } = GPUBufferUsage;
    const staging = this.allocate(`copy of ${buffer.label}`, size, MAP_READ | COPY_DST);
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
      this.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ, 0, size);
      this.raise({ since });
      return staging.getMappedRange(0, size).slice(0);
    } catch (error) {
      return await this.raiseFailedRead(error, since);
    } finally {
      this.free(staging);
    }
  }

  /**
   * The texture that mirrors `buffer`, taken when first asked for.
   *
   * Software rasterizers read textures faster than buffers: lavapipe fills a vector of eight lanes
   * from a buffer one lane at a time through memory, while its texel fetch keeps them in registers,
   * an order of magnitude sooner. A copy costs one pass over the bytes; products read every byte
   * many times.
   */
  mirror(buffer: GPUBuffer): GPUTexture {
    let texture = this.#mirrors.get(buffer);
    if (!texture) {
      if (buffer.size % MIRROR_ROW) {
        throw new Error(`${buffer.label} has ${buffer.size} bytes, no multiple of ${MIRROR_ROW}`);
      }
      texture = this.device.createTexture({
        label: buffer.label,
        size: [MIRROR_WIDTH, mirrorHeight(buffer)],
        format: "rgba32float",
        usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
      });
      this.#mirrors.set(buffer, texture);
      this.#count(buffer.size);
    }
    return texture;
  }

  /** Encodes the copy that brings the mirror of `buffer` up to date. */
  refreshMirror(encoder: GPUCommandEncoder, buffer: GPUBuffer): void {
    encoder.copyBufferToTexture(
      { buffer, bytesPerRow: MIRROR_ROW },
      { texture: this.mirror(buffer) },
      [MIRROR_WIDTH, buffer.size / MIRROR_ROW],
    );
  }

  /** Waits until all submitted work is done, then raises what went wrong, if anything did. */
  async settle(): Promise<void> {
    const since = this.faults;
    await this.device.queue.onSubmittedWorkDone();
    this.raise({ since });
  }

  /** Errors recorded so far: what a call that waits for the GPU notes before it does. */
  get faults(): number {
    return this.#faults.count;
  }

  /** Notes what went wrong, or the cause of it, for whoever waits for the GPU next. */
  recordFault(message: string | Error, options: { isCause?: boolean } = {}): void {
    this.#faults.record(message, options);
  }

  /**
   * Throws one `GPUFault` of the errors that nobody was told of yet, of those that came after the
   * first `since`, and of `cause`: what a call of the device threw.
   */
  raise({ since, cause }: { since?: number; cause?: unknown } = {}): void {
    if (cause instanceof GPUFault) throw cause;
    if (cause instanceof DOMException) this.#faults.record(cause.message);
    this.#faults.raise(since);
  }

  /** Raises why a read failed: browsers tell that a device is lost after they ended its reads. */
  async raiseFailedRead(cause: unknown, since: number): Promise<never> {
    if (cause instanceof DOMException && cause.name === "AbortError") {
      const patience = new Promise((resolve) => setTimeout(resolve, LOSS_MS));
      await Promise.race([this.device.lost, patience]);
    }
    // What was recorded meanwhile is why it was ended, also where another read has told of that.
    const isTold = cause instanceof DOMException && this.faults > since;
    this.raise(isTold ? { since } : { since, cause });
    throw cause;
  }

  /** Counts `bytes` taken, or given back where negative. */
  #count(bytes: number): void {
    if (bytes > 0) this.allocations++;
    this.allocatedBytes += bytes;
  }
}

/**
 * Rows of the mirror of `buffer`: never a power of two. lavapipe compiles a kernel anew for every
 * pattern of powers of two among the sizes of its textures.
 */
function mirrorHeight(buffer: GPUBuffer): number {
  let rows = buffer.size / MIRROR_ROW;
  while (Number.isInteger(Math.log2(rows))) rows++;
  return rows;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
