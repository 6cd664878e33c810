import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { Readback } from "../gpu/readback.ts";
import { clipNorm } from "../ops/clip_norm.ts";
import { norm } from "../ops/norm.ts";
import type { Vector } from "../gpu/vector.ts";

/** Measures the gradients of all replicas, and shortens those that are longer than a limit. */
export class GradientNorms {
  readonly #gpu: Gpu;
  readonly #gradient: Vector;
  readonly #limit: number | undefined;
  readonly #norms: GPUBuffer;
  readonly #readback: Readback;
  /** Measures where no step does, as none is clipped. */
  readonly #plan: Plan;

  /** `limit` is the norm to shorten longer gradients to; none is shortened without it. */
  constructor(gpu: Gpu, gradient: Vector, limit: number | undefined) {
    this.#gpu = gpu;
    this.#gradient = gradient;
    this.#limit = limit;
    this.#norms = gpu.allocate("norms of the gradients", 4 * gradient.replicas);
    this.#readback = new Readback(gpu, { bytes: 4 * gradient.replicas, depth: 1 });
    this.#plan = new Plan(gpu);
    if (limit === undefined) this.#measure(this.#plan);
    this.#plan.seal();
  }

  /** Records into a step what it needs between the gradient and its use. */
  record(step: Plan): void {
    if (this.#limit === undefined) return;
    const { buffer: x, layout: { length }, replicas } = this.#gradient;
    this.#measure(step);
    clipNorm(step, { x, norms: this.#norms }, { limit: this.#limit, length, replicas });
  }

  #measure(plan: Plan): void {
    const { buffer, layout: { length }, replicas } = this.#gradient;
    norm(plan, { x: buffer, out: this.#norms }, { length, replicas });
  }

  /** The norms of the gradients of the last step before they were clipped, while they still stand. */
  async read(): Promise<number[]> {
    this.#plan.submit();
    const size = 4 * this.#gradient.replicas;
    const bytes = await this.#readback.read([{ buffer: this.#norms, size }]);
    return Array.from(new Float32Array(bytes));
  }

  /** Gives its buffers back. */
  free(): void {
    this.#gpu.free(this.#norms);
    this.#readback.free();
    this.#plan.free();
  }
}
