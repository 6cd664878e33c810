import { type Gpu, Purpose, quadratic, reference, Trainer } from "../../mod.ts";
import { type Descent, upTo } from "./descent.ts";
import { ratesOf } from "./rates.ts";

/** A descent whose gradient has noise; its quadratic has the axes for eigendirections. */
export interface NoisyDescent extends Descent {
  /** The standard deviation of what is added to each number of the gradient. */
  deviation: number;
}

/** What many replicas of one descent came to at an update, direction by direction. */
export interface Sample {
  update: number;
  mean: Float64Array;
  /** Unbiased. */
  variance: Float64Array;
}

/** Which replicas are followed, and when they are looked at. */
export interface Replicas {
  /** Of each replica, its noise. */
  seeds: readonly number[];
  /** After these updates. */
  updates: readonly number[];
}

/** Replicas that the engine trains, side by side. */
export async function noisyOnGpu(
  gpu: Gpu,
  { quadratic: objective, start, optimizer, deviation }: NoisyDescent,
  { seeds, updates }: Replicas,
  interruption: AbortSignal,
): Promise<Sample[]> {
  const trainer = await Trainer.open(gpu, {
    model: quadratic([objective], { noise: deviation }),
    replicas: seeds.map((seed) => ({
      seed,
      optimizer,
      initializer: () => ({ weights: start, biases: new Float64Array(start.length) }),
    })),
    batchSize: 1,
  });
  try {
    const samples: Sample[] = [];
    for (const update of updates) {
      for await (const _ of trainer.run({ updates: update, evalCases: 0 }));
      interruption.throwIfAborted();
      const thetas = await Promise.all(seeds.map((_, r) => trainer.theta(r)));
      samples.push(sampleOf(update, thetas.map(([theta]) => Float64Array.from(theta))));
    }
    return samples;
  } finally {
    trainer.free();
  }
}

/** The same in float64, as the paper writes the updates, with the same draws. */
export function noisyInFloat64(
  { quadratic: objective, start, optimizer, deviation }: NoisyDescent,
  { seeds, updates }: Replicas,
): Sample[] {
  const columns = start.length;
  const thetas = updates.map((): Float64Array[] => []);
  const rates = upTo(Math.max(...updates)).map((update) => ratesOf(optimizer, update - 1));
  const method = optimizer.name.toUpperCase() as reference.Method;
  for (const seed of seeds) {
    const minimiser = new reference.TwoBuffer(method, start);
    rates.forEach(({ learningRate, momentum }, update) => {
      const draws = reference.gaussianNoise({ seed, purpose: Purpose.noise, update, columns });
      const gradientAt = (point: Float64Array) =>
        point.map((x, i) => objective.spectrum[i] * x + deviation * draws[i]);
      minimiser.step(gradientAt, learningRate, momentum);
      const reading = updates.indexOf(update + 1);
      if (reading >= 0) thetas[reading].push(minimiser.theta);
    });
  }
  return updates.map((update, k) => sampleOf(update, thetas[k]));
}

function sampleOf(update: number, thetas: readonly Float64Array[]): Sample {
  const count = thetas.length;
  const over = (of: (theta: Float64Array, i: number) => number, divisor: number) =>
    thetas[0].map((_, i) => thetas.reduce((sum, theta) => sum + of(theta, i), 0) / divisor);
  const mean = over((theta, i) => theta[i], count);
  return { update, mean, variance: over((theta, i) => (theta[i] - mean[i]) ** 2, count - 1) };
}
