// What the gradients of several minibatches at one point say of the noise, and of the curvature that an
// update meets.

import { Curvature, curvatureBytes, MeanGradient } from "../../mod.ts";
import type { FigureGroup, MeasuredNetworks } from "./figure_group.ts";

/** Minibatches: those of the next updates. */
const MINIBATCHES = 8;

/** Passes of a minibatch: its gradient, and the product along it. */
const PASSES = 3 + 6;

/** How minibatches bend along their own gradients, and how much these agree. */
export const minibatchFigures: FigureGroup = {
  help: `of the minibatches of the next ${MINIBATCHES} updates, with g_i their gradients and H_i ` +
    "their Hessians at theta: the mean of g_i'H_i g_i / |g_i|^2, the batch sharpness; the sum of " +
    "g_i.g_j over all pairs i != j over that of |g_i|^2, the gradient correlation; and the noise " +
    "scale, the trace of the covariance of a case's gradient over |G|^2 of the mean gradient G, both " +
    "without bias (negative where the noise hides G)",
  columns: {
    batch_sharpness: "batchSharpness",
    gradient_correlation: "gradientCorrelation",
    noise_scale: "noiseScale",
  },
  gradients: { minibatches: MINIBATCHES * PASSES / 3 },
  bytes: ({ gpu, model, batchSize }) =>
    2 * curvatureBytes(gpu, model, { cases: batchSize, blockCases: batchSize, steps: 0 }),
  async measure({ gpu, model, networks: replicas, batchSize, update }: MeasuredNetworks) {
    const options = { model, replicas, cases: batchSize, blockCases: batchSize, minibatch: update };
    const gradient = await MeanGradient.open(gpu, options);
    const hessian = await Curvature.open(gpu, { ...options, matrix: "hessian" })
      .catch((error) => {
        gradient.free();
        throw error;
      });
    try {
      const sums = replicas.map(() => new GradientSums(model.layout.length));
      for (let i = 0; i < MINIBATCHES; i++) {
        for (const part of [gradient, hessian]) part.turnTo(update + i);
        await gradient.take();
        const gradients = await Promise.all(replicas.map((_, r) => gradient.vector.readPacked(r)));
        gradients.forEach((g, r) => hessian.direction.writePacked(r, g));
        await hessian.multiply();
        const products = await Promise.all(replicas.map((_, r) => hessian.product.readPacked(r)));
        sums.forEach((sum, r) => sum.add(gradients[r], products[r]));
      }
      return sums.map((sum) => sum.figures(batchSize));
    } finally {
      for (const part of [gradient, hessian]) part.free();
    }
  },
};

/** What is summed over the gradients of a network's minibatches, in float64. */
class GradientSums {
  #count = 0;
  #squares = 0;
  #sharpness = 0;
  readonly #sum: Float64Array;

  constructor(length: number) {
    this.#sum = new Float64Array(length);
  }

  /** Adds a gradient and what the Hessian makes of it. */
  add(gradient: Float32Array, product: Float32Array): void {
    let square = 0, form = 0;
    gradient.forEach((g, i) => {
      square += g * g;
      form += g * product[i];
      this.#sum[i] += g;
    });
    this.#count++;
    this.#squares += square;
    this.#sharpness += form / square;
  }

  figures(batchSize: number): Record<string, number> {
    const n = this.#count, square = this.#squares / n;
    const ofSum = this.#sum.reduce((sum, value) => sum + value ** 2, 0);
    // The variance of a minibatch's gradient, and |G|^2, which the mean's variance is not in.
    const ofMean = ofSum / n ** 2, variance = (square - ofMean) * n / (n - 1);
    return {
      batchSharpness: this.#sharpness / n,
      gradientCorrelation: (ofSum - this.#squares) / this.#squares,
      noiseScale: batchSize * variance / (ofMean - variance / n),
    };
  }
}
