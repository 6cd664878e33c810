import { AdapterError } from "../errors.ts";
import { Gpu } from "./gpu.ts";
import { limitsOf } from "./limits.ts";
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
 * WebGPU tells GPUs apart by no number: a process has the one that its driver gives it, whatever is
 * asked. Which one is chosen outside, on Linux by VK_DRIVER_FILES or MESA_VK_DEVICE_SELECT; several
 * GPUs are a process each.
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
