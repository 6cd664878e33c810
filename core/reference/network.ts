import type { Activation } from "../ops/activation.ts";
import { activate, slope } from "./activation.ts";
import { crossEntropy, type Loss, squaredError } from "./losses.ts";
import { matmul } from "./matmul.ts";

/** A feed-forward network. */
export interface Network {
  /** Units of each layer, the input first. */
  sizes: readonly number[];
  /** One for each layer above the input. */
  activations: readonly Activation[];
  /** Cross-entropy asks for sigmoid units in the last layer. */
  loss: "cross-entropy" | "squared-error";
}

/** Parameters of a layer, or their gradient. */
export interface Layer {
  /** [fanIn, fanOut]: element k * fanOut + n goes from unit k to unit n. */
  weights: Float64Array;
  /** [fanOut] */
  biases: Float64Array;
}

/** The outputs of the last layer, [B, n], for a batch [B, sizes[0]]. */
export function outputs(
  network: Network,
  parameters: readonly Layer[],
  batch: Float64Array,
): Float64Array {
  return forward(network, parameters, batch).outputs.at(-1)!;
}

/** The squared error (y - x)^2, summed over units and averaged over cases: the figure reported. */
export function squaredErrorOf(
  network: Network,
  parameters: readonly Layer[],
  batch: Float64Array,
  targets: Float64Array,
): number {
  const cases = casesOf(network, batch);
  return squaredError(outputs(network, parameters, batch), targets, "linear", cases).loss;
}

/**
 * The loss, summed over units and averaged over cases, and its gradient by every parameter, for a
 * batch [B, sizes[0]] and targets [B, n].
 */
export function lossAndGradient(
  network: Network,
  parameters: readonly Layer[],
  batch: Float64Array,
  targets: Float64Array,
): { loss: number; gradient: Layer[] } {
  const pass = forward(network, parameters, batch);
  const { loss, delta } = lossOf(network, pass.preActivations, targets, casesOf(network, batch));
  return { loss, gradient: backward(network, parameters, pass.outputs, delta) };
}

/** All parameters as one vector: layer by layer, weights before biases. */
export function flatten(parameters: readonly Layer[]): Float64Array {
  return Float64Array.from(parameters.flatMap(({ weights, biases }) => [...weights, ...biases]));
}

/** The parameters that {@linkcode flatten} made into `vector`. */
export function unflatten({ sizes }: Network, vector: Float64Array): Layer[] {
  let at = 0;
  const take = (length: number) => vector.slice(at, at += length);
  return sizes.slice(1).map((fanOut, i) => ({
    weights: take(sizes[i] * fanOut),
    biases: take(fanOut),
  }));
}

/** The outputs of every layer, the input's first, and the last layer's pre-activations. */
function forward(network: Network, parameters: readonly Layer[], batch: Float64Array) {
  const cases = casesOf(network, batch);
  const outputs = [batch];
  let preActivations = batch;
  parameters.forEach(({ weights, biases }, i) => {
    const [shared, columns] = network.sizes.slice(i);
    preActivations = matmul(outputs[i], weights, { rows: cases, columns, shared })
      .map((sum, j) => sum + biases[j % columns]);
    outputs.push(activate(network.activations[i], preActivations));
  });
  return { outputs, preActivations };
}

function lossOf(network: Network, z: Float64Array, targets: Float64Array, cases: number): Loss {
  const outputUnit = network.activations.at(-1)!;
  if (network.loss === "squared-error") return squaredError(z, targets, outputUnit, cases);
  if (outputUnit !== "sigmoid") {
    throw new RangeError(
      `cross-entropy is that of sigmoid output units, not of ${outputUnit} ones`,
    );
  }
  return crossEntropy(z, targets, cases);
}

/** The gradient, from the outputs of every layer and the delta of the last. */
function backward(
  { sizes, activations }: Network,
  parameters: readonly Layer[],
  outputs: readonly Float64Array[],
  delta: Float64Array,
): Layer[] {
  const cases = outputs[0].length / sizes[0];
  const gradient: Layer[] = [];
  for (let i = parameters.length - 1; i >= 0; i--) {
    const [fanIn, fanOut] = sizes.slice(i);
    const product = { rows: fanIn, columns: fanOut, shared: cases, transposeA: true };
    gradient.unshift({
      weights: matmul(outputs[i], delta, product),
      biases: matmul(new Float64Array(cases).fill(1), delta, { ...product, rows: 1 }),
    });
    if (i === 0) break;
    const slopes = slope(activations[i - 1], outputs[i]);
    delta = matmul(delta, parameters[i].weights, {
      rows: cases,
      columns: fanIn,
      shared: fanOut,
      transposeB: true,
    }).map((sum, j) => sum * slopes[j]);
  }
  return gradient;
}

function casesOf({ sizes }: Network, batch: Float64Array): number {
  return batch.length / sizes[0];
}
