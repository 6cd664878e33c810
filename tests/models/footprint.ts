import { assertEquals } from "@std/assert";
import { MIRROR_ROW } from "../../core/gpu/memory.ts";
import type { Gpu, Model } from "../../mod.ts";

/** Asserts that the graphs of a model, of 1 and of 3 replicas, take what its footprint says. */
export function assertFootprint(gpu: Gpu, model: Model, batch: number): void {
  const { total } = model.footprint(batch);
  for (const replicas of [1, 3]) {
    const { allocations, allocatedBytes } = gpu;
    const graph = model.build(gpu, { replicas, batch });
    const buffers = gpu.allocations - allocations;
    const excess = gpu.allocatedBytes - allocatedBytes - replicas * total;
    graph.free();
    // Where products read textures, a buffer is rounded up to whole rows of its mirror.
    if (gpu.operands === "buffers") assertEquals(excess, 0);
    else assertEquals(excess >= 0 && excess < buffers * MIRROR_ROW, true);
  }
}
