import { activate } from "./activation.ts";
import { matmul } from "./matmul.ts";
import type { Layer, Network } from "./network.ts";
import {
  accuracy,
  activationError,
  crossEntropyError,
  sumError,
  unitRoundoff,
} from "./tolerance.ts";

/** What float32 may make of a network's forward pass, to first order. */
export interface ForwardError {
  /** The pre-activations of the last layer, [B, n], in float64, and the most they may be off. */
  z: Float64Array;
  zError: Float64Array;
  /** Its outputs, likewise. */
  y: Float64Array;
  yError: Float64Array;
}

/**
 * The most error of each output for a batch [B, sizes[0]] whose values float32 holds, as are the
 * parameters: layer by layer |W|' times the errors of the outputs below, the error of the sum, and
 * what the activation makes of both.
 */
export function forwardError(
  network: Network,
  parameters: readonly Layer[],
  batch: Float64Array,
): ForwardError {
  const cases = batch.length / network.sizes[0];
  let [z, zError] = [batch, new Float64Array(batch.length)];
  let [y, yError] = [z, zError];
  parameters.forEach(({ weights, biases }, layer) => {
    const [shared, columns] = network.sizes.slice(layer);
    const product = { rows: cases, columns, shared };
    const magnitudes = weights.map(Math.abs);
    const sizes = matmul(y.map(Math.abs), magnitudes, product);
    const carried = matmul(yError, magnitudes, product);
    z = matmul(y, weights, product).map((sum, i) => sum + biases[i % columns]);
    zError = carried.map((error, i) =>
      error + sumError(shared + 1, sizes[i] + error + Math.abs(biases[i % columns]))
    );
    const kind = network.activations[layer];
    y = activate(kind, z);
    yError = z.map((z, i) => activationError(kind, z, zError[i]));
  });
  return { z, zError, y, yError };
}

/** The most that the mean over cases of the squared error may differ from the reference. */
export function meanSquaredErrorError(
  { y, yError }: ForwardError,
  targets: Float64Array,
  cases: number,
): number {
  const units = y.length / cases;
  let [size, error] = [0, 0];
  y.forEach((y, i) => {
    const e = Math.abs(y - targets[i]);
    const most = (e + yError[i]) * (1 + unitRoundoff);
    size += most ** 2;
    error += (most + e) * (most - e) + unitRoundoff * most ** 2;
  });
  return (error + sumError(units + cases, size) + accuracy.quotient * size) / cases;
}

/** The same of the cross-entropy, which moves by |y - x| where z moves by one. */
export function meanCrossEntropyError(
  { z, zError, y }: ForwardError,
  targets: Float64Array,
  cases: number,
): number {
  const units = y.length / cases;
  let [size, error] = [0, 0];
  z.forEach((z, i) => {
    size += Math.max(z, 0) - z * targets[i] + Math.log1p(Math.exp(-Math.abs(z)));
    error += (Math.abs(y[i] - targets[i]) + zError[i]) * zError[i] + crossEntropyError(z);
  });
  return (error + sumError(units + cases, size + error) + accuracy.quotient * size) / cases;
}
