import type { Plan } from "../gpu/plan.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Vector } from "../gpu/vector.ts";
import type { Activation } from "../ops/activation.ts";
import type { Epilogue } from "../ops/epilogue.ts";
import { matmul, matmuls, type Product } from "../ops/matmul.ts";
import { sum } from "../ops/sum.ts";
import { unitMap } from "../ops/unit_map.ts";
import type { Buffers } from "./buffers.ts";
import type { Operation, Pass, Share, SharedProduct, Value } from "./operation.ts";
import type { Tape } from "./tape.ts";

/** What one recording of the rules is of. */
export interface RecordingOptions {
  /** The point at which the network is taken. */
  parameters: Vector;
  /** R keys of two words, see `seedKey()`. */
  seeds: GPUBuffer;
  /** Whether this is training: an evaluation drops nothing. */
  isTraining: boolean;
  /** Where the statistics of the networks lie, if they keep any; */
  statistics?: Vector | undefined;
  /** and whether they are taken. Default: they are read. */
  takesStatistics?: boolean | undefined;
  /** See `Pass.statisticsShare`. */
  statisticsShare?: number | undefined;
  /** See `Pass.structuralDamping`. Default: none. */
  structuralDamping?: GPUBuffer | undefined;
  /** What weight decay multiplies, and by how much. Default: nothing. */
  decay?: { of: Vector; l2: number };
  /** Whether the last activation is left to the loss. */
  leavesOutput: boolean;
}

/** The rules of a tape recorded on the buffers of some networks: forward, backward, tangents. */
export class Recording implements Pass {
  readonly parameters: Vector;
  readonly seeds: GPUBuffer;
  readonly isTraining: boolean;
  readonly takesStatistics: boolean;
  readonly statisticsShare: number | undefined;
  readonly structuralDamping: GPUBuffer | undefined;
  readonly #tape: Tape;
  readonly #output: Value;
  readonly #buffers: Buffers;
  readonly #options: RecordingOptions;
  /** Shares of each delta recorded so far. */
  readonly #shares = new Map<Value, number>();
  /** Of the operation whose backward rule is being recorded: shares that are to be added. */
  #pending: Value[] = [];
  #operation: Operation | undefined;
  readonly #weightGradients: Product[] = [];
  /** Products left to the operations that write the values they are shares of. */
  readonly #absorbed = new Map<Value, SharedProduct>();

  /** A recording on these buffers. */
  constructor(tape: Tape, output: Value, buffers: Buffers, options: RecordingOptions) {
    this.parameters = options.parameters;
    this.seeds = options.seeds;
    this.isTraining = options.isTraining;
    this.statisticsShare = options.statisticsShare;
    this.takesStatistics = options.takesStatistics ?? options.statisticsShare !== undefined;
    this.structuralDamping = options.structuralDamping;
    this.#tape = tape;
    this.#output = output;
    this.#buffers = buffers;
    this.#options = options;
  }

  // Functions of their own, so that a rule may take them apart: { data, delta, share }.
  readonly data = (value: Value): Tensor => this.#buffers.data(value);
  readonly delta = (value: Value): Tensor => this.#buffers.delta(value);
  readonly tangent = (value: Value): Tensor | undefined => this.#buffers.tangent(value);

  readonly squared = (plan: Plan, value: Value, of: "data" | "delta"): Tensor => {
    const [x, out] = [this.#buffers[of](value), this.#buffers.square(value, of)];
    unitMap(plan, { name: "square", value: "x * x", slope: "2 * x" }, { x, out });
    return out;
  };

  readonly statistic = (s: number): Tensor => this.#options.statistics!.tensor(s);

  readonly activation = (value: Value): Activation =>
    value === this.#output && this.#options.leavesOutput ? "linear" : value.activation;

  readonly decay = (t: number): Pick<Epilogue, "plus" | "times"> => {
    const { of, l2 } = this.#options.decay ?? { l2: 0 };
    return l2 > 0 ? { plus: of!.tensor(t), times: l2 } : {};
  };

  readonly weightGradient = (product: Product): void => {
    this.#weightGradients.push(product);
  };

  readonly share = (value: Value): Share | undefined => {
    if (!this.#tape.moves(value)) return undefined;
    const before = this.#shares.get(value) ?? 0;
    this.#shares.set(value, before + 1);
    const out = this.delta(value);
    if (!this.#operation!.fuses) {
      if (before === 0) return { out };
      this.#pending.push(value);
      return { out: this.#buffers.scratch(value) };
    }
    return {
      out,
      ...before > 0 && { adds: true },
      ...this.#fusesSlope(value) && {
        then: { slopeOf: value.activation, outputs: this.data(value) },
      },
    };
  };

  readonly shareProduct = (plan: Plan, value: Value, product: SharedProduct): void => {
    if (this.#tape.writer(value)?.absorbs && this.#tape.readers(value).length === 1) {
      this.#absorbed.set(value, product);
      return;
    }
    const [share, { delta, weights }] = [this.share(value), product];
    if (share) matmul(plan, { a: this.delta(delta), b: weights, transposeB: true, ...share });
  };

  readonly absorbed = (value: Value): SharedProduct | undefined => this.#absorbed.get(value);

  /** Records all operations forward. */
  forward(plan: Plan): void {
    for (const operation of this.#tape.operations) operation.forward(plan, this);
  }

  /**
   * Records all operations backward, from the delta of the output on. Products that give the gradients of
   * weights are put into `weightGradients`, where it is given, instead of being recorded.
   */
  backward(plan: Plan, gradient: Vector, weightGradients?: Product[]): void {
    this.#shares.clear();
    for (const operation of this.#moving.toReversed()) {
      this.#finishDelta(plan, operation.writes);
      this.#operation = operation;
      operation.backward(plan, this, gradient);
      for (const value of this.#pending) {
        sum(plan, { a: this.#buffers.scratch(value), out: this.delta(value), adds: true });
      }
      this.#pending = [];
    }
    const products = this.#weightGradients.splice(0);
    if (weightGradients) weightGradients.push(...products);
    else matmuls(plan, products);
  }

  /** Records the tangents of all values along a direction of the parameters. */
  tangents(plan: Plan, direction: Vector): void {
    for (const operation of this.#moving) operation.tangent!(plan, this, direction);
  }

  /** Records the squares of the shares of cases, after {@linkcode Recording.backward}. */
  squares(plan: Plan, squares: Vector): void {
    for (const operation of this.#moving) operation.squares?.(plan, this, squares);
  }

  get #moving(): readonly Operation[] {
    return this.#tape.operations.filter(({ writes }) => this.#tape.moves(writes));
  }

  /** Multiplies a delta by the slope of the activation, where no share did. */
  #finishDelta(plan: Plan, value: Value): void {
    if (value === this.#output || value.activation === "linear") return;
    if (this.#fusesSlope(value)) return;
    const then = { slopeOf: value.activation, outputs: this.data(value) };
    sum(plan, { out: this.delta(value), adds: true, then });
  }

  /** Whether the only share of a value's delta takes the slope along. */
  #fusesSlope(value: Value): boolean {
    const all = this.#tape.readers(value);
    return all.length === 1 && all[0].fuses === true;
  }
}
