import source from "../../shaders/clip_norm.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { vectorGrid } from "./axpy.ts";

/**
 * Records x[r] = x[r] min(1, limit / |x[r]|) for vectors [R, length] whose norms [R] are in `norms`:
 * a gradient longer than the limit is shortened to it (Pascanu et al. 2013). Where the norm is not
 * finite, x[r] is not finite either afterwards.
 */
export function clipNorm(
  plan: Plan,
  { x, norms }: { x: GPUBuffer; norms: GPUBuffer },
  { limit, length, replicas }: { limit: number; length: number; replicas: number },
): void {
  const { groups, workgroup } = vectorGrid(plan.gpu, length, replicas);
  const kernel = plan.gpu.kernel("clip_norm", [source], { WORKGROUP: workgroup });
  plan.dispatch(kernel, { vectors: { length: length / 4, limit }, norms, x }, {
    groups,
    iterations: 0,
  });
}
