/**
 * Floating-point operations of the products of an autoencoder's training step, a multiply-add counted
 * as two: forward, weight gradients, and deltas of all layers but the input.
 *
 * @param layers units of the encoder from the input to the code
 */
export function operationsOf(layers: readonly number[], batchSize: number): number {
  const weights = layers.slice(1).map((size, i) => 2 * size * layers[i]);
  const all = weights.reduce((sum, count) => sum + count);
  return 2 * batchSize * (3 * all - weights[0] / 2);
}
