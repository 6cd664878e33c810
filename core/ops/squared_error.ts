import source from "../../shaders/squared_error.wgsl" with { type: "text" };
import { type Matrix, padded } from "../gpu/matrix.ts";
import type { Plan } from "../gpu/plan.ts";
import { type Activation, activationConstants } from "./activation.ts";
import { checkAlike, type LossInputs, lossSources } from "./cross_entropy.ts";
import { lanes } from "./tree_sum.ts";
import { stepSource } from "./texts.ts";

/**
 * Records, for output units y = f(z) and targets x, caseLoss[r][i] = sum_j (y - x)^2, without 1/2,
 * and delta = 2 (y - x) f'(z) / B (paper, section 3: the loss of Faces).
 */
export function squaredError(
  plan: Plan,
  inputs: LossInputs,
  outputUnit: Activation,
  { caseLoss, delta }: { caseLoss: GPUBuffer; delta: Matrix },
): void {
  record(plan, inputs, outputUnit, { caseLoss, delta, cases: inputs.z.rows });
}

/**
 * Records the same figure for an evaluation of `cases` cases in minibatches: caseLoss[r][p + i] for
 * the position p of the step in force (paper, section 3: the figure reported for all autoencoders).
 */
export function squaredErrorFigure(
  plan: Plan,
  inputs: LossInputs,
  outputUnit: Activation,
  { caseLoss, cases }: { caseLoss: GPUBuffer; cases: number },
): void {
  record(plan, inputs, outputUnit, { caseLoss, cases });
}

function record(
  plan: Plan,
  { z, targets }: LossInputs,
  outputUnit: Activation,
  { caseLoss, delta, cases }: { caseLoss: GPUBuffer; delta?: Matrix; cases: number },
): void {
  checkAlike(z, targets, ...(delta ? [delta] : []));
  const sources = [...lossSources, source];
  const kernel = plan.gpu.kernel("squared_error", delta ? sources : [stepSource, ...sources], {
    ...activationConstants(outputUnit),
    LANES: lanes,
    DELTA: delta !== undefined,
  });
  plan.dispatch(kernel, {
    shape: {
      batch: z.rows,
      columns: z.stride / 4,
      units: z.columns,
      rows: padded(z.rows),
      cases,
    },
    z: z.buffer,
    target_values: targets.buffer,
    case_loss: caseLoss,
    ...(delta && { delta: delta.buffer }),
  }, { groups: [padded(z.rows), 1, z.replicas], iterations: Math.ceil(z.stride / 4 / lanes) + 8 });
}
