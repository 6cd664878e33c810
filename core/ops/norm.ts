import euclideanSource from "../../shaders/common/euclidean.wgsl" with { type: "text" };
import source from "../../shaders/norm.wgsl" with { type: "text" };
import normalizeSource from "../../shaders/normalize.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import type { Vector } from "../gpu/vector.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** Records out[r] = |x[r]| for vectors [R, length], summed in an order that the length fixes. */
export function norm(
  plan: Plan,
  { x, out }: { x: GPUBuffer; out: GPUBuffer },
  { length, replicas }: { length: number; replicas: number },
): void {
  const kernel = plan.gpu.kernel("norm", [treeSumSource, euclideanSource, source], {
    LANES: lanes,
  });
  plan.dispatch(kernel, { vectors: { length: length / 4 }, x, out }, {
    groups: [replicas, 1, 1],
    iterations: euclideanIterations(length),
  });
}

/**
 * Records out = scale x / (|x| + 1e-7) for each tensor of vectors of one layout, |x| the Euclidean
 * norm, summed in an order that the tensor's shape fixes. `x` and `out` are vectors of their own.
 */
export function normalize(
  plan: Plan,
  { x, out, scale }: { x: Vector; out: Vector; scale: number },
): void {
  const { tensors, length } = x.layout;
  const places = x.layout.tensors.map(({ offset }, t) => {
    const end = tensors[t + 1]?.offset ?? length;
    return [offset / 4, (end - offset) / 4, 0, 0];
  });
  const kernel = plan.gpu.kernel("normalize", [treeSumSource, euclideanSource, normalizeSource], {
    LANES: lanes,
    TENSORS: tensors.length,
  });
  const longest = 4 * Math.max(...places.map(([, length]) => length));
  plan.dispatch(kernel, {
    normalize_all: { length: length / 4, scale, places },
    x: x.buffer,
    out: out.buffer,
  }, {
    groups: [tensors.length, 1, x.replicas],
    iterations: euclideanIterations(longest) + Math.ceil(longest / 4 / lanes) + 1,
  });
}

function euclideanIterations(length: number): number {
  return 2 * (Math.ceil(length / 4 / lanes) + 1 + Math.log2(lanes));
}
