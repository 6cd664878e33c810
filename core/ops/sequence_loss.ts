import inputsSource from "../../shaders/common/loss_inputs.wgsl" with { type: "text" };
import nan from "../../shaders/common/nan.wgsl" with { type: "text" };
import source from "../../shaders/sequence_loss.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { checkAlone } from "./loss_rows.ts";
import { lanes, treeSumSource } from "./tree_sum.ts";

/** What a recurrent network may minimise. */
export const sequenceLosses = [
  "squared-error",
  "mean-squared-error",
  "cross-entropy",
  "mean-cross-entropy",
] as const;

/**
 * What a recurrent network minimises, averaged over cases: summed over units and steps, or averaged
 * over these too.
 */
export type SequenceLoss = typeof sequenceLosses[number];

/** Outputs and their targets; see {@linkcode sequenceLoss}. */
export interface SequenceLossInputs {
  /** What is minimised. */
  loss: SequenceLoss;
  /** Linear outputs z, [R, T, B, N]. */
  z: Tensor;
  /**
   * [R, 1, B, N] for the last step of each sequence, or [R, T, B, N] for every one; of a cross-entropy
   * also numbers of classes from 0 on, in place of N columns one.
   */
  targets: Tensor;
  /** [R, B], padded: steps of each sequence. */
  lengths: GPUBuffer;
}

/** One of the outputs, of which an error is told; see {@linkcode unitError}. */
export interface UnitError {
  /** What it is called. */
  name: string;
  /** The output unit, counted from 0. */
  unit: number;
}

/** What counts as wrong; see {@linkcode zeroOneLoss}. */
export interface ZeroOneRule {
  /** Squared error: an output further than this from its target is wrong. */
  tolerance: number;
  /** Cross-entropy: the first so many units are the classes that are told apart. */
  classes: number;
}

/**
 * Records the loss of each case [R, B], and where it is wanted delta [R, T, B, N], the derivative by z
 * of the loss averaged over cases (paper, section 4). Squared error: (z - x)^2 summed over units and
 * steps; mean squared error: averaged over both; cross-entropy: that of a softmax over the units,
 * - x log softmax(z), summed over steps or averaged, where a target of zeros is none.
 */
export function sequenceLoss(
  plan: Plan,
  inputs: SequenceLossInputs,
  { delta, caseLoss }: { delta?: Tensor; caseLoss: GPUBuffer },
): void {
  record(plan, inputs, { caseValues: caseLoss, ...(delta && { delta }) });
}

/**
 * Records out = H tangent [R, T, B, N] for the second derivatives H by z of the loss averaged over
 * cases and a tangent of z.
 */
export function sequenceCurvature(
  plan: Plan,
  inputs: SequenceLossInputs,
  { tangent, out }: { tangent: Tensor; out: Tensor },
): void {
  record(plan, inputs, { tangent, delta: out });
}

/** Records the loss of each case [R, B] in bits, where it is a cross-entropy. */
export function sequenceBits(plan: Plan, inputs: SequenceLossInputs, caseBits: GPUBuffer): void {
  record(plan, inputs, { caseValues: caseBits, factor: Math.LOG2E });
}

/** Records for each case [R, B] the squared error of one unit, averaged over steps. */
export function unitError(
  plan: Plan,
  inputs: SequenceLossInputs,
  unit: number,
  caseError: GPUBuffer,
): void {
  record(plan, { ...inputs, loss: "mean-squared-error" }, { unit, caseValues: caseError });
}

/**
 * Records the zero-one loss of each case [R, B]: steps with an error above the tolerance, or steps
 * whose target is a class while another class has the largest output.
 */
export function zeroOneLoss(
  plan: Plan,
  inputs: SequenceLossInputs,
  rule: ZeroOneRule,
  caseWrong: GPUBuffer,
): void {
  record(plan, inputs, { rule, caseValues: caseWrong });
}

function record(
  plan: Plan,
  { loss, z, targets, lengths }: SequenceLossInputs,
  { rule, unit, caseValues, factor = 1, delta, tangent }: {
    rule?: ZeroOneRule;
    unit?: number;
    caseValues?: GPUBuffer;
    factor?: number;
    delta?: Tensor;
    tangent?: Tensor;
  },
): void {
  const { steps } = z, isSoftmax = loss.endsWith("cross-entropy");
  const hasLabels = isSoftmax && targets.columns === 1 && z.columns > 1;
  checkAlone(z, [delta, tangent]);
  const columns = hasLabels ? 1 : z.columns;
  checkAlone(z, [targets.steps === 1 ? { ...targets, steps } : targets], [columns]);
  const kernel = plan.gpu.kernel("sequence_loss", [inputsSource, treeSumSource, nan, source], {
    SOFTMAX: isSoftmax,
    LABELS: hasLabels,
    MEAN: loss.startsWith("mean-"),
    LAST: targets.steps !== z.steps,
    DELTA: delta !== undefined && tangent === undefined,
    OUT: delta !== undefined,
    CURVATURE: tangent !== undefined,
    WRONG: rule !== undefined,
    LANES: lanes,
  });
  plan.dispatch(kernel, {
    shape: {
      batch: z.rows,
      rows: padded(z.rows),
      steps: z.steps,
      stride: z.stride / 4,
      target_stride: targets.stride / 4,
      first: unit ?? 0,
      units: unit === undefined ? z.columns : unit + 1,
      classes: rule?.classes ?? 0,
      tolerance: rule?.tolerance ?? 0,
      factor,
    },
    z: z.buffer,
    target_values: targets.buffer,
    lengths,
    ...(caseValues && { case_values: caseValues }),
    ...(tangent && { tangents: tangent.buffer }),
    ...(delta && { delta: delta.buffer }),
  }, {
    groups: [padded(z.rows), 1, z.replicas],
    iterations: Math.ceil(z.steps / lanes) * (3 * z.stride / 4 + 1) + 16,
  });
}
