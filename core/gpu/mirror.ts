import type { Gpu } from "./gpu.ts";

/**
 * Texels along x of a mirror: `mirrored()` in shaders/common/operand.wgsl folds an index with it.
 */
export const MIRROR_WIDTH = 1024;

/** Bytes of one row of a mirror; buffers that are mirrored are multiples of it. */
export const MIRROR_ROW = 16 * MIRROR_WIDTH;

/**
 * Copies of buffers as textures of vec4, for adapters that read textures faster than buffers.
 *
 * Software rasterizers do: lavapipe fills a vector of eight lanes from a buffer one lane at a time
 * through memory, while its texel fetch keeps them in registers, an order of magnitude sooner. A
 * copy costs one pass over the bytes; products read every byte many times.
 */
export class Mirrors {
  readonly #gpu: Gpu;
  readonly #textures = new Map<GPUBuffer, GPUTexture>();

  /** Takes nothing yet. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** The mirror of `buffer`, taken when first asked for. */
  of(buffer: GPUBuffer): GPUTexture {
    let texture = this.#textures.get(buffer);
    if (!texture) {
      if (buffer.size % MIRROR_ROW) {
        throw new Error(`${buffer.label} has ${buffer.size} bytes, no multiple of ${MIRROR_ROW}`);
      }
      texture = this.#gpu.device.createTexture({
        label: buffer.label,
        size: [MIRROR_WIDTH, mirrorHeight(buffer)],
        format: "rgba32float",
        usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
      });
      this.#textures.set(buffer, texture);
      this.#gpu.count(buffer.size);
    }
    return texture;
  }

  /** Encodes the copy that brings the mirror of `buffer` up to date. */
  refresh(encoder: GPUCommandEncoder, buffer: GPUBuffer): void {
    encoder.copyBufferToTexture(
      { buffer, bytesPerRow: MIRROR_ROW },
      { texture: this.of(buffer) },
      [MIRROR_WIDTH, buffer.size / MIRROR_ROW],
    );
  }

  /** Gives the mirror of `buffer` back, if it has one. */
  free(buffer: GPUBuffer): void {
    const texture = this.#textures.get(buffer);
    if (!texture) return;
    this.#textures.delete(buffer);
    texture.destroy();
    this.#gpu.count(-buffer.size);
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
