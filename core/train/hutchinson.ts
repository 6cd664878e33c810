import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/tensor.ts";
import { Plan } from "../gpu/plan.ts";
import { Readback } from "../gpu/readback.ts";
import { partialFloats, vectorSums } from "../ops/vector_sums.ts";
import { type Curvature, PRODUCTS_IN_FLIGHT, productsInTurn } from "./curvature.ts";
import type { CurvatureMatrix } from "./curvature_matrix.ts";

/** An estimate of the sum of the eigenvalues of a network's curvature; see {@linkcode hutchinson}. */
export interface TraceEstimate {
  /** Of which matrix. */
  readonly matrix: CurvatureMatrix;
  /** The mean of the samples. */
  readonly trace: number;
  /** Its standard error, from how they scatter. */
  readonly standardError: number;
}

/**
 * Estimates the trace of the curvature of each network by Hutchinson's method ("A stochastic estimator
 * of the trace of the influence matrix", 1990): the mean of z'Az over vectors z of random signs, which
 * the network's seed fixes, a product a sample. Its variance is 2 / samples times the sum of the
 * squares of all a_ij off the diagonal, so that of a diagonal matrix each sample is the trace.
 *
 * Throws an {@linkcode InputError} for fewer than 2 samples, of which no error can be told.
 *
 * ```ts
 * import { Curvature, hutchinson, openGPU, quadratic } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const curvature = await Curvature.open(gpu, {
 *   matrix: "gauss-newton",
 *   model: quadratic([{ matrix: [2, 1, 1, 3], linear: [0, 0] }]),
 *   replicas: [{ seed: 1, theta: [[0, 0]] }],
 *   cases: 1,
 * });
 * const [{ trace, standardError }] = await hutchinson(curvature, { samples: 100 });
 * console.log(trace, standardError); // about 5, and about 0.2
 * ```
 */
export async function hutchinson(
  curvature: Curvature,
  { samples = 10 }: { samples?: number } = {},
): Promise<TraceEstimate[]> {
  if (!(Number.isInteger(samples) && samples >= 2)) {
    throw new InputError(
      `a trace is estimated from a whole number of samples from 2 on, not ${samples}`,
    );
  }
  const { gpu, matrix, product: { replicas } } = curvature;
  const forms = await gpu.takeReady(() => new QuadraticForms(gpu, curvature));
  try {
    const drawn = await forms.of(samples);
    return Array.from({ length: replicas }, (_, r) => ({
      matrix,
      ...estimate(drawn.map((values) => values[r])),
    }));
  } finally {
    forms.free();
  }
}

function estimate(values: readonly number[]): Omit<TraceEstimate, "matrix"> {
  const { length: n } = values;
  const trace = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - trace) ** 2, 0);
  return { trace, standardError: Math.sqrt(squares / (n - 1) / n) };
}

/** z'Az of R networks. */
class QuadraticForms {
  readonly #gpu: Gpu;
  readonly #curvature: Curvature;
  /** [R] */
  readonly #form: GPUBuffer;
  readonly #partials: GPUBuffer;
  readonly #plan: Plan;
  readonly #readback: Readback;

  constructor(gpu: Gpu, curvature: Curvature) {
    const { direction, product } = curvature;
    this.#gpu = gpu;
    this.#curvature = curvature;
    this.#form = gpu.allocate("quadratic forms", 4 * product.replicas);
    this.#partials = allocateFloats(gpu, "partial sums", partialFloats(product, 1));
    this.#readback = new Readback(gpu, { bytes: 4 * product.replicas, depth: PRODUCTS_IN_FLIGHT });
    this.#plan = new Plan(gpu);
    vectorSums(this.#plan, {
      name: "quadratic form",
      vectors: { direction, product },
      sums: { sum: "direction * product" },
      body: "form = sum;",
      measured: { buffer: this.#form, names: ["form"] },
      partials: this.#partials,
    });
    this.#plan.seal();
  }

  /** Of so many samples. */
  of(samples: number): Promise<Float32Array[]> {
    const size = 4 * this.#curvature.product.replicas;
    return productsInTurn(this.#curvature, samples, {
      prepare: (sample) => this.#curvature.draw(sample, "signs"),
      read: async () => {
        this.#plan.submit();
        return new Float32Array(await this.#readback.read([{ buffer: this.#form, size }]));
      },
    });
  }

  free(): void {
    for (const part of [this.#plan, this.#readback]) part.free();
    for (const buffer of [this.#form, this.#partials]) this.#gpu.free(buffer);
  }
}
