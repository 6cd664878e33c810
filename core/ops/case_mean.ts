import source from "../../shaders/case_mean.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";
import { finiteSource, stepSource } from "./texts.ts";

/** Where means go: a slot of the ring fixed with the plan, or the one the step names. */
export type Slot = { ring: GPUBuffer; slot: number } | { ring: GPUBuffer; divergedAt: GPUBuffer };

/**
 * Records ring[slot][r] = the mean over cases of caseLoss[r] [R, stride], summed in an order that the
 * number of cases fixes. With the slot of a step, a mean that is not finite enters divergedAt[r] as the
 * number of the update, unless a smaller one stands there.
 */
export function caseMean(
  plan: Plan,
  caseLoss: GPUBuffer,
  { cases, replicas, stride = cases }: { cases: number; replicas: number; stride?: number },
  target: Slot,
): void {
  const ofStep = "divergedAt" in target;
  const common = [finiteSource, treeSumSource];
  const kernel = plan.gpu.kernel(
    "case_mean",
    ofStep ? [stepSource, ...common, source] : [...common, source],
    { LANES: lanes, STEP: ofStep },
  );
  plan.dispatch(kernel, {
    shape: { cases, stride, replicas, slot: ofStep ? 0 : target.slot },
    case_loss: caseLoss,
    ring: target.ring,
    ...(ofStep && { diverged_at: target.divergedAt }),
  }, { groups: [replicas, 1, 1], iterations: Math.ceil(cases / lanes) + 8 });
}
