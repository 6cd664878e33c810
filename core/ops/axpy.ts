import source from "../../shaders/axpy.wgsl" with { type: "text" };
import type { Gpu } from "../gpu/gpu.ts";
import type { Plan } from "../gpu/plan.ts";

/** Records out = x + a y for vectors [R, length], with one factor a[r] for each replica. */
export function axpy(
  plan: Plan,
  { a, x, y, out }: { a: GPUBuffer; x: GPUBuffer; y: GPUBuffer; out: GPUBuffer },
  { length, replicas }: { length: number; replicas: number },
): void {
  const { groups, workgroup } = vectorGrid(plan.gpu, length, replicas);
  const kernel = plan.gpu.kernel("axpy", [source], { WORKGROUP: workgroup });
  plan.dispatch(kernel, { vectors: { length: length / 4 }, a, x, y, out }, {
    groups,
    iterations: 0,
  });
}

/** The grid of an operation that handles one vec4 of R vectors of `length` floats an invocation. */
export function vectorGrid(gpu: Gpu, length: number, replicas: number): {
  groups: [number, number, number];
  workgroup: number;
} {
  const workgroup = 64;
  return { groups: spread(gpu, Math.ceil(length / 4 / workgroup), replicas), workgroup };
}

/** A grid of at least so many workgroups a replica: more than fit along x go along y as well. */
export function spread(gpu: Gpu, workgroups: number, replicas: number): [number, number, number] {
  const down = Math.ceil(workgroups / gpu.device.limits.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(workgroups / down), down, replicas];
}
