import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Vector } from "../gpu/vector.ts";
import type { Activation } from "../ops/activation.ts";
import type { Epilogue } from "../ops/epilogue.ts";
import type { Product } from "../ops/matmul.ts";

/** Channels, height and width of images: those of a case are a row, channel by channel, line by line. */
export type Image = readonly [channels: number, height: number, width: number];

/**
 * What a layer takes and gives: the units of every case of a minibatch, [R, B, columns], or of every
 * step of sequences, [R, T, B, columns].
 */
export interface Value {
  /** Its number on the tape. */
  readonly id: number;
  /** Units. */
  readonly columns: number;
  /** The activation that made it: its delta is the derivative of the loss by what went into that. */
  readonly activation: Activation;
  /** T; undefined where cases are no sequences. */
  readonly steps: number | undefined;
  /** Whether it has a slot of zeros before its first step, and its delta one after the last. */
  readonly isHistory: boolean;
  /** What images its units are; undefined where that was not told. */
  readonly image: Image | undefined;
  /** How many rows it has, where it is not one a case: what a rule keeps for itself. */
  readonly rows: number | undefined;
}

/** Where an operation's share of a delta goes, and how; to be spread into a product or a sum. */
export interface Share extends Pick<Epilogue, "then" | "adds"> {
  /** [R, B, columns], of sequences [R, T, B, columns]. */
  out: Tensor;
}

/** A share d W' that is not recorded yet: the delta d of another value, and weights W. */
export interface SharedProduct {
  /** The value whose delta it is. */
  delta: Value;
  /** [R, columns of the value that is read, columns of the other]. */
  weights: Tensor;
}

/** What the rules of an operation see while they are recorded; its functions may be taken apart. */
export interface Pass {
  /** The point at which the network is taken. */
  readonly parameters: Vector;
  /** R keys of two words, see `seedKey()`. */
  readonly seeds: GPUBuffer;
  /** Whether this is training: in an evaluation nothing is dropped. */
  readonly isTraining: boolean;
  /** Statistic number `s` of the tape, [R, rows, columns], to be read and, where wanted, written. */
  readonly statistic: (s: number) => Tensor;
  /**
   * Whether statistics are to be taken: once an update, in the pass of its gradient. A forward rule
   * that reads one while training reads it behind that, so that all passes of an update see the same.
   */
  readonly takesStatistics: boolean;
  /**
   * Where statistics are taken anew, as means over some minibatches: the share 1/k of the k-th, in
   * place of the rule's own.
   */
  readonly statisticsShare: number | undefined;
  /** What a value is, [R, B, columns], of sequences [R, T, B, columns]. */
  readonly data: (value: Value) => Tensor;
  /** The derivative of the loss by what went into the activation that made a value. */
  readonly delta: (value: Value) => Tensor;
  /** The squares of data or of a delta, to be read before the next ones are asked for. */
  readonly squared: (plan: Plan, value: Value, of: "data" | "delta") => Tensor;
  /** How a value moves along a direction of the parameters; undefined where it depends on none. */
  readonly tangent: (value: Value) => Tensor | undefined;
  /**
   * Of a product of second order with structural damping, [R] float32: what a recurrent operation adds
   * to the delta of its units, times their tangents.
   */
  readonly structuralDamping: GPUBuffer | undefined;
  /** The activation that makes a value; the last one may be left to the loss. */
  readonly activation: (value: Value) => Activation;
  /** Weight decay in the words of a product, for the gradient of tensor `t`. */
  readonly decay: (t: number) => Pick<Epilogue, "plus" | "times">;
  /**
   * Takes a product that gives the gradient of weights. All those of a pass are recorded behind it, as
   * many as may be in one dispatch: nothing of the pass may read what they write.
   */
  readonly weightGradient: (product: Product) => void;
  /**
   * Where the derivative by a value that is read goes; undefined where that depends on no
   * parameter. An operation that `fuses` spreads all of it into a product or a sum; of others `out` is
   * to be overwritten with the derivative by the value itself, and the tape does the rest.
   */
  readonly share: (value: Value) => Share | undefined;
  /**
   * Records a product d W' as the share of a value that is read, where one is wanted; or leaves it to
   * the operation that writes the value, if that `absorbs` products.
   */
  readonly shareProduct: (plan: Plan, value: Value, product: SharedProduct) => void;
  /** The product that is the whole delta of what an operation writes, where it was left to it. */
  readonly absorbed: (value: Value) => SharedProduct | undefined;
}

/** Three rules of an operation on values, recorded into a plan. */
export interface Rules {
  /** The data of what it writes from those of what it reads. */
  forward(plan: Plan, pass: Pass): void;
  /** The shares of what it reads, and the gradient of its tensors, from the delta of what it writes. */
  backward(plan: Plan, pass: Pass, gradient: Vector): void;
  /** The tangent of what it writes from those of what it reads, and of its tensors. */
  tangent?(plan: Plan, pass: Pass, direction: Vector): void;
  /**
   * After the backward rule, sum over cases i of (d_i/dW)^2 for each number W of its tensors, where d_i
   * is the share of case i in the gradient: what a preconditioner of second order is made of.
   */
  squares?(plan: Plan, pass: Pass, squares: Vector): void;
}

/** An operation on a tape. */
export interface Operation extends Rules {
  /** What messages call it. */
  readonly name: string;
  /** What it reads, each as often as it reads it. */
  readonly reads: readonly Value[];
  /** What it writes. */
  readonly writes: Value;
  /** Its tensors, by their numbers. Default: none. */
  readonly tensors?: readonly number[];
  /** Whether its backward rule spreads `pass.share()` into a product or a sum. */
  readonly fuses?: boolean;
  /**
   * Whether its rules take values wherever they lie in a buffer, as products and sums do. Values that only
   * such operations write and read may share one.
   */
  readonly placed?: boolean;
  /** Whether in an evaluation it writes what it reads. */
  readonly handsOn?: boolean;
  /** Whether its backward rule heeds `pass.structuralDamping`. */
  readonly damps?: boolean;
  /** Whether its backward rule asks for `pass.absorbed()` before it reads its delta. */
  readonly absorbs?: boolean;
}
