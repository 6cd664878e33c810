import type { Source, Split } from "../data/source.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { padded, tensorLength } from "../gpu/tensor.ts";
import type { VectorLayout } from "../gpu/vector.ts";
import type { Initializer } from "../init/initializer.ts";
import type { LossRows } from "../ops/loss_rows.ts";
import { Buffers, tapeFootprint } from "./buffers.ts";
import { type Feed, LayeredGraph, lenderIn } from "./layered_graph.ts";
import type { Figure, Loss } from "./loss.ts";
import { figureOf } from "./losses.ts";
import type { Extent, Footprint, Graph, Model } from "./model.ts";
import type { Value } from "./operation.ts";
import { outputsOf } from "./outputs.ts";
import { type Layer, Tape } from "./tape.ts";

/** What a network is made of; see {@linkcode network}. */
export interface NetworkOptions {
  /** Where its cases come from. */
  source: Source;
  /** From the inputs of a case to its output units. */
  layers: Layer;
  /** What is minimised; it reads the inputs of the output units and applies their activation. */
  loss: Loss;
  /** What is told of an evaluation. Default: the loss, called loss. */
  figures?: readonly Figure[];
  /** Weight decay: l2/2 |W|^2 is minimised besides, biases left out; no loss reported holds it. */
  l2?: number;
}

/**
 * A network of any layers, trained on any source by any loss.
 *
 * Throws an {@linkcode InputError} where a layer, the loss or a figure does not fit what it is given,
 * and for a weight decay that is none.
 *
 * ```ts
 * import { dense, examples, network, sequential, softmaxCrossEntropy } from "../../mod.ts";
 *
 * const inputs = { data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), width: 2 };
 * const model = network({
 *   source: examples({ train: { inputs, targets: [0, 1, 1, 0] } }),
 *   layers: sequential(dense({ units: 8, activation: "tanh" }), dense({ units: 2 })),
 *   loss: softmaxCrossEntropy,
 * });
 * console.log(model.layout.parameterCount); // 42
 * ```
 */
export function network(options: NetworkOptions): NetworkModel {
  return new NetworkModel(options);
}

/** See {@linkcode network}. */
export class NetworkModel implements Model {
  /** The tensors of each layer in turn. */
  readonly layout: VectorLayout;
  /** Names of the figures of an evaluation. */
  readonly figures: readonly string[];
  /** What it computes. */
  protected readonly tape: Tape;
  /** The units that the loss is taken of. */
  protected readonly output: Value;
  readonly #options: NetworkOptions & { figures: readonly Figure[]; l2: number };

  /** Use {@linkcode network}. */
  constructor(options: NetworkOptions) {
    const { source, layers, loss, l2 = 0, figures = [figureOf(loss, "loss")] } = options;
    if (!(l2 >= 0 && Number.isFinite(l2))) {
      throw new InputError(`the weight decay l2 must be a finite number of at least 0, not ${l2}`);
    }
    this.tape = new Tape(source.inputs);
    this.output = layers(this.tape, this.tape.input);
    if (!this.tape.moves(this.output)) {
      throw new InputError(
        "the layers have no parameters to train: give at least one dense() layer",
      );
    }
    this.tape.checkUsed(this.output);
    const output = { units: this.output.columns, unit: this.output.activation };
    for (const part of [loss, ...figures]) part.check?.(output, source);
    this.layout = this.tape.layout;
    this.figures = figures.map(({ name }) => name);
    this.#options = { ...options, figures, l2 };
  }

  /** Cases of each split. */
  get cases(): Readonly<Record<Split, number>> {
    return this.#options.source.cases;
  }

  /** Weight decay of the gradient, biases left out. */
  get l2(): number {
    return this.#options.l2;
  }

  /** What `Trainer.open()` starts from: each layer's tensors, from draws of its own. */
  initialValues(seed: number, initializer: Initializer): Float64Array[] {
    return this.tape.initialValues(seed, initializer);
  }

  /** Bytes of one replica's buffers for minibatches of `batch` cases. */
  footprint(batch: number): Footprint {
    const { largest, total, ...rest } = tapeFootprint(this.tape, batch);
    const { targets, weighted } = this.#options.source;
    const rows = [...targets ? [targets] : [], ...weighted ? [1] : []]
      .map((columns) => 4 * tensorLength({ replicas: 1, rows: batch, columns }));
    return {
      ...rest,
      largest: Math.max(largest, ...rows),
      total: rows.reduce((sum, bytes) => sum + bytes, total) +
        4 * padded(batch) * this.figures.length,
    };
  }

  /** Takes the buffers that training needs. */
  build(gpu: Gpu, extent: Extent): Graph {
    const lender = lenderIn(extent);
    return gpu.takeAll(() => this.#graph(gpu, new Buffers(gpu, this.tape, extent, { lender })));
  }

  #graph(gpu: Gpu, buffers: Buffers): Graph {
    const { source, loss, figures, l2 } = this.#options;
    const { tape, output } = this;
    const targets = source.targets
      ? buffers.take("targets", { columns: source.targets })
      : undefined;
    const weights = source.weighted ? buffers.take("weights", { columns: 1 }) : undefined;
    const inputs = buffers.data(tape.input);
    const into = { inputs, ...targets && { targets }, ...weights && { weights } };
    const opened = source.open(gpu);
    const rows: LossRows = {
      z: buffers.data(output),
      unit: output.activation,
      targets: targets ?? inputs,
      ...weights && { weights },
    };
    const feed: Feed<LossRows> = {
      rows,
      record: (plan, seeds, cases) => opened.record(plan, into, seeds, cases),
    };
    return new LayeredGraph(gpu, {
      ...{ tape, output, buffers, feed, loss, figures, l2 },
      free() {
        for (const part of [buffers, opened]) part.free();
        for (const tensor of [targets, weights]) if (tensor) gpu.free(tensor.buffer);
      },
    });
  }

  /**
   * What the network with the parameters `theta`, as `Trainer.theta()` reads them, makes of `inputs`
   * [n, inputs]: its outputs, [n, units], activated. A softmax is part of the loss, and not of them.
   * A Uint8Array stands for values / 255, as in a `Dataset`.
   *
   * Throws an {@linkcode InputError} where the inputs are no whole number of cases.
   */
  predict(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: ArrayLike<number>,
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.evaluate(gpu, theta, inputs, this.output);
  }

  /** The values of another place on the tape. */
  protected evaluate(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: ArrayLike<number>,
    value: Value,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { tape, output } = this;
    return outputsOf(gpu, { tape, output, value }, theta, inputs);
  }
}
