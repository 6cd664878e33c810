import { AdapterError, GPUFault, InputError } from "../errors.ts";
import { compose, type Constants } from "./compose.ts";
import { Faults } from "./faults.ts";
import { createKernel, type Kernel } from "./kernel.ts";
import { limitsOf } from "./limits.ts";
import { Mirrors } from "./mirror.ts";
import { Tuning, type TuningStore } from "./tuning.ts";

/** How to open the GPU; see {@linkcode openGPU}. */
export interface OpenOptions {
  /** An adapter already chosen; by default the system's. */
  adapter?: GPUAdapter;
  /** A device already open; it is used as it is and not destroyed by {@linkcode Gpu.close}. */
  device?: GPUDevice;
  /**
   * Where products read their matrices: in buffers, or in textures that mirror them. By default
   * textures on an adapter that computes on the CPU, which fetches them much faster, else buffers.
   * Results have the same bits.
   */
  operands?: "buffers" | "textures";
  /**
   * Has trainers measure which variants of their kernels are fastest here, once for each adapter and
   * size, and keep the outcome there. Results have the same bits. Needs timestamps.
   */
  tuning?: TuningStore | undefined;
}

/**
 * Opens the GPU with every limit its adapter has, and timestamps where it offers them.
 *
 * Throws an {@linkcode AdapterError} where no adapter answers.
 *
 * ```ts
 * import { openGPU } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * console.log(gpu.description, gpu.isSoftware ? "(software)" : "");
 * ```
 */
export async function openGPU(options: OpenOptions = {}): Promise<Gpu> {
  const gpu = options.device ? wrap(options.device, options) : await openDevice(options);
  if (options.tuning && gpu.hasTimestamps) gpu.tuning = await Tuning.load(gpu, options.tuning);
  return gpu;
}

function wrap(device: GPUDevice, { adapter, operands }: OpenOptions): Gpu {
  return new Gpu(device, adapter?.info ?? device.adapterInfo, { owned: false, operands });
}

async function openDevice(options: OpenOptions): Promise<Gpu> {
  // Where there is no WebGPU there may be no navigator either.
  const adapter = options.adapter ?? await globalThis.navigator?.gpu?.requestAdapter();
  if (!adapter) {
    throw new AdapterError(
      "no WebGPU adapter answers here: install a Vulkan driver (mesa-vulkan-drivers is a software one)",
    );
  }
  const timestamps: GPUFeatureName = "timestamp-query";
  const device = await adapter.requestDevice({
    requiredFeatures: adapter.features.has(timestamps) ? [timestamps] : [],
    requiredLimits: limitsOf(adapter.limits),
  });
  return new Gpu(device, adapter.info, { owned: true, operands: options.operands });
}

/**
 * The machine: a device, the buffers taken from it, its compiled kernels, and the errors it reported.
 *
 * WebGPU reports most errors to nobody: a kernel that does not compile or a write out of bounds goes
 * on without a word. Every error is recorded here and raised by the next {@linkcode Gpu.settle}.
 */
export class Gpu {
  /** The device itself. */
  readonly device: GPUDevice;
  /** What the adapter says of itself. */
  readonly info: GPUAdapterInfo;
  /** Where products read their matrices; see {@linkcode OpenOptions}. */
  readonly operands: "buffers" | "textures";
  /** Textures that mirror buffers, where products read those. */
  readonly mirrors: Mirrors = new Mirrors(this);
  /** What was measured of the variants of kernels; undefined where nothing is to be. */
  tuning: Tuning | undefined;
  /** Buffers and textures created so far; constant once a plan is built. */
  allocations = 0;
  /** Bytes held by live buffers. */
  allocatedBytes = 0;

  #owned: boolean;
  #faults = new Faults();
  #kernels = new Map<string, Kernel>();
  #closed = false;
  /** What {@linkcode Gpu.takeAll} is taking. */
  #taking: Set<GPUBuffer> | undefined;

  /** Use {@linkcode openGPU}. */
  constructor(
    device: GPUDevice,
    info: GPUAdapterInfo,
    options: { owned: boolean; operands: OpenOptions["operands"] | undefined },
  ) {
    this.device = device;
    this.info = info;
    this.operands = options.operands ?? (this.isSoftware ? "textures" : "buffers");
    this.#owned = options.owned;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#faults.record((event as GPUUncapturedErrorEvent).error.message);
    });
    device.lost.then(({ reason, message }) => {
      if (!this.#closed) this.#faults.record(`the device was lost (${reason}): ${message}`);
    });
  }

  /**
   * The adapter in words, such as "llvmpipe (LLVM 15.0.6, 256 bits)". Browsers keep those to
   * themselves; there it is vendor and architecture, such as "google swiftshader".
   */
  get description(): string {
    const { description, vendor, architecture, device } = this.info;
    return description || `${vendor} ${architecture}`.trim() || device || "unnamed adapter";
  }

  /** Whether the adapter computes on the CPU. */
  get isSoftware(): boolean {
    const { isFallbackAdapter, architecture } = this.info;
    const words = `${this.description} ${architecture}`;
    return isFallbackAdapter || /llvmpipe|swiftshader|lavapipe/i.test(words);
  }

  /** Whether timestamps can be written, which {@linkcode Profile} needs. */
  get hasTimestamps(): boolean {
    return this.device.features.has("timestamp-query");
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
    this.count(bytes);
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

  /** Counts `bytes` taken, or given back where negative. */
  count(bytes: number): void {
    if (bytes > 0) this.allocations++;
    this.allocatedBytes += bytes;
  }

  /** Gives a buffer and its mirror back. */
  free(buffer: GPUBuffer): void {
    this.#taking?.delete(buffer);
    this.mirrors.free(buffer);
    this.count(-buffer.size);
    buffer.destroy();
  }

  /** Takes a storage buffer that holds `data`. */
  upload(label: string, data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
    const buffer = this.allocate(label, data.byteLength);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < bytes.length; at += UPLOAD_BYTES) {
      this.write(buffer, bytes.subarray(at, at + UPLOAD_BYTES), at);
      // What is written waits in memory of its own for the next submit.
      this.device.queue.submit([]);
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
    this.device.queue.writeBuffer(buffer, offset, data);
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
      this.raise({ since, cause: error });
      throw error;
    } finally {
      this.free(staging);
    }
  }

  /** The kernel composed from the texts of `sources` and `constants`, compiled once. */
  kernel(name: string, sources: readonly string[], constants: Constants = {}): Kernel {
    const text = compose(sources.join("\n"), constants);
    let kernel = this.#kernels.get(text);
    if (!kernel) {
      kernel = createKernel(this.device, name, text, (defect) => this.#faults.record(defect));
      this.#kernels.set(text, kernel);
    }
    return kernel;
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

  /**
   * Throws one {@linkcode GPUFault} of the errors that nobody was told of yet, of those that came
   * after the first `since`, and of `cause`: what a call of the device threw.
   */
  raise({ since, cause }: { since?: number; cause?: unknown } = {}): void {
    if (cause instanceof GPUFault) throw cause;
    if (cause instanceof DOMException) this.#faults.record(cause.message);
    this.#faults.raise(since);
  }

  /** Destroys the device, if it was opened here. */
  close(): void {
    this.#closed = true;
    if (this.#owned) this.device.destroy();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Bytes of an upload that wait at once to be copied. */
const UPLOAD_BYTES = 2 ** 24;

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
