import source from "../../shaders/norm.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** Records out[r] = |x[r]| for vectors [R, length], summed in an order that the length fixes. */
export function norm(
  plan: Plan,
  { x, out }: { x: GPUBuffer; out: GPUBuffer },
  { length, replicas }: { length: number; replicas: number },
): void {
  const kernel = plan.gpu.kernel("norm", [treeSumSource, source], { LANES: lanes });
  plan.dispatch(kernel, { vectors: { length: length / 4 }, x, out }, {
    groups: [replicas, 1, 1],
    iterations: 2 * (Math.ceil(length / 4 / lanes) + 1 + Math.log2(lanes)),
  });
}
