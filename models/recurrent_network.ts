import { InputError } from "../core/errors.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { allocateMatrix, type Matrix, padded } from "../core/gpu/matrix.ts";
import type { Plan } from "../core/gpu/plan.ts";
import { allocateSteps, rowsOf, type Steps, stepsLength } from "../core/gpu/steps.ts";
import { matmul } from "../core/ops/matmul.ts";
import { recurrence, type RecurrenceLayout, type TimeLoop } from "../core/ops/recurrence.ts";
import type { SequenceBuffers } from "../core/data/fresh_sequences.ts";
import { type Vector, VectorLayout } from "../core/gpu/vector.ts";
import type { Extent } from "../core/graph/model.ts";

/** Sizes of a recurrent network with one hidden layer of tanh units. */
export interface RecurrentShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  /** T, of the longest sequence. */
  readonly steps: number;
  /** Whether targets stand at the last step of a sequence or at all of them. */
  readonly targets: "last" | "all";
}

/** Refuses what is no task of sequences, which only JavaScript can give. */
export function checkTask(task: { readonly steps: number }): void {
  if (typeof task?.steps === "number") return;
  throw new InputError(
    `a recurrent network needs a task, not ${task}: give markedTask(), memorizationTask() or ` +
      `SequenceData`,
  );
}

/** Where each tensor stands in the layout. */
const [INPUT_WEIGHTS, RECURRENT_WEIGHTS, HIDDEN_BIASES, OUTPUT_WEIGHTS, OUTPUT_BIASES] = [
  0,
  1,
  2,
  3,
  4,
];

/** Tensors of a recurrent network: V [in, H], W [H, H], b [H], U [H, out] and c [out]. */
export function recurrentLayout({ inputs, hidden, outputs }: RecurrentShape): VectorLayout {
  return new VectorLayout([
    { name: "input weights", rows: inputs, columns: hidden },
    { name: "recurrent weights", rows: hidden, columns: hidden },
    { name: "hidden biases", rows: 1, columns: hidden, isBias: true },
    { name: "output weights", rows: hidden, columns: outputs },
    { name: "output biases", rows: 1, columns: outputs, isBias: true },
  ]);
}

/**
 * R recurrent networks on minibatches of B sequences: h_t = tanh(h_{t-1} W + x_t V + b) from
 * h = 0, z_t = h_t U + c; and backward through time the derivatives d_t by the inputs of the hidden
 * units, d_t = (d_{t+1} W' + dz_t U') (1 - h_t^2), with dW = sum over steps and cases of h_{t-1}' d_t
 * as one product over all T B rows, and so the other weights.
 */
export class RecurrentNetwork implements SequenceBuffers {
  readonly inputs: Steps;
  readonly targets: Steps;
  readonly lengths: GPUBuffer;
  /** h, [R, T + 1, B, H]: h_t lies at slot t + 1. */
  readonly states: Steps;
  /** z, [R, T, B, out]. */
  readonly outputs: Steps;
  /** The derivative of the loss by the outputs, which a loss writes. */
  readonly outputDeltas: Steps;
  readonly #deltas: Steps;
  readonly #carry: Matrix;
  readonly #timeLoop: TimeLoop | RecurrenceLayout;
  readonly #gpu: Gpu;

  /** Takes the buffers for `extent.replicas` networks. */
  constructor(
    gpu: Gpu,
    shape: RecurrentShape,
    extent: Extent,
    timeLoop: TimeLoop | RecurrenceLayout,
  ) {
    const { replicas, batch: rows } = extent;
    const { hidden, steps } = shape;
    const take = (label: string, steps: number, columns: number) =>
      allocateSteps(gpu, label, { replicas, steps, rows, columns });
    this.#gpu = gpu;
    this.#timeLoop = timeLoop;
    this.inputs = take("sequences", steps, shape.inputs);
    this.targets = take("targets", shape.targets === "last" ? 1 : steps, shape.outputs);
    this.lengths = gpu.upload("lengths", new Uint32Array(replicas * padded(rows)).fill(steps));
    this.states = take("hidden states", steps + 1, hidden);
    this.#deltas = take("deltas of the hidden states", steps + 1, hidden);
    this.outputs = take("outputs", steps, shape.outputs);
    this.outputDeltas = take("deltas of the outputs", steps, shape.outputs);
    this.#carry = allocateMatrix(gpu, "newest state", { replicas, rows, columns: hidden });
  }

  /** Records the hidden states and the outputs of all steps. */
  recordForward(plan: Plan, parameters: Vector): void {
    recurrence(plan, {
      history: this.states,
      drive: this.inputs,
      stateWeights: parameters.tensor(RECURRENT_WEIGHTS),
      driveWeights: parameters.tensor(INPUT_WEIGHTS),
      forward: { bias: parameters.tensor(HIDDEN_BIASES), activation: "tanh" },
      carry: this.#carry,
    }, this.#timeLoop);
    matmul(plan, {
      a: rowsOf(this.states, 1, this.outputs.steps),
      b: parameters.tensor(OUTPUT_WEIGHTS),
      out: rowsOf(this.outputs),
      plus: parameters.tensor(OUTPUT_BIASES),
      then: { activate: "linear" },
    });
  }

  /** Records the gradient of every tensor, from {@linkcode RecurrentNetwork.outputDeltas}. */
  recordBackward(plan: Plan, parameters: Vector, gradient: Vector): void {
    const { states, outputDeltas } = this;
    const { steps } = outputDeltas;
    recurrence(plan, {
      history: this.#deltas,
      drive: outputDeltas,
      stateWeights: parameters.tensor(RECURRENT_WEIGHTS),
      driveWeights: parameters.tensor(OUTPUT_WEIGHTS),
      backward: { outputs: states, activation: "tanh" },
      carry: this.#carry,
    }, this.#timeLoop);
    const deltas = rowsOf(this.#deltas, 0, steps);
    const product = (a: Matrix, b: Matrix, weights: number, biases?: number) =>
      matmul(plan, {
        a,
        b,
        out: gradient.tensor(weights),
        transposeA: true,
        ...biases !== undefined && { columnSums: gradient.tensor(biases) },
      });
    product(rowsOf(this.inputs), deltas, INPUT_WEIGHTS);
    product(rowsOf(states, 0, steps), deltas, RECURRENT_WEIGHTS, HIDDEN_BIASES);
    product(rowsOf(states, 1, steps), rowsOf(outputDeltas), OUTPUT_WEIGHTS, OUTPUT_BIASES);
  }

  /** Gives all buffers back. */
  free(): void {
    const { inputs, targets, states, outputs, outputDeltas } = this;
    for (
      const { buffer } of [
        inputs,
        targets,
        states,
        outputs,
        outputDeltas,
        this.#deltas,
        this.#carry,
      ]
    ) {
      this.#gpu.free(buffer);
    }
    this.#gpu.free(this.lengths);
  }
}

/** Bytes of one replica's buffers for minibatches of `rows` sequences: the largest, and all. */
export function recurrentFootprint(
  shape: RecurrentShape,
  rows: number,
): { largest: number; total: number } {
  const bytes = (steps: number, columns: number) =>
    4 * stepsLength({ replicas: 1, steps, rows, columns });
  const buffers = [
    bytes(shape.steps, shape.inputs),
    bytes(shape.targets === "last" ? 1 : shape.steps, shape.outputs),
    bytes(shape.steps + 1, shape.hidden),
    bytes(shape.steps + 1, shape.hidden),
    bytes(shape.steps, shape.outputs),
    bytes(shape.steps, shape.outputs),
    bytes(1, shape.hidden),
    4 * padded(rows),
  ];
  return { largest: Math.max(...buffers), total: buffers.reduce((sum, size) => sum + size, 0) };
}
