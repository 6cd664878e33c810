import type { Cases } from "../data/source.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { padded } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { placeCases } from "../ops/place_cases.ts";
import type { Buffers } from "./buffers.ts";
import type { Figure, Loss } from "./loss.ts";
import type { Extent, Graph } from "./model.ts";
import type { Value } from "./operation.ts";
import { Recording, type RecordingOptions } from "./recording.ts";
import type { Tape } from "./tape.ts";

/** The cases of minibatches, and what losses and figures read of them. */
export interface Feed<Rows> {
  /** Records the cases into the input of a tape, and what is wanted of them into `rows`. */
  record(plan: Plan, seeds: GPUBuffer, cases: Cases): void;
  /** The output units, and what is wanted of them. */
  readonly rows: Rows;
}

/** What a {@linkcode LayeredGraph} is made of. */
export interface GraphParts<Rows> {
  readonly tape: Tape;
  readonly output: Value;
  readonly buffers: Buffers;
  readonly feed: Feed<Rows>;
  readonly loss: Loss<Rows>;
  readonly figures: readonly Figure<Rows>[];
  readonly l2: number;
  /** Gives the buffers and those of the feed back. */
  free(): void;
}

/** What trains and evaluates R networks of a tape: the passes over the cases that are fed to it. */
export class LayeredGraph<Rows> implements Graph {
  readonly #gpu: Gpu;
  readonly #parts: GraphParts<Rows>;
  /** The figures of a minibatch, [R, B] each. */
  readonly #figures: readonly GPUBuffer[];

  /** What graphs that take turns with it use. */
  get buffers(): Buffers {
    return this.#parts.buffers;
  }

  /** Takes what figures need besides the parts. */
  constructor(gpu: Gpu, parts: GraphParts<Rows>) {
    this.#gpu = gpu;
    this.#parts = parts;
    const { replicas, batch, statistics } = parts.buffers.extent;
    if (parts.tape.layout.statistics && !statistics) {
      throw new Error("this network keeps statistics: say where they lie");
    }
    this.#figures = parts.figures.map(({ name }) =>
      gpu.allocate(name, 4 * replicas * padded(batch))
    );
  }

  recordCases(plan: Plan, inputs: Parameters<Graph["recordCases"]>[1]): void {
    const { seeds, cases = "minibatch" } = inputs;
    this.#parts.feed.record(plan, seeds, cases);
  }

  recordGradient(plan: Plan, inputs: Parameters<Graph["recordGradient"]>[1]): void {
    const { parameters, gradient, seeds, caseLoss, takesStatistics, weightGradients } = inputs;
    const { buffers, output, loss, feed: { rows }, l2 } = this.#parts;
    const recording = this.#recording({
      ...{ parameters, seeds, isTraining: true, takesStatistics },
      decay: { of: parameters, l2 },
    });
    recording.forward(plan);
    loss.record(plan, rows, { caseLoss, delta: buffers.delta(output) });
    recording.backward(plan, gradient, weightGradients);
  }

  recordLoss(plan: Plan, inputs: Parameters<Graph["recordLoss"]>[1]): void {
    const { parameters, seeds, caseLoss, statisticsShare } = inputs;
    this.#recording({ parameters, seeds, isTraining: true, statisticsShare }).forward(plan);
    const { loss, feed: { rows } } = this.#parts;
    loss.record(plan, rows, { caseLoss });
  }

  recordCurvature(
    plan: Plan,
    inputs: Parameters<NonNullable<Graph["recordCurvature"]>>[1],
  ): void {
    const { parameters, direction, product, seeds, structuralDamping } = inputs;
    const { tape, buffers, output, loss, feed: { rows }, l2 } = this.#parts;
    checkTangents(tape, loss);
    if (structuralDamping && !tape.operations.some(({ damps }) => damps)) {
      throw new InputError(
        "structural damping is that of recurrent layers, which this network does not have: leave it out",
      );
    }
    const recording = this.#recording({
      ...{ parameters, seeds, isTraining: true, structuralDamping },
      decay: { of: direction, l2 },
    });
    recording.tangents(plan, direction);
    const tangent = buffers.tangent(output)!;
    loss.curvature!(plan, { ...rows, tangent }, buffers.delta(output));
    recording.backward(plan, product);
  }

  recordSquares(plan: Plan, inputs: Parameters<NonNullable<Graph["recordSquares"]>>[1]): void {
    const { parameters, squares, seeds } = inputs;
    const without = this.#parts.tape.operations
      .find(({ tensors = [], squares }) => tensors.length > 0 && squares === undefined);
    if (without) {
      throw new InputError(
        `the layer ${without.name} has no squares of gradients, of which the preconditioner is made: ` +
          "set precondition: 0",
      );
    }
    this.#recording({ parameters, seeds, isTraining: true }).squares(plan, squares);
  }

  recordFigures(plan: Plan, inputs: Parameters<Graph["recordFigures"]>[1]): void {
    const { parameters, seeds, split, cases, caseFigures } = inputs;
    const { figures, feed, buffers: { extent: { replicas, batch } } } = this.#parts;
    feed.record(plan, seeds, { split, cases });
    this.#recording({ parameters, seeds, isTraining: false }).forward(plan);
    figures.forEach((figure, f) => {
      const values = this.#figures[f];
      figure.record(plan, feed.rows, values);
      placeCases(plan, { values, list: caseFigures[f] }, { batch, cases, replicas });
    });
  }

  #recording(options: Omit<RecordingOptions, "leavesOutput" | "statistics">): Recording {
    const { tape, output, buffers } = this.#parts;
    const { statistics } = buffers.extent;
    return new Recording(tape, output, buffers, { ...options, statistics, leavesOutput: true });
  }

  /** Gives all buffers back, those of its parts too. */
  free(): void {
    for (const buffer of this.#figures) this.#gpu.free(buffer);
    this.#parts.free();
  }
}

/** The buffers that a graph of such an extent uses in turn with another. */
export function lenderIn({ turnsWith }: Extent): Buffers | undefined {
  return turnsWith instanceof LayeredGraph ? turnsWith.buffers : undefined;
}

/** Refuses what has no second order. */
function checkTangents(tape: Tape, loss: { name: string; curvature?: unknown }): void {
  const without = tape.operations.find(({ tangent, writes }) =>
    tangent === undefined && tape.moves(writes)
  );
  if (!without && loss.curvature) return;
  throw new InputError(
    without
      ? `the layer ${without.name} has no tangent, which a method of second order needs: give it ` +
        "the rule, or train by another method"
      : `the loss ${loss.name} has no curvature, which a method of second order needs: give it the ` +
        "rule, or train by another method",
  );
}
