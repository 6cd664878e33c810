import { checkChoice } from "../core/checks.ts";
import { InputError } from "../core/errors.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import type { Value } from "../core/graph/operation.ts";
import { outputsOf } from "../core/graph/outputs.ts";
import { type Layer, Tape } from "../core/graph/tape.ts";
import { dense } from "../core/layers/dense.ts";
import { recurrent } from "../core/layers/recurrent.ts";
import { sequential } from "../core/layers/sequential.ts";
import { type RecurrenceLayout, type TimeLoop, timeLoops } from "../core/ops/recurrence.ts";
import { checkCount, type SequenceTask } from "./problems/sequence_tasks.ts";
import { checkTask, type SequenceModel, sequenceNetwork } from "./sequence_network.ts";

/** A recurrent network and its sequences; see {@linkcode rnn}. */
export interface RnnOptions {
  /** Hidden units; 100 in the paper. */
  hidden?: number;
  /** What is learned: {@linkcode markedTask}, {@linkcode memorizationTask}, `sequenceData()`. */
  task: SequenceTask;
  /** How the loop over time runs. By default a kernel holds it; see `fastestTimeLoop()`. */
  timeLoop?: TimeLoop;
}

/**
 * A recurrent network as the paper trains them (section 4): one hidden layer of tanh units,
 * h_t = tanh(h_{t-1} W + x_t V + b), linear outputs z_t = h_t U + c, its gradient by backpropagation
 * through time. The figures of an evaluation are the loss and the zero-one loss of the task.
 *
 * Throws an {@linkcode InputError} for a number of hidden units, a task or a time loop that is none.
 *
 * ```ts
 * import { echoState, markedTask, nesterov, openGPU, rnn, Trainer } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const trainer = await Trainer.open(gpu, {
 *   model: rnn({ hidden: 20, task: markedTask({ problem: "add", length: 10 }) }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.01, momentum: 0.9 }),
 *     initializer: echoState({ inputScale: 0.001 }),
 *   }],
 *   batchSize: 10,
 * });
 * for await (const report of trainer.run({ updates: 10, evalCases: 100 })) {
 *   console.log(report.replicas[0].figures.zeroOneLoss);
 * }
 * ```
 */
export function rnn({ hidden = 100, task, timeLoop = "kernel" }: RnnOptions): SequenceModel {
  checkCount("number of hidden units", hidden);
  checkTask(task);
  checkChoice("time loop", timeLoop, timeLoops, "fastestTimeLoop() finds the faster one");
  return sequenceNetwork({ task, layers: recurrentLayers({ ...task, hidden }, timeLoop) });
}

/** Sizes of a recurrent network with one hidden layer of tanh units. */
export interface RecurrentShape {
  readonly hidden: number;
  readonly outputs: number;
  /** Where the output biases begin. Default: where the initializer has them. */
  readonly outputBiases?: readonly number[];
}

/** h_t = tanh(h_{t-1} W + x_t V + b) and z_t = h_t U + c. */
export function recurrentLayers(
  { hidden, outputs, outputBiases }: RecurrentShape,
  timeLoop: TimeLoop | RecurrenceLayout,
): Layer {
  return sequential(
    recurrent({ units: hidden, timeLoop }),
    dense({ units: outputs, role: "output", ...outputBiases && { biases: outputBiases } }),
  );
}

/** A tape with those layers: its tensors are V [in, H], W [H, H], b [H], U [H, out] and c [out]. */
export function recurrentTape(
  shape: RecurrentShape & { readonly inputs: number; readonly steps: number },
  timeLoop: TimeLoop | RecurrenceLayout,
): { tape: Tape; output: Value } {
  const tape = new Tape(shape.inputs, shape.steps);
  return { tape, output: recurrentLayers(shape, timeLoop)(tape, tape.input) };
}

/** What {@linkcode runRnn} computes: a trained network and the sequences it is to read. */
export interface RnnRun {
  /** The tensors of one replica, as `Trainer.theta()` gives them. */
  theta: readonly ArrayLike<number>[];
  /** [T, B, inputs] */
  inputs: ArrayLike<number>;
  /** B. */
  batch: number;
}

/**
 * The outputs z_t = h_t U + c of a recurrent network at every step of `batch` sequences, [T, B,
 * outputs], before any softmax.
 *
 * Throws an {@linkcode InputError} where the inputs are no whole number of steps, or theta is not
 * that of a recurrent network.
 */
export async function runRnn(
  gpu: Gpu,
  { theta, inputs, batch }: RnnRun,
): Promise<Float32Array<ArrayBuffer>> {
  checkCount("number of sequences", batch);
  checkTheta(theta);
  const [hidden, outputs] = [theta[2].length, theta[4].length];
  const width = theta[0].length / hidden;
  const steps = inputs.length / (width * batch);
  if (!Number.isInteger(steps) || steps < 1) {
    throw new InputError(
      `${inputs.length} inputs are no whole number of steps of ${batch} sequences of ${width}: ` +
        `give them as [T, ${batch}, ${width}]`,
    );
  }
  const tape = recurrentTape({ inputs: width, hidden, outputs, steps }, "kernel");
  return await outputsOf(gpu, tape, theta, inputs);
}

function checkTheta(theta: RnnRun["theta"]): void {
  const [input, recurrent, hidden, output, outputs] = theta.map(({ length }) => length);
  const fits = theta.length === 5 && input >= 1 && input % hidden === 0 &&
    recurrent === hidden ** 2 && output === hidden * outputs;
  if (fits) return;
  throw new InputError(
    `theta of ${theta.map(({ length }) => length).join(", ") || "no"} values is none of a ` +
      `recurrent network: give [in x H, H x H, H, H x out, out], as Trainer.theta() reads them`,
  );
}
