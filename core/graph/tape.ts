import { InputError } from "../errors.ts";
import { type TensorShape, VectorLayout } from "../gpu/vector.ts";
import type {
  InitializedLayer,
  Initializer,
  LayerParameters,
  LayerToInitialize,
} from "../init/initializer.ts";
import type { Activation } from "../ops/activation.ts";
import { Purpose, RandomStream } from "../random.ts";
import type { Image, Operation, Value } from "./operation.ts";

/**
 * A layer: a function that records operations on a tape and gives the value that they come to.
 * Composition is application of functions; `sequential()` and `residual()` do no more.
 */
export type Layer = (tape: Tape, x: Value) => Value;

/**
 * Draws initial values by a layer's initializer, from a stream of the layer's own. A dense layer that
 * keeps what is drawn says between which values it stands.
 */
export type Draw = (
  layer: Omit<LayerToInitialize, "random" | "below">,
  dense?: { reads: Value; writes: Value },
) => LayerParameters;

/** The first values of a layer's tensors, each row by row. */
export type InitialValues = (draw: Draw) => readonly Float64Array[];

interface TensorGroup {
  readonly shapes: readonly TensorShape[];
  readonly initial: InitialValues;
}

/**
 * What a network computes: values, the operations between them in order, and the tensors that are
 * trained. It is written once, without a GPU; layout and footprint are read off it.
 */
export class Tape {
  /** What the network is given. */
  readonly input: Value;
  readonly #values: Value[] = [];
  readonly #operations: Operation[] = [];
  readonly #groups: TensorGroup[] = [];
  readonly #statistics: { shape: TensorShape; initial: ArrayLike<number> }[] = [];
  readonly #moving = new Set<Value>();

  /** A tape with an input of so many units, for sequences at each of T steps. */
  constructor(inputs: number, steps?: number) {
    this.input = this.value(inputs, { steps });
  }

  /** All values, the input first. */
  get values(): readonly Value[] {
    return this.#values;
  }

  /** All operations, in the order of the forward pass. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** The number of the next group of tensors, from 1 on, which names may end in. */
  get number(): number {
    return this.#groups.length + 1;
  }

  /** The tensors that are trained, and the statistics. */
  get layout(): VectorLayout {
    return new VectorLayout(
      this.#groups.flatMap(({ shapes }) => shapes),
      this.#statistics.map(({ shape }) => shape),
    );
  }

  /** A new value: one operation is to write it, or its forward rule keeps something in it. */
  value(columns: number, options: {
    activation?: Activation;
    /** T of the sequences: that of the value it is made of. */
    steps?: number | undefined;
    /** Whether it is a history; see {@linkcode Value}. */
    isHistory?: boolean;
    /** What images its units are. */
    image?: Image | undefined;
    /** Its rows, where it is not one a case. */
    rows?: number;
  } = {}): Value {
    const { activation = "linear", steps, isHistory = false, image, rows } = options;
    const value = { id: this.#values.length, columns, activation, steps, isHistory, image, rows };
    this.#values.push(value);
    return value;
  }

  /** A new value of the units that another one has, with their steps and images. */
  like({ columns, steps, image }: Value, activation?: Activation): Value {
    return this.value(columns, { steps, image, ...activation && { activation } });
  }

  /**
   * Tensors of a layer, by their numbers in the vector; no two of a tape have one name.
   * `initial` gives their first values, row by row.
   */
  tensors(shapes: readonly TensorShape[], initial: InitialValues): number[] {
    const first = this.#groups.reduce((sum, { shapes }) => sum + shapes.length, 0);
    this.#checkNames(shapes);
    this.#groups.push({ shapes, initial });
    return shapes.map((_, i) => first + i);
  }

  /**
   * A statistic: a tensor of a layer that no optimizer moves, such as a running mean. Its forward rule
   * takes it while training, see `Pass.takesStatistics`, and an evaluation reads it. It belongs to a
   * network like its parameters: it is saved, and `Trainer.theta()` gives it behind them.
   *
   * @param initial What it begins with, row by row.
   * @returns Its number, for `Pass.statistic()`.
   */
  statistic(shape: TensorShape, initial: ArrayLike<number>): number {
    this.#checkNames([shape]);
    this.#statistics.push({ shape, initial });
    return this.#statistics.length - 1;
  }

  #checkNames(shapes: readonly TensorShape[]): void {
    const names = this.layout.theta.map(({ name }) => name);
    const twice = shapes.find(({ name }) => names.includes(name));
    if (!twice) return;
    throw new InputError(
      `two tensors are called ${twice.name}: give them names of their own, such as by tape.number`,
    );
  }

  /** Puts an operation on the tape; gives what it writes. */
  record(operation: Operation): Value {
    const { name, reads, fuses } = operation;
    if (!fuses && new Set(reads).size < reads.length) {
      throw new InputError(
        `${name} reads a value twice: give it two, or let its backward rule spread share() into ` +
          "products and sums and say fuses",
      );
    }
    if ((operation.tensors ?? []).length > 0 || reads.some((read) => this.moves(read))) {
      this.#moving.add(operation.writes);
    }
    this.#operations.push(operation);
    return operation.writes;
  }

  /** The first theta: all tensors, fixed by the seed and the initializer, and the statistics. */
  initialValues(seed: number, initializer: Initializer): Float64Array[] {
    const made = new Map<Value, "cases" | InitializedLayer>();
    if (this.input.steps === undefined) made.set(this.input, "cases");
    const parameters = this.#groups.flatMap(({ initial }, i) =>
      initial((layer, dense) => {
        const random = new RandomStream(seed, Purpose.weights, i);
        const below = dense && made.get(this.#source(dense.reads));
        const drawn = initializer({ ...layer, random, ...below && { below } });
        if (below) made.set(dense.writes, { ...drawn, activation: dense.writes.activation, below });
        return drawn;
      })
    );
    return [...parameters, ...this.#statistics.map(({ initial }) => Float64Array.from(initial))];
  }

  /** The value that an evaluation hands on as this one. */
  #source(value: Value): Value {
    const writer = this.writer(value);
    return writer?.handsOn ? this.#source(writer.reads[0]) : value;
  }

  /** Whether a value depends on parameters, so that it has a delta and a tangent. */
  moves(value: Value): boolean {
    return this.#moving.has(value);
  }

  /** The operation that writes a value; none writes the input, or what a forward rule keeps. */
  writer(value: Value): Operation | undefined {
    return this.#operations.find(({ writes }) => writes === value);
  }

  /** The operations that read a value, each as often as it does. */
  readers(value: Value): Operation[] {
    return this.#operations.flatMap((operation) =>
      operation.reads.filter((read) => read === value).map(() => operation)
    );
  }

  /** Throws where what a layer made is read by nobody: its delta would be nobody's. */
  checkUsed(output: Value): void {
    if (this.readers(output).length > 0) {
      throw new InputError(
        `the output of ${output.columns} units is read by a layer as well: return the last value`,
      );
    }
    const unused = this.#operations.find(({ writes }) =>
      writes !== output && this.readers(writes).length === 0
    );
    if (!unused) return;
    throw new InputError(
      `what ${unused.name} makes, ${unused.writes.columns} units, is read by nobody: leave the ` +
        "layer out, or return what it makes",
    );
  }
}
