import inputsSource from "../../shaders/common/loss_inputs.wgsl" with { type: "text" };
import source from "../../shaders/sequence_loss.wgsl" with { type: "text" };
import { padded } from "../gpu/matrix.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Steps } from "../gpu/steps.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";
import { stepSource } from "./texts.ts";

/** What a recurrent network minimises, summed over units and steps, averaged over cases. */
export type SequenceLoss = "squared-error" | "cross-entropy";

/** Outputs and their targets; see {@linkcode sequenceLoss}. */
export interface SequenceLossInputs {
  /** What is minimised. */
  loss: SequenceLoss;
  /** Linear outputs z, [R, T, B, N]. */
  z: Steps;
  /** [R, 1, B, N] for the last step of each sequence, or [R, T, B, N] for every one. */
  targets: Steps;
  /** [R, B], padded: steps of each sequence. */
  lengths: GPUBuffer;
}

/** What counts as wrong; see {@linkcode sequenceFigures}. */
export interface ZeroOneRule {
  /** Squared error: an output further than this from its target is wrong. */
  tolerance: number;
  /** Cross-entropy: the first so many units are the classes that are told apart. */
  classes: number;
}

/**
 * Records the loss of each case, and where it is wanted delta [R, T, B, N], the derivative by z of the loss averaged over
 * cases (paper, section 4). Squared error: (z - x)^2 summed over units; cross-entropy: that of a
 * softmax over the units, - x log softmax(z), where a target of zeros is none.
 */
export function sequenceLoss(
  plan: Plan,
  inputs: SequenceLossInputs,
  { delta, caseLoss }: { delta?: Steps; caseLoss: GPUBuffer },
): void {
  record(plan, inputs, {
    rule: { tolerance: 0, classes: 0 },
    cases: inputs.z.rows,
    caseLoss,
    ...(delta && { delta }),
  });
}

/**
 * Records out = H tangent [R, T, B, N] for the second derivatives H by z of the loss averaged over
 * cases and a tangent of z.
 */
export function sequenceCurvature(
  plan: Plan,
  inputs: SequenceLossInputs,
  { tangent, out }: { tangent: Steps; out: Steps },
): void {
  const rule = { tolerance: 0, classes: 0 };
  record(plan, inputs, { rule, cases: inputs.z.rows, tangent, delta: out });
}

/**
 * Records the loss and the zero-one loss of each case of an evaluation of `cases` cases in
 * minibatches, from the position of the step in force on: steps with an error above the tolerance,
 * or steps whose target is a class while another class has the largest output.
 */
export function sequenceFigures(
  plan: Plan,
  inputs: SequenceLossInputs,
  rule: ZeroOneRule,
  figures: { caseLoss: GPUBuffer; caseWrong: GPUBuffer; cases: number },
): void {
  record(plan, inputs, { rule, ...figures });
}

function record(
  plan: Plan,
  { loss, z, targets, lengths }: SequenceLossInputs,
  { rule, cases, caseLoss, caseWrong, delta, tangent }: {
    rule: ZeroOneRule;
    cases: number;
    caseLoss?: GPUBuffer;
    caseWrong?: GPUBuffer;
    delta?: Steps;
    tangent?: Steps;
  },
): void {
  for (const other of [targets, delta, tangent]) {
    if (!other) continue;
    if (other.columns !== z.columns || other.rows !== z.rows || other.replicas !== z.replicas) {
      throw new RangeError(`outputs and targets differ: ${z.columns} and ${other.columns} units`);
    }
  }
  const isFigure = caseWrong !== undefined;
  const common = [inputsSource, treeSumSource, source];
  const kernel = plan.gpu.kernel("sequence_loss", isFigure ? [stepSource, ...common] : common, {
    SOFTMAX: loss === "cross-entropy",
    LAST: targets.steps !== z.steps,
    DELTA: delta !== undefined && tangent === undefined,
    OUT: delta !== undefined,
    CURVATURE: tangent !== undefined,
    FIGURE: isFigure,
    LANES: lanes,
  });
  plan.dispatch(kernel, {
    shape: {
      batch: z.rows,
      rows: padded(z.rows),
      steps: z.steps,
      stride: z.stride / 4,
      units: z.columns,
      classes: rule.classes,
      cases,
      tolerance: rule.tolerance,
    },
    z: z.buffer,
    target_values: targets.buffer,
    lengths,
    ...(caseLoss && { case_loss: caseLoss }),
    ...(tangent && { tangents: tangent.buffer }),
    ...(delta && { delta: delta.buffer }),
    ...(caseWrong && { case_wrong: caseWrong }),
  }, {
    groups: [padded(z.rows), 1, z.replicas],
    iterations: Math.ceil(z.steps / lanes) * (3 * z.stride / 4 + 1) + 16,
  });
}
