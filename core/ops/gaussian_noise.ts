import source from "../../shaders/gaussian_noise.wgsl" with { type: "text" };
import { rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Purpose } from "../random.ts";
import { spread } from "./axpy.ts";
import { caseBlockSource, caseRows } from "./case_block.ts";
import { randomSource, stepSource } from "./texts.ts";

/** What fixes the numbers that {@linkcode gaussianNoise} adds. */
export interface GaussianNoise {
  /** R keys of two words, see `seedKey()`. */
  seeds: GPUBuffer;
  /** What the draws are for. */
  purpose: Purpose;
  /** Their standard deviation, of all alike. */
  deviation: number;
  /**
   * Where the rows are cases, the number of the layer that adds to them: a case's draws are then fixed
   * by its place in its epoch, in place of that in the tensor.
   */
  layer?: number;
}

/**
 * Records out += deviation N(0, 1), out [R, T, rows, columns]: independent normal numbers, each a
 * function of the replica's seed, the purpose, the update of the step in force and the place in the
 * tensor alone. `reference.gaussianNoise()` draws the same in float64; the logarithm, the root and
 * the cosine differ from it, and from driver to driver, as far as WGSL allows.
 */
export function gaussianNoise(
  plan: Plan,
  out: Tensor,
  { seeds, purpose, deviation, layer }: GaussianNoise,
): void {
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const sources = [
    randomSource,
    stepSource,
    ...layer === undefined ? [] : [caseBlockSource],
    source,
  ];
  const kernel = plan.gpu.kernel("gaussian_noise", sources, {
    WORKGROUP: workgroup,
    CASES: layer !== undefined,
  });
  const [rows, quads] = [rowsOf(out), Math.ceil(out.columns / 4)];
  plan.dispatch(kernel, {
    noise: {
      ...layer !== undefined && { cases: caseRows(out), layer },
      columns: out.columns,
      quads,
      rows,
      stride: out.stride / 4,
      first: out.offset / 4,
      replica: out.replicaStride / 4,
      purpose,
      deviation,
    },
    seeds,
    out: out.buffer,
  }, {
    groups: spread(plan.gpu, Math.ceil(rows * quads / workgroup), out.replicas),
    iterations: 11, // rounds of the generator
  });
}
