import type { Layer, Network } from "./network.ts";

const network: Network = {
  sizes: [17, 9, 3, 9, 17],
  activations: ["sigmoid", "linear", "sigmoid", "sigmoid"],
  loss: "cross-entropy",
};

const cases = 5;

/**
 * `length` numbers low + span k / 256, k from 0 to 256 by Lehmer's generator (factor 48271, modulus
 * 2^31 - 1, started at `seed`): integer arithmetic, so the same on every machine.
 */
function lehmer(length: number, seed: number, low: number, span: number): Float64Array {
  let state = seed;
  return new Float64Array(length).map(() => {
    state = state * 48271 % 2147483647;
    return low + span * (state % 257) / 256;
  });
}

/**
 * A small autoencoder (sigmoid units, a linear code, cross-entropy) trained by ten NAG updates on
 * one batch, and what came out. Every input is exact in float32. The numbers were computed once by
 * {@linkcode lossAndGradient} and {@linkcode TwoBuffer} in float64 and frozen.
 */
export const oracle = {
  network,
  cases,
  /** [cases, 17], in [0, 1]; the targets as well. */
  batch: lehmer(cases * 17, 11, 0, 1),
  /** The initial parameters: weights in [-1, 1], biases in [-1/4, 1/4]. */
  parameters: network.sizes.slice(1).map((fanOut, i): Layer => ({
    weights: lehmer(network.sizes[i] * fanOut, 101 + i, -1, 2),
    biases: lehmer(fanOut, 201 + i, -0.25, 0.5),
  })),
  learningRate: 0.0625,
  /** The paper's schedule (5): min(1 - 1 / (2 (floor(t / period) + 1)), limit). */
  schedule: { period: 3, limit: 0.99 },
  /** mu of update t = 0, 1, ... 9, and of the one after. */
  momenta: [1 / 2, 1 / 2, 1 / 2, 3 / 4, 3 / 4, 3 / 4, 5 / 6, 5 / 6, 5 / 6, 7 / 8, 7 / 8],
  /** Of update t: the loss at theta + mu v, where its gradient is taken. */
  losses: [
    14.631065419285454,
    13.751799644006876,
    13.007775662655803,
    12.346035425849873,
    11.858753239383917,
    11.534373628296846,
    11.316369237424938,
    11.182217393092056,
    11.10551165511704,
    11.063454540838384,
  ],
  /** The loss at theta, after the ten updates. */
  finalLoss: 11.056626986743424,
  /** The squared error at theta, after the ten updates. */
  finalSquaredError: 1.0441406812591763,
};
