import source from "../../shaders/clip_norm.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { vectorGrid } from "./axpy.ts";

/**
 * Records x[r] = x[r] min(1, limit / |x[r]|) for vectors [R, length] whose squared norms [R] are in
 * `squares`: a gradient longer than the limit is shortened to it (Pascanu et al. 2013).
 */
export function clipNorm(
  plan: Plan,
  { x, squares }: { x: GPUBuffer; squares: GPUBuffer },
  { limit, length, replicas }: { limit: number; length: number; replicas: number },
): void {
  const { groups, workgroup } = vectorGrid(plan.gpu, length, replicas);
  const kernel = plan.gpu.kernel("clip_norm", [source], { WORKGROUP: workgroup });
  const vectors = new Uint32Array([length / 4, 0, 0, 0]);
  new Float32Array(vectors.buffer)[1] = limit;
  plan.dispatch(kernel, { vectors, squares, x }, { groups, iterations: 0 });
}
