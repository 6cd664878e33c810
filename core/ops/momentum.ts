import finiteSource from "../../shaders/common/finite.wgsl" with { type: "text" };
import stepSource from "../../shaders/common/step.wgsl" with { type: "text" };
import source from "../../shaders/momentum.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { vectorGrid } from "./axpy.ts";

/** Vec4 an invocation updates: the rates of the step are read once for all of them. */
const EACH = 4;

/** The vectors of an update, each [R, length]; see {@linkcode momentum}. */
export interface MomentumVectors {
  parameters: GPUBuffer;
  velocity: GPUBuffer;
  gradient: GPUBuffer;
  /** [R]: the update at which a replica was first found not finite. */
  divergedAt: GPUBuffer;
}

/**
 * Records one update of SGD, classical momentum or Nesterov's accelerated gradient, with the rates
 * of the step in force (paper, section 2, equations 1 to 4):
 *
 * v' = mu v - eps g, phi' = phi - lead v + (1 + nextLead) v'
 *
 * `length` counts the floats of one replica's vector.
 */
export function momentum(
  plan: Plan,
  { parameters, velocity, gradient, divergedAt }: MomentumVectors,
  { length, replicas }: { length: number; replicas: number },
): void {
  const textures = plan.gpu.operands === "textures";
  const { groups, workgroup } = vectorGrid(plan.gpu, length / EACH, replicas);
  const kernel = plan.gpu.kernel(
    "momentum",
    [stepSource, finiteSource, source],
    { WORKGROUP: workgroup, EACH },
  );
  plan.dispatch(kernel, {
    vectors: { length: length / 4 },
    parameters,
    velocity,
    gradient,
    diverged_at: divergedAt,
    ...(textures && { old_parameters: parameters, old_velocity: velocity }),
  }, { groups, iterations: 0 });
}
