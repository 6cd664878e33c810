import { activate, slope } from "./activation.ts";
import { matmul } from "./matmul.ts";

/** A recurrent network with one hidden layer of tanh units and linear output units. */
export interface Rnn {
  inputs: number;
  hidden: number;
  outputs: number;
  /**
   * Squared error without 1/2, summed over units and steps or averaged over both, or the cross-entropy
   * of a softmax over the output units, summed over steps or averaged.
   */
  loss: "squared-error" | "mean-squared-error" | "cross-entropy" | "mean-cross-entropy";
}

/** A batch of B sequences of at most T steps. */
export interface SequenceBatch {
  /** [T, B, inputs] */
  inputs: Float64Array;
  /** [B, outputs] for the last step of each sequence, or [T, B, outputs] for every step. */
  targets: Float64Array;
  /** Steps of each sequence. */
  lengths: readonly number[];
}

/**
 * The tensors of a network or of its gradient: input weights [inputs, hidden], recurrent weights
 * [hidden, hidden], hidden biases, output weights [hidden, outputs], output biases.
 */
export type RnnTensors = readonly Float64Array[];

/** Values of each tensor. */
export function tensorSizes({ inputs, hidden, outputs }: Rnn): number[] {
  return [inputs * hidden, hidden * hidden, hidden, hidden * outputs, outputs];
}

/**
 * h_t = tanh(x_t V + h_{t-1} W + b) from h_{-1} = 0 and z_t = h_t U + c: the hidden states
 * [T, B, hidden] and the outputs [T, B, outputs].
 */
export function rnnForward(
  rnn: Rnn,
  tensors: RnnTensors,
  { inputs, lengths }: Pick<SequenceBatch, "inputs" | "lengths">,
): { states: Float64Array; outputs: Float64Array } {
  const { hidden } = rnn;
  const [inputWeights, recurrentWeights, biases, outputWeights, outputBiases] = tensors;
  const cases = lengths.length;
  const steps = inputs.length / (cases * rnn.inputs);
  const states = new Float64Array(steps * cases * hidden);
  let state = new Float64Array(cases * hidden);
  for (let t = 0; t < steps; t++) {
    const input = inputs.subarray(t * cases * rnn.inputs, (t + 1) * cases * rnn.inputs);
    const driven = matmul(input, inputWeights, {
      rows: cases,
      columns: hidden,
      shared: rnn.inputs,
    });
    const recurrent = matmul(state, recurrentWeights, {
      rows: cases,
      columns: hidden,
      shared: hidden,
    });
    state = new Float64Array(
      activate("tanh", driven.map((sum, i) => sum + recurrent[i] + biases[i % hidden])),
    );
    states.set(state, t * cases * hidden);
  }
  const outputs = matmul(states, outputWeights, {
    rows: steps * cases,
    columns: rnn.outputs,
    shared: hidden,
  }).map((sum, i) => sum + outputBiases[i % rnn.outputs]);
  return { states, outputs };
}

/**
 * The loss of the steps with a target, averaged over cases, and its gradient by every tensor:
 * backpropagation through time.
 */
export function rnnLossAndGradient(
  rnn: Rnn,
  tensors: RnnTensors,
  batch: SequenceBatch,
): { loss: number; caseLosses: Float64Array; gradient: Float64Array[] } {
  const { hidden } = rnn;
  const cases = batch.lengths.length;
  const { states, outputs } = rnnForward(rnn, tensors, batch);
  const steps = states.length / (cases * hidden);
  const { caseLosses, delta } = lossOf(rnn, outputs, batch);
  const [, recurrentWeights, , outputWeights] = tensors;
  const fromOutputs = matmul(delta, outputWeights, {
    rows: steps * cases,
    columns: hidden,
    shared: rnn.outputs,
    transposeB: true,
  });
  const slopes = slope("tanh", states);
  const deltas = new Float64Array(states.length);
  const size = cases * hidden;
  for (let t = steps - 1; t >= 0; t--) {
    const later = t + 1 < steps ? deltas.subarray((t + 1) * size, (t + 2) * size) : undefined;
    const fromLater = later &&
      matmul(later, recurrentWeights, {
        rows: cases,
        columns: hidden,
        shared: hidden,
        transposeB: true,
      });
    for (let i = 0; i < size; i++) {
      const at = t * size + i;
      deltas[at] = (fromOutputs[at] + (fromLater ? fromLater[i] : 0)) * slopes[at];
    }
  }
  const before = new Float64Array(states.length);
  before.set(states.subarray(0, states.length - size), size);
  const over = (a: Float64Array, rows: number, b: Float64Array, columns: number) =>
    matmul(a, b, { rows, columns, shared: steps * cases, transposeA: true });
  const ones = new Float64Array(steps * cases).fill(1);
  return {
    loss: caseLosses.reduce((a, b) => a + b) / cases,
    caseLosses,
    gradient: [
      over(batch.inputs, rnn.inputs, deltas, hidden),
      over(before, hidden, deltas, hidden),
      over(ones, 1, deltas, hidden),
      over(states, hidden, delta, rnn.outputs),
      over(ones, 1, delta, rnn.outputs),
    ],
  };
}

/** The loss of each case, and the derivative by the outputs of their mean: [T, B, outputs]. */
function lossOf({ outputs: units, loss }: Rnn, z: Float64Array, batch: SequenceBatch) {
  const { lengths, targets } = batch;
  const cases = lengths.length;
  const everyStep = targets.length === z.length;
  const caseLosses = new Float64Array(cases);
  const delta = new Float64Array(z.length);
  const isSoftmax = loss.endsWith("cross-entropy");
  const unitLoss = isSoftmax ? softmaxCrossEntropy : squaredError;
  const terms = (i: number) =>
    loss.startsWith("mean-") ? (isSoftmax ? 1 : units) * (everyStep ? lengths[i] : 1) : 1;
  for (let row = 0; row < z.length / units; row++) {
    const [t, i] = [Math.floor(row / cases), row % cases];
    if (everyStep ? t >= lengths[i] : t !== lengths[i] - 1) continue;
    const from = everyStep ? row : i;
    const { value, slopes } = unitLoss(
      z.subarray(row * units, (row + 1) * units),
      targets.subarray(from * units, (from + 1) * units),
    );
    caseLosses[i] += value / terms(i);
    delta.set(slopes.map((slope) => slope / cases / terms(i)), row * units);
  }
  return { caseLosses, delta };
}

interface StepLoss {
  value: number;
  slopes: Float64Array;
}

function squaredError(z: Float64Array, targets: Float64Array): StepLoss {
  const errors = z.map((value, j) => value - targets[j]);
  return {
    value: errors.reduce((sum, error) => sum + error * error, 0),
    slopes: errors.map((error) => 2 * error),
  };
}

/** - sum_j x_j log softmax(z)_j for targets x_j, whose sum is 1, or 0 where a step has no target. */
export function softmaxCrossEntropy(z: Float64Array, targets: Float64Array): StepLoss {
  const largest = Math.max(...z);
  const total = z.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  const weight = targets.reduce((sum, target) => sum + target, 0);
  return {
    value: targets.reduce((sum, x, j) => sum + x * (largest - z[j] + Math.log(total)), 0),
    slopes: z.map((value, j) => weight * Math.exp(value - largest) / total - targets[j]),
  };
}
