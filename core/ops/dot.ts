import source from "../../shaders/dot.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** Records out[r] = sum_i x[r][i] y[r][i] for vectors [R, length], in an order the length fixes. */
export function dot(
  plan: Plan,
  { x, y, out }: { x: GPUBuffer; y: GPUBuffer; out: GPUBuffer },
  { length, replicas }: { length: number; replicas: number },
): void {
  const kernel = plan.gpu.kernel("dot", [treeSumSource, source], { LANES: lanes });
  plan.dispatch(kernel, { vectors: { length: length / 4 }, x, y, out }, {
    groups: [replicas, 1, 1],
    iterations: Math.ceil(length / 4 / lanes) + 1 + Math.log2(lanes),
  });
}
