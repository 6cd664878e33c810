import { InputError } from "../core/errors.ts";
import type { SequenceBuffers } from "../core/data/fresh_sequences.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { padded } from "../core/gpu/matrix.ts";
import { allocateSteps, type Steps, stepsLength } from "../core/gpu/steps.ts";
import type { Vector, VectorLayout } from "../core/gpu/vector.ts";
import { Buffers, tapeFootprint } from "../core/graph/buffers.ts";
import type { Extent } from "../core/graph/model.ts";
import type { Value } from "../core/graph/operation.ts";
import { Recording } from "../core/graph/recording.ts";
import { Tape } from "../core/graph/tape.ts";
import { dense } from "../core/layers/dense.ts";
import { recurrent } from "../core/layers/recurrent.ts";
import { sequential } from "../core/layers/sequential.ts";
import type { RecurrenceLayout, TimeLoop } from "../core/ops/recurrence.ts";

/** Sizes of a recurrent network with one hidden layer of tanh units. */
export interface RecurrentShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  /** T, of the longest sequence. */
  readonly steps: number;
  /** Whether targets stand at the last step of a sequence or at all of them. */
  readonly targets: "last" | "all";
  /** Where the output biases begin. Default: where the initializer has them. */
  readonly biases?: readonly number[];
}

/** Refuses what is no task of sequences, which only JavaScript can give. */
export function checkTask(task: { readonly steps: number }): void {
  if (typeof task?.steps === "number") return;
  throw new InputError(
    `a recurrent network needs a task, not ${task}: give markedTask(), memorizationTask() or ` +
      `SequenceData`,
  );
}

/** Tensors of a recurrent network: V [in, H], W [H, H], b [H], U [H, out] and c [out]. */
export function recurrentLayout(shape: RecurrentShape): VectorLayout {
  return recurrentTape(shape, "kernel").tape.layout;
}

/** What a recurrent network computes: h_t = tanh(h_{t-1} W + x_t V + b) and z_t = h_t U + c. */
export function recurrentTape(
  { inputs, hidden, outputs, steps, biases }: RecurrentShape,
  timeLoop: TimeLoop | RecurrenceLayout,
): { tape: Tape; output: Value } {
  const tape = new Tape(inputs, steps);
  const layers = sequential(
    recurrent({ units: hidden, timeLoop }),
    dense({ units: outputs, role: "output", ...biases && { biases } }),
  );
  return { tape, output: layers(tape, tape.input) };
}

/** R recurrent networks on minibatches of B sequences, with their targets. */
export class RecurrentNetwork implements SequenceBuffers {
  readonly targets: Steps;
  readonly lengths: GPUBuffer;
  /** What it computes, to which output, and where. */
  readonly tape: Tape;
  readonly output: Value;
  readonly buffers: Buffers;
  readonly #gpu: Gpu;

  /** Takes the buffers for `extent.replicas` networks. */
  constructor(
    gpu: Gpu,
    shape: RecurrentShape,
    extent: Extent,
    timeLoop: TimeLoop | RecurrenceLayout,
  ) {
    const { replicas, batch: rows } = extent;
    const { tape, output } = recurrentTape(shape, timeLoop);
    this.#gpu = gpu;
    this.tape = tape;
    this.output = output;
    this.buffers = new Buffers(gpu, tape, extent);
    const steps = shape.targets === "last" ? 1 : shape.steps;
    this.targets = allocateSteps(gpu, "targets", {
      ...{ replicas, steps, rows, columns: shape.outputs },
    });
    const lengths = new Uint32Array(replicas * padded(rows)).fill(shape.steps);
    this.lengths = gpu.upload("lengths", lengths);
  }

  /** x, [R, T, B, in]. */
  get inputs(): Steps {
    return this.buffers.steps(this.tape.input, "data");
  }

  /** z, [R, T, B, out]. */
  get outputs(): Steps {
    return this.buffers.steps(this.output, "data");
  }

  /** The derivative of the loss by the outputs, which a loss writes. */
  get outputDeltas(): Steps {
    return this.buffers.steps(this.output, "delta");
  }

  /** The rules of its layers at these parameters. */
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
export function recurrentFootprint(
  shape: RecurrentShape,
  rows: number,
): { largest: number; total: number } {
  const { largest, total } = tapeFootprint(recurrentTape(shape, "kernel").tape, rows);
  const steps = shape.targets === "last" ? 1 : shape.steps;
  const targets = 4 * stepsLength({ replicas: 1, steps, rows, columns: shape.outputs });
  return { largest: Math.max(largest, targets), total: total + targets + 4 * padded(rows) };
}
