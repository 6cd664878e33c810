// deno-lint-ignore no-import-prefix
import { EigenvalueDecomposition, Matrix } from "npm:ml-matrix@6.15.1";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { allocateFloats } from "../gpu/tensor.ts";
import { Plan } from "../gpu/plan.ts";
import { Readback } from "../gpu/readback.ts";
import { Vector } from "../gpu/vector.ts";
import { pointwise } from "../ops/pointwise.ts";
import { partialFloats, vectorSums } from "../ops/vector_sums.ts";
import { type Curvature, PRODUCTS_IN_FLIGHT, productsInTurn } from "./curvature.ts";
import type { CurvatureMatrix } from "./curvature_matrix.ts";

/** What Lanczos' method finds of a network's curvature; see {@linkcode lanczos}. */
export interface Spectrum {
  /** Of which matrix. */
  readonly matrix: CurvatureMatrix;
  /** The Ritz values, the largest first: as many as there were steps. NaN of what is not finite. */
  readonly values: readonly number[];
  /** For each the most that it is away from an eigenvalue, but for what products round off. */
  readonly bounds: readonly number[];
  /**
   * The shares of the start vector in them, whose sum is 1: the density of the eigenvalues as these
   * steps tell it, exact for the mean of every power below twice their number.
   */
  readonly weights: readonly number[];
  /**
   * For each of the vectors that were given, its shares in them: (v'y)^2 / |v|^2 of a vector v and the
   * Ritz vector y, of length 1, of each value. NaN of zeros.
   */
  readonly shares: readonly (readonly number[])[];
}

/** How {@linkcode lanczos} goes. */
export interface LanczosOptions {
  /** Products, at most. Default 20. */
  readonly steps?: number;
  /** [R, length] each, none of the curvature's own: how much of them lies along the Ritz vectors. */
  readonly vectors?: readonly Vector[];
}

/**
 * The eigenvalues of the curvature of each network, those at both ends of the spectrum first, by
 * Lanczos' method with full reorthogonalization (Golub and Van Loan, Matrix Computations, section
 * 10.1): a product with the matrix a step, from a start vector that the network's seed fixes. It
 * takes fewer steps where there are fewer parameters, and where no vector is left that the start
 * vector leads to. The vectors of all steps are kept, P float32 each.
 *
 * A Ritz vector is as near to an eigenvector as the bound of its value is small beside the distance to
 * the other values. How much of a vector lies along them is told of those that are given:
 *
 * Throws an {@linkcode InputError} for a number of steps that is none, and a
 * {@linkcode GPUMemoryError} where the vectors do not fit.
 *
 * ```ts
 * import { Curvature, lanczos, openGPU, quadratic, Vector } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const curvature = await Curvature.open(gpu, {
 *   matrix: "hessian",
 *   model: quadratic([{ matrix: [2, 1, 1, 2], linear: [0, 0] }]),
 *   replicas: [{ seed: 1, theta: [[1, 0]] }],
 *   cases: 1,
 * });
 * const vector = new Vector(gpu, "vector", curvature.direction.layout, 1);
 * vector.write(0, [[3, 1]]);
 * const [{ values, shares }] = await lanczos(curvature, { steps: 20, vectors: [vector] });
 * console.log(values); // about 3 and 1, after two steps
 * console.log(shares[0]); // about 0.8 and 0.2: along (1, 1) and (1, -1)
 * ```
 */
export async function lanczos(
  curvature: Curvature,
  { steps = 20, vectors = [] }: LanczosOptions = {},
): Promise<Spectrum[]> {
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new InputError(`Lanczos' method takes a whole number of steps from 1 on, not ${steps}`);
  }
  const { gpu, product: { layout, replicas }, matrix } = curvature;
  const most = Math.min(steps, layout.parameterCount);
  const krylov = await gpu.takeReady(() => new KrylovBasis(gpu, curvature, most));
  try {
    const made = await krylov.build();
    const parts: Components[] = [];
    for (const vector of vectors) parts.push(await krylov.componentsOf(vector));
    return Array.from({ length: replicas }, (_, r) => {
      const steps = made.map(({ along, beyond }) => ({ along: along[r], beyond: beyond[r] }));
      const given = parts.map(({ norm, along }) => along.map((part) => part[r] / norm[r]));
      return { matrix, ...ritz(steps, given) };
    });
  } finally {
    krylov.free();
  }
}

/** A step: q'Aq, and the norm of what of Aq is not in the vectors so far. */
interface LanczosStep<T> {
  readonly along: T;
  readonly beyond: T;
}

/** What is left of a product below this share of the matrix is what was rounded off. */
const ROUNDING = 2 ** -18;

/** The norm of a vector, and its component along each Lanczos vector, [R] each. */
interface Components {
  readonly norm: Float32Array;
  readonly along: readonly Float32Array[];
}

/**
 * Ritz values, their bounds and weights, from the steps of one network; and the shares of vectors of
 * length 1, `given` by their components along the Lanczos vectors.
 */
function ritz(
  all: readonly LanczosStep<number>[],
  given: readonly (readonly number[])[],
): Omit<Spectrum, "matrix"> {
  let size = 0;
  const last = all.findIndex(({ along, beyond }) => {
    size = Math.max(size, Math.abs(along), beyond);
    return beyond <= ROUNDING * size;
  });
  const steps = last < 0 ? all : all.slice(0, last + 1);
  const { length: n } = steps;
  if (!steps.every(({ along, beyond }) => Number.isFinite(along) && Number.isFinite(beyond))) {
    const none = Array<number>(n).fill(NaN);
    return { values: none, bounds: none, weights: none, shares: given.map(() => none) };
  }
  const tridiagonal = Matrix.zeros(n, n);
  steps.forEach(({ along, beyond }, j) => {
    tridiagonal.set(j, j, along);
    if (j + 1 === n) return;
    tridiagonal.set(j, j + 1, beyond);
    tridiagonal.set(j + 1, j, beyond);
  });
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(
    tridiagonal,
    { assumeSymmetric: true },
  );
  const order = [...values.keys()].toSorted((a, b) => values[b] - values[a]);
  return {
    values: order.map((i) => values[i]),
    bounds: order.map((i) => Math.abs(steps[n - 1].beyond * vectors.get(n - 1, i))),
    weights: order.map((i) => vectors.get(0, i) ** 2),
    shares: given.map((along) =>
      order.map((i) => steps.reduce((sum, _, j) => sum + along[j] * vectors.get(j, i), 0) ** 2)
    ),
  };
}

/** Orthonormal vectors of R networks, each of which the product with the one before leads to. */
class KrylovBasis {
  readonly #gpu: Gpu;
  readonly #curvature: Curvature;
  readonly #vectors: readonly Vector[];
  /** The norm of the product, and its component along a vector, [R] each. */
  readonly #beyond: GPUBuffer;
  readonly #along: GPUBuffer;
  readonly #partials: GPUBuffer;
  readonly #readback: Readback;
  readonly #measure: Plan;
  /** By vector: has it be the product made as long as 1, and takes it out of the product. */
  readonly #add: readonly Plan[];
  readonly #remove: readonly Plan[];

  constructor(gpu: Gpu, curvature: Curvature, size: number) {
    const { product } = curvature, { layout, replicas } = product;
    this.#gpu = gpu;
    this.#curvature = curvature;
    this.#vectors = Array.from(
      { length: size },
      (_, i) => new Vector(gpu, `Lanczos vector ${i}`, layout, replicas),
    );
    this.#beyond = gpu.allocate("norms of products", 4 * replicas);
    this.#along = gpu.allocate("components of products", 4 * replicas);
    this.#partials = allocateFloats(gpu, "partial sums", partialFloats(product, 1));
    this.#readback = new Readback(gpu, { bytes: 4 * replicas, depth: 2 * PRODUCTS_IN_FLIGHT });
    this.#measure = this.#recordMeasure();
    this.#add = this.#vectors.map((vector) => this.#recordAdd(vector));
    this.#remove = this.#vectors.map((vector) => this.#recordRemove(vector));
  }

  #recordMeasure(): Plan {
    const plan = new Plan(this.#gpu);
    vectorSums(plan, {
      name: "norm of a product",
      vectors: { product: this.#curvature.product },
      sums: { squares: "product * product" },
      body: "beyond = sqrt(squares);",
      measured: { buffer: this.#beyond, names: ["beyond"] },
      partials: this.#partials,
    });
    return plan.seal();
  }

  #recordAdd(vector: Vector): Plan {
    const { product, direction } = this.#curvature;
    const plan = new Plan(this.#gpu);
    pointwise(plan, {
      name: "next Lanczos vector",
      body: "vector = product / beyond; direction = vector;",
      reads: { product },
      updates: { vector, direction },
      measured: { buffer: this.#beyond, names: ["beyond"] },
    });
    return plan.seal();
  }

  #recordRemove(vector: Vector): Plan {
    const { product } = this.#curvature;
    const plan = new Plan(this.#gpu);
    const measured = { buffer: this.#along, names: ["along"] };
    vectorSums(plan, {
      name: "component of a product",
      vectors: { product, vector },
      sums: { component: "product * vector" },
      body: "along = component;",
      measured,
      partials: this.#partials,
    });
    pointwise(plan, {
      name: "orthogonalization",
      body: "product = fma(vec4f(-along), vector, product);",
      reads: { vector },
      updates: { product },
      measured,
    });
    return plan.seal();
  }

  /** Takes the steps. */
  build(): Promise<LanczosStep<Float32Array>[]> {
    this.#start();
    return productsInTurn(this.#curvature, this.#vectors.length, { read: (j) => this.#step(j) });
  }

  /** The first vector is a probe. */
  #start(): void {
    const { direction } = this.#curvature;
    this.#curvature.draw(0, "uniform");
    this.#take(direction);
    this.#submit([this.#measure, this.#add[0]]);
  }

  /** Has the product be a vector. */
  #take({ buffer, first }: Vector): void {
    const { product } = this.#curvature;
    const size = 4 * product.replicas * product.layout.length;
    const encoder = this.#gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, first * size / product.replicas, product.buffer, 0, size);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Takes a vector apart, once the steps are taken. */
  async componentsOf(vector: Vector): Promise<Components> {
    this.#take(vector);
    this.#submit([this.#measure]);
    const norm = await this.#read(this.#beyond);
    const along: Float32Array[] = [];
    for (const remove of this.#remove) {
      this.#submit([remove]);
      along.push(await this.#read(this.#along));
    }
    return { norm, along };
  }

  /** Makes the next vector of the product with vector j. */
  async #step(j: number): Promise<LanczosStep<Float32Array>> {
    this.#submit([this.#remove[j]]);
    const along = this.#read(this.#along);
    // Once more takes out what the roundings of the first time left of them.
    const all = this.#remove.slice(0, j + 1);
    this.#submit([...all, ...all, this.#measure]);
    const beyond = this.#read(this.#beyond);
    this.#submit(this.#add.slice(j + 1, j + 2));
    const [a, b] = await Promise.all([along, beyond]);
    return { along: a, beyond: b };
  }

  #submit(plans: readonly Plan[]): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    for (const plan of plans) plan.encode(encoder);
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  async #read(buffer: GPUBuffer): Promise<Float32Array> {
    const size = 4 * this.#curvature.product.replicas;
    return new Float32Array(await this.#readback.read([{ buffer, size }]));
  }

  free(): void {
    for (const plan of [this.#measure, ...this.#add, ...this.#remove]) plan.free();
    for (const buffer of [this.#beyond, this.#along, this.#partials]) this.#gpu.free(buffer);
    for (const part of [...this.#vectors, this.#readback]) part.free();
  }
}
