import { compose, type Constants } from "./compose.ts";
import { createKernel, type Defect, type Kernel } from "./kernel.ts";
import { Memory } from "./memory.ts";

/** What was measured of the variants of kernels; see `Tuning`. */
export interface Tuner {
  /** The variant found fastest for a key, if it was measured. */
  find<Variant>(choice: { key: string; variants: readonly Variant[] }): Variant | undefined;
  /** Measures choices that were not measured yet. */
  decide(choices: readonly { readonly key: string }[]): Promise<void>;
}

/**
 * The machine: a device, the buffers taken from it, its compiled kernels, and the errors it reported.
 *
 * WebGPU reports most errors to nobody: a kernel that does not compile or a write out of bounds goes
 * on without a word. Every error is recorded here and raised by the next {@linkcode Gpu.settle}.
 */
export class Gpu extends Memory {
  /** What the adapter says of itself. */
  readonly info: GPUAdapterInfo;
  /** Where products read their matrices; see `OpenOptions`. */
  readonly operands: "buffers" | "textures";
  /** What was measured of the variants of kernels; undefined where nothing is to be. */
  tuning: Tuner | undefined;
  #owned: boolean;
  #kernels = new Map<string, Kernel>();
  #compiling = new Set<Promise<void>>();
  #closed = false;

  /** Use `openGPU()`. */
  constructor(
    device: GPUDevice,
    info: GPUAdapterInfo,
    options: { owned: boolean; operands: Gpu["operands"] | undefined },
  ) {
    super(device);
    this.info = info;
    this.operands = options.operands ?? (this.isSoftware ? "textures" : "buffers");
    this.#owned = options.owned;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.recordFault((event as GPUUncapturedErrorEvent).error.message);
    });
    device.lost.then(({ reason, message }) => {
      if (!this.#closed) this.recordFault(`the device was lost (${reason}): ${message}`);
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

  /** Whether timestamps can be written, which a `Profile` needs. */
  get hasTimestamps(): boolean {
    return this.device.features.has("timestamp-query");
  }

  /**
   * The kernel composed from the texts of `sources` and `constants`, compiled once. TEXTURES is set
   * where operands are read from textures. A text that does not compile is raised by the next
   * {@linkcode Gpu.settle}, in the words of `explain`.
   */
  kernel(
    name: string,
    sources: readonly string[],
    constants: Constants = {},
    explain: (defect: Defect) => string | Promise<Error> = ({ message }) =>
      `${name}: ${message.trim()}`,
  ): Kernel {
    const text = compose(sources.join("\n"), {
      TEXTURES: this.operands === "textures",
      ...constants,
    });
    let kernel = this.#kernels.get(text);
    if (!kernel) {
      kernel = createKernel(this.device, name, text, async (defect) => {
        this.recordFault(await explain(defect), { isCause: true });
      });
      const { compiled } = kernel;
      this.#compiling.add(compiled);
      compiled.finally(() => this.#compiling.delete(compiled));
      this.#kernels.set(text, kernel);
    }
    return kernel;
  }

  /** Waits until all submitted work is done, then raises what went wrong, if anything did. */
  override async settle(): Promise<void> {
    await Promise.all(this.#compiling);
    await super.settle();
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
