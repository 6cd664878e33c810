import source from "../../shaders/heads.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import { shapeText } from "./epilogue.ts";

/**
 * Records the parts of attention heads out of rows x [R, T, B, parts heads d] as matrices, see
 * `matricesOf()`: of each head of each case `parts` of them [T, d].
 */
export function splitHeads(plan: Plan, x: Tensor, out: Tensor): void {
  record(plan, { steps: x, matrices: out, isSplit: true });
}

/** Records the inverse of {@linkcode splitHeads}. */
export function joinHeads(plan: Plan, x: Tensor, out: Tensor): void {
  record(plan, { steps: out, matrices: x, isSplit: false });
}

function record(
  plan: Plan,
  { steps, matrices, isSplit }: { steps: Tensor; matrices: Tensor; isSplit: boolean },
): void {
  const { replicas, rows: cases } = steps, { columns: units, steps: parts } = matrices;
  const heads = matrices.replicas / (replicas * padded(cases));
  const fits = parts * heads * units === steps.columns && matrices.rows === steps.steps;
  if (!fits || steps.offset !== 0 || matrices.offset !== 0) {
    throw new RangeError(
      `${shapeText(steps)} does not split into heads ${
        shapeText(matrices)
      }, each at the start of a ` +
        "buffer",
    );
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("heads", [source], {
    WORKGROUP: workgroup,
    SPLIT: isSplit,
    WHOLE: units % 4 === 0,
    VALUES: units % 4 === 0 ? 1 : 4,
  });
  const [x, out] = isSplit ? [steps, matrices] : [matrices, steps];
  // Division is dear on a CPU, and rows of one invocation on a GPU.
  const each = plan.gpu.isSoftware ? out.stride / 4 : 1;
  const count = out.replicas * out.replicaStride / 4 / each;
  plan.dispatch(kernel, {
    shape: {
      ...{ count, each, heads, parts, units, cases },
      ...{ steps: steps.steps, rows: padded(cases), columns: steps.stride / 4 },
      ...{ padded: padded(matrices.rows), stride: matrices.stride / 4 },
    },
    x: x.buffer,
    out: out.buffer,
  }, { groups: spread(plan.gpu, Math.ceil(count / workgroup), 1), iterations: each });
}
