import source from "../../shaders/step_mean.wgsl" with { type: "text" };
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import { checkAlone } from "./loss_rows.ts";

/** Records out [R, B, N] = the mean of x [R, T, B, N] over its steps. */
export function stepMean(plan: Plan, x: Tensor, out: Tensor): void {
  record(plan, { steps: x, mean: out, isSpread: false });
}

/** Records its transpose, out [R, T, B, N] = x [R, B, N] / T. */
export function spreadMean(plan: Plan, x: Tensor, out: Tensor): void {
  record(plan, { steps: out, mean: x, isSpread: true });
}

function record(
  plan: Plan,
  { steps, mean, isSpread }: { steps: Tensor; mean: Tensor; isSpread: boolean },
): void {
  checkAlone({ ...steps, steps: 1 }, [mean]);
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("step_mean", [source], {
    WORKGROUP: workgroup,
    SPREAD: isSpread,
  });
  const [x, out] = isSpread ? [mean, steps] : [steps, mean];
  const count = out.replicas * out.replicaStride / 4;
  plan.dispatch(kernel, {
    shape: { count, steps: steps.steps, place: steps.stepStride / 4, share: 1 / steps.steps },
    x: x.buffer,
    out: out.buffer,
  }, {
    groups: spread(plan.gpu, Math.ceil(count / workgroup), 1),
    iterations: isSpread ? 0 : steps.steps,
  });
}
