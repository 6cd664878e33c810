import { InputError } from "../core/errors.ts";
import type { SequenceBuffers } from "../core/data/fresh_sequences.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { padded, type Tensor, tensorLength } from "../core/gpu/tensor.ts";
import type { Plan } from "../core/gpu/plan.ts";
import type { Vector, VectorLayout } from "../core/gpu/vector.ts";
import { Buffers, tapeFootprint } from "../core/graph/buffers.ts";
import { LayeredGraph, lenderIn } from "../core/graph/layered_graph.ts";
import type { Figure } from "../core/graph/loss.ts";
import type { Extent, Footprint, Graph, Model, Split } from "../core/graph/model.ts";
import type { Value } from "../core/graph/operation.ts";
import { outputsOf } from "../core/graph/outputs.ts";
import { Recording } from "../core/graph/recording.ts";
import { type Layer, Tape } from "../core/graph/tape.ts";
import type { Initializer } from "../core/init/initializer.ts";
import { apart } from "../core/layers/activation.ts";
import {
  sequenceBits,
  sequenceCurvature,
  sequenceLoss,
  type SequenceLossInputs,
  unitError,
  zeroOneLoss,
} from "../core/ops/sequence_loss.ts";
import type { SequenceTask, TaskCases } from "./problems/sequence_tasks.ts";

/** What is learned of sequences, and by which layers; see {@linkcode sequenceNetwork}. */
export interface SequenceNetworkOptions {
  /** What is learned: `markedTask()`, `memorizationTask()`, `SequenceData`. */
  task: SequenceTask;
  /** From the inputs of a step to the linear output units of the task. */
  layers: Layer;
}

/**
 * A network of any layers that learns a task of sequences. The figures of an evaluation are the loss,
 * and the zero-one loss of the task or the errors that it names.
 *
 * Throws an {@linkcode InputError} where the layers end in other units than the task has outputs.
 *
 * ```ts
 * import { dense, markedTask, recurrent, sequenceNetwork, sequential } from "../mod.ts";
 *
 * const model = sequenceNetwork({
 *   task: markedTask({ problem: "add", length: 10 }),
 *   layers: sequential(recurrent({ units: 20 }), recurrent({ units: 20 }), dense({ units: 1 })),
 * });
 * console.log(model.figures); // loss and zeroOneLoss
 * ```
 */
export function sequenceNetwork(options: SequenceNetworkOptions): SequenceModel {
  return new SequenceModel(options);
}

/** See {@linkcode sequenceNetwork}. */
export class SequenceModel implements Model {
  /** The tensors of each layer in turn. */
  readonly layout: VectorLayout;
  /** The loss, of a mean cross-entropy also bits, and the zero-one loss or the errors that are named. */
  readonly figures: readonly string[];
  readonly #task: SequenceTask;
  readonly #network: { tape: Tape; output: Value };

  /** Use {@linkcode sequenceNetwork}. */
  constructor({ task, layers }: SequenceNetworkOptions) {
    checkTask(task);
    const tape = new Tape(task.inputs, task.steps);
    const output = apart(tape, layers(tape, tape.input));
    tape.checkUsed(output);
    if (output.columns !== task.outputs || output.activation !== "linear") {
      throw new InputError(
        `the layers end in ${output.columns} ${output.activation} units and the task has ` +
          `${task.outputs} linear outputs: end in dense({ units: ${task.outputs} })`,
      );
    }
    this.figures = figuresOf(task).map(({ name }) => name);
    this.#task = task;
    this.#network = { tape, output };
    this.layout = tape.layout;
  }

  /** Sequences of each split. */
  get cases(): Record<Split, number> {
    return { ...this.#task.cases };
  }

  /** What `Trainer.open()` starts from: each layer's tensors, from draws of its own. */
  initialValues(seed: number, initializer: Initializer): Float64Array[] {
    return this.#network.tape.initialValues(seed, initializer);
  }

  /** Bytes of one replica's buffers for minibatches of `batch` sequences. */
  footprint(batch: number): Footprint {
    const found = sequenceFootprint(this.#network, this.#task, batch);
    return { ...found, total: found.total + 4 * padded(batch) * this.figures.length };
  }

  /** Takes the buffers that training needs. */
  build(gpu: Gpu, extent: Extent): Graph {
    const { loss } = this.#task;
    return gpu.takeAll(() => {
      const network = new SequenceNetwork(gpu, this.#network, this.#task, extent);
      const { tape, output, buffers, outputs: z, targets, lengths } = network;
      return new LayeredGraph<SequenceLossInputs>(gpu, {
        ...{ tape, output, buffers, l2: 0 },
        feed: {
          rows: { loss, z, targets, lengths },
          record: (plan, seeds, cases) => this.#record(plan, network, seeds, cases),
        },
        loss: {
          name: loss,
          record: sequenceLoss,
          curvature: (plan, { tangent, ...rows }, out) =>
            sequenceCurvature(plan, rows, { tangent, out }),
        },
        figures: figuresOf(this.#task),
        free: () => network.free(),
      });
    });
  }

  /**
   * What the network with the parameters `theta`, as `Trainer.theta()` reads them, makes of sequences
   * [T, n, inputs] at each of their steps: the output units before any softmax, [T, n, outputs].
   *
   * Throws an {@linkcode InputError} where the inputs are no whole number of sequences of T steps.
   */
  predict(
    gpu: Gpu,
    theta: readonly ArrayLike<number>[],
    inputs: ArrayLike<number>,
  ): Promise<Float32Array<ArrayBuffer>> {
    return outputsOf(gpu, this.#network, theta, inputs);
  }

  #record(plan: Plan, into: SequenceNetwork, seeds: GPUBuffer, cases: TaskCases): void {
    if (cases !== "minibatch" && this.#task.cases[cases.split] < 1) {
      throw new InputError(`there are no ${cases.split} cases`);
    }
    this.#task.record(plan, into, seeds, cases);
  }
}

/**
 * The loss, also in bits where it is a cross-entropy a step, and the errors that the task names, or its
 * zero-one loss.
 */
function figuresOf(
  { loss: kind, zeroOne, unitErrors }: SequenceTask,
): Figure<SequenceLossInputs>[] {
  const losses: Figure<SequenceLossInputs>[] = [{
    name: "loss",
    record: (plan, rows, out) => sequenceLoss(plan, rows, { caseLoss: out }),
  }];
  if (kind === "mean-cross-entropy") losses.push({ name: "bits", record: sequenceBits });
  if (unitErrors) {
    return [
      ...losses,
      ...unitErrors.map(({ name, unit }): Figure<SequenceLossInputs> => ({
        name,
        record: (plan, rows, out) => unitError(plan, rows, unit, out),
      })),
    ];
  }
  return [...losses, {
    name: "zeroOneLoss",
    record: (plan, rows, out) => zeroOneLoss(plan, rows, zeroOne, out),
  }];
}

/** Refuses what is no task of sequences, which only JavaScript can give. */
export function checkTask(task: { readonly steps: number }): void {
  if (typeof task?.steps === "number") return;
  throw new InputError(
    `a recurrent network needs a task, not ${task}: give markedTask(), memorizationTask() or ` +
      `SequenceData`,
  );
}

/** What the targets of a task are. */
type Targets = Pick<SequenceTask, "targets" | "hasLabels">;

/** R networks on minibatches of B sequences, with their targets. */
export class SequenceNetwork implements SequenceBuffers {
  readonly targets: Tensor;
  readonly lengths: GPUBuffer;
  /** What it computes, to which output, and where. */
  readonly tape: Tape;
  readonly output: Value;
  readonly buffers: Buffers;
  readonly #gpu: Gpu;

  /** Takes the buffers for `extent.replicas` networks. */
  constructor(
    gpu: Gpu,
    { tape, output }: { tape: Tape; output: Value },
    task: Targets,
    extent: Extent,
  ) {
    const { input: { steps: all = 1 } } = tape, { replicas, batch } = extent;
    this.#gpu = gpu;
    this.tape = tape;
    this.output = output;
    this.buffers = new Buffers(gpu, tape, extent, { lender: lenderIn(extent) });
    this.targets = this.buffers.take("targets", targetColumns({ tape, output }, task));
    this.lengths = gpu.upload("lengths", new Uint32Array(replicas * padded(batch)).fill(all));
  }

  /** x, [R, T, B, in]. */
  get inputs(): Tensor {
    return this.buffers.data(this.tape.input);
  }

  /** z, [R, T, B, out]. */
  get outputs(): Tensor {
    return this.buffers.data(this.output);
  }

  /** The derivative of the loss by the outputs, which a loss writes. */
  get outputDeltas(): Tensor {
    return this.buffers.delta(this.output);
  }

  /** The rules of its layers at these parameters, in training. */
  at(parameters: Vector, seeds: GPUBuffer): Recording {
    const options = { parameters, seeds, isTraining: true, leavesOutput: true };
    return new Recording(this.tape, this.output, this.buffers, options);
  }

  /** Gives all buffers back. */
  free(): void {
    this.buffers.free();
    for (const buffer of [this.targets.buffer, this.lengths]) this.#gpu.free(buffer);
  }
}

/** Bytes of one replica's buffers for minibatches of `rows` sequences: the largest, and all. */
export function sequenceFootprint(
  network: { tape: Tape; output: Value },
  task: Targets,
  rows: number,
): Footprint {
  const { largest, total, ...rest } = tapeFootprint(network.tape, rows);
  const bytes = 4 * tensorLength({ replicas: 1, rows, ...targetColumns(network, task) });
  return { ...rest, largest: Math.max(largest, bytes), total: total + bytes + 4 * padded(rows) };
}

function targetColumns(
  { tape: { input: { steps = 1 } }, output }: { tape: Tape; output: Value },
  { targets, hasLabels = false }: Targets,
): { columns: number; steps: number } {
  return { columns: hasLabels ? 1 : output.columns, steps: targets === "last" ? 1 : steps };
}
