import source from "../../shaders/probe.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import type { Vector } from "../gpu/vector.ts";
import { Purpose } from "../random.ts";
import { spread } from "./axpy.ts";
import { randomSource, stepSource } from "./texts.ts";

/**
 * Records numbers uniform in (-1, 1) into all tensors of vectors [R, length]: independent ones, each a
 * function of the replica's seed, the update of the step in force, the tensor and the place in it
 * alone. None is 0; the padding is left as it is.
 */
export function probe(plan: Plan, out: Vector, seeds: GPUBuffer): void {
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("probe", [randomSource, stepSource, source], {
    WORKGROUP: workgroup,
  });
  out.layout.tensors.forEach((_, tensor) => {
    const { buffer, rows, columns, stride, offset, replicaStride, replicas } = out.tensor(tensor);
    const quads = Math.ceil(columns / 4);
    plan.dispatch(kernel, {
      probe: {
        ...{ columns, quads, rows, tensor, purpose: Purpose.probe },
        stride: stride / 4,
        first: offset / 4,
        replica: replicaStride / 4,
      },
      seeds,
      out: buffer,
    }, {
      groups: spread(plan.gpu, Math.ceil(rows * quads / workgroup), replicas),
      iterations: 11, // rounds of the generator
    });
  });
}
