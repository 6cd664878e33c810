import inputsSource from "../../shaders/common/loss_inputs.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Binding } from "../gpu/plan.ts";
import type { Activation } from "./activation.ts";
import { shapeText } from "./epilogue.ts";

/** The output units of a minibatch. */
export interface OutputRows {
  /** Their inputs, [R, B, N]. */
  z: Tensor;
  /** What they make of them: y = f(z). */
  unit: Activation;
  /** How much each case counts, [R, B, 1]. Default: once. */
  weights?: Tensor;
}

/** The same with what is wanted of them. */
export interface LossRows extends OutputRows {
  /** [R, B, N], or of numbers of classes [R, B, 1]. */
  targets: Tensor;
}

/** Where the derivative of an averaged loss by z goes, and the loss of each case. */
export interface LossOut {
  /** [R, B] float32. */
  caseLoss: GPUBuffer;
  /** [R, B, N]; left out where no gradient is wanted. */
  delta?: Tensor;
}

/** WGSL of the outputs and targets that a loss or a figure reads. */
export const lossInputsSource: string = inputsSource;

/** Members of a kernel's uniform. */
export function rowsShape({ z }: OutputRows): Record<string, number> {
  return { batch: z.rows, columns: z.stride / 4, units: z.columns, rows: padded(z.rows) };
}

/** What a kernel binds of the rows but their targets. */
export function rowsBindings({ z, weights }: OutputRows): Record<string, Binding> {
  return { z: z.buffer, ...(weights && { weights: weights.buffer }) };
}

/** Throws unless each is alone in its buffer, of the rows of z and one of these numbers of columns. */
export function checkRows(
  { z }: OutputRows,
  others: readonly (Tensor | undefined)[],
  columns: readonly number[] = [z.columns],
): void {
  checkAlone(z, others, columns);
}

/** The same of any tensor. */
export function checkAlone(
  first: Tensor,
  others: readonly (Tensor | undefined)[],
  columns: readonly number[] = [first.columns],
): void {
  for (const other of others) {
    if (!other) continue;
    const fits = other.replicas === first.replicas && other.steps === first.steps &&
      other.rows === first.rows && other.offset === 0 && columns.includes(other.columns);
    if (!fits || first.offset !== 0) {
      throw new RangeError(
        `${shapeText(first)} does not go with ${shapeText(other)}: give one shape, each at the ` +
          "start of a buffer",
      );
    }
  }
}
