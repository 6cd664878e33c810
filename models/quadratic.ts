import { InputError } from "../core/errors.ts";
import type { Gpu } from "../core/gpu/gpu.ts";
import { allocateTensor, pad, padded, type Tensor } from "../core/gpu/tensor.ts";
import type { Plan } from "../core/gpu/plan.ts";
import type { Initializer } from "../core/init/initializer.ts";
import { dot } from "../core/ops/dot.ts";
import { gaussianNoise } from "../core/ops/gaussian_noise.ts";
import { matmul } from "../core/ops/matmul.ts";
import { Vector, VectorLayout } from "../core/gpu/vector.ts";
import { Purpose, RandomStream } from "../core/random.ts";
import type { Extent, Graph, Model, Split } from "../core/graph/model.ts";

/** A quadratic to minimise: f(x) = x'Ax/2 + b'x. */
export interface QuadraticObjective {
  /** A, symmetric [n, n], row by row. */
  matrix: ArrayLike<number>;
  /** b, [n]. */
  linear: ArrayLike<number>;
}

/** What a {@linkcode quadratic} has besides its objectives. */
export interface QuadraticModelOptions {
  /**
   * The standard deviation of what is added to each number of the gradient at each update: the
   * simplest model of a minibatch. The draws are normal, independent from number to number and from
   * update to update, and fixed by the replica's seed. Default: 0, none.
   */
  noise?: number;
}

/**
 * Quadratics of one size, minimised side by side: those on which the paper proves what momentum
 * does (section 2.1). Replica r has objective r, or all of them the only one there is. A minibatch
 * is one case, the loss and the figure of an evaluation are f; an initializer gives the starting
 * point as the weights of a layer [1, n]. With `noise` the gradient is Ax + b + noise N(0, 1).
 *
 * Throws an {@linkcode InputError} where a matrix is not symmetric, a value is not finite or the sizes
 * differ, and for a noise that is no finite number from 0 on.
 *
 * ```ts
 * import { glorot, nesterov, openGPU, quadratic, Trainer } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const trainer = await Trainer.open(gpu, {
 *   model: quadratic([{ matrix: [2, 1, 1, 3], linear: [1, -1] }]),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.25, momentum: 0.5 }),
 *     initializer: glorot(),
 *   }],
 *   batchSize: 1,
 * });
 * for await (const { replicas } of trainer.run({ updates: 50 })) {
 *   console.log(replicas[0].figures.value); // about -0.7, at (-0.8, 0.6)
 * }
 * ```
 */
export function quadratic(
  objectives: readonly QuadraticObjective[],
  options: QuadraticModelOptions = {},
): QuadraticModel {
  return new QuadraticModel(objectives, options);
}

/** See {@linkcode quadratic}. */
export class QuadraticModel implements Model {
  /** The point x, a row of n values. */
  readonly layout: VectorLayout;
  /** The objective is the same at every step; there is nothing it was not trained on. */
  readonly cases: Readonly<Record<Split, number>> = { train: 1, test: 0 };
  /** f(x). */
  readonly figures: readonly string[] = ["value"];
  readonly #objectives: readonly QuadraticObjective[];
  readonly #noise: number;

  /** Use {@linkcode quadratic}. */
  constructor(
    objectives: readonly QuadraticObjective[],
    { noise = 0 }: QuadraticModelOptions = {},
  ) {
    if (objectives.length === 0) {
      throw new InputError("there is nothing to minimise: give a matrix");
    }
    const n = objectives[0].linear.length;
    for (const { matrix, linear } of objectives) {
      if (linear.length !== n || matrix.length !== n * n || n === 0) {
        throw new InputError(
          `a matrix of ${matrix.length} values does not fit a linear part of ${linear.length}: ` +
            "give [n, n] and [n], with the same n for all quadratics",
        );
      }
      checkFinite(matrix);
      checkFinite(linear);
      checkSymmetric(matrix, n);
    }
    if (!(noise >= 0 && Number.isFinite(Math.fround(noise)))) {
      throw new InputError(
        `the noise of a gradient is a standard deviation, finite and at least 0, not ${noise}: ` +
          "give 0 for none",
      );
    }
    this.#objectives = objectives;
    this.#noise = noise;
    this.layout = new VectorLayout([{ name: "x", rows: 1, columns: n }]);
  }

  initialValues(seed: number, initializer: Initializer): Float64Array[] {
    const [{ columns: fanOut }] = this.layout.tensors;
    const random = new RandomStream(seed, Purpose.weights);
    return [initializer({ fanIn: 1, fanOut, random }).weights];
  }

  footprint(): { largest: number; total: number } {
    const matrix = 4 * padded(this.layout.tensors[0].columns) ** 2;
    const vector = 4 * this.layout.length;
    return { largest: Math.max(matrix, vector), total: 2 * (matrix + vector) };
  }

  build(gpu: Gpu, { replicas, order = [...Array(replicas).keys()] }: Extent): Graph {
    const given = this.#objectives;
    if (given.length !== 1 && given.length !== replicas) {
      throw new InputError(
        `${given.length} quadratics cannot be minimised by ${replicas} replicas: give one for ` +
          "each, or one for all",
      );
    }
    const ofReplicas = order.map((r) => given.length === 1 ? given[0] : given[r]);
    return new QuadraticGraph(gpu, this.layout, ofReplicas, this.#noise);
  }
}

class QuadraticGraph implements Graph {
  readonly #gpu: Gpu;
  readonly #matrix: Tensor;
  /** A/2, since f(x) = x'(Ax/2 + b). */
  readonly #half: Tensor;
  readonly #linear: Vector;
  /** Ax/2 + b. */
  readonly #meanSlope: Vector;
  readonly #noise: number;

  constructor(
    gpu: Gpu,
    layout: VectorLayout,
    objectives: readonly QuadraticObjective[],
    noise: number,
  ) {
    const replicas = objectives.length;
    const [{ columns: n }] = layout.tensors;
    const upload = (label: string, factor: number) => {
      const matrix = allocateTensor(gpu, label, { replicas, rows: n, columns: n });
      const values = objectives.flatMap(({ matrix }) => Array.from(matrix, (a) => factor * a));
      gpu.write(matrix.buffer, pad(matrix, values));
      return matrix;
    };
    this.#gpu = gpu;
    this.#matrix = upload("matrix", 1);
    this.#half = upload("half the matrix", 1 / 2);
    this.#linear = new Vector(gpu, "linear part", layout, replicas);
    objectives.forEach(({ linear }, r) => this.#linear.write(r, [linear]));
    this.#meanSlope = new Vector(gpu, "mean slope", layout, replicas);
    this.#noise = noise;
  }

  /** There is but one case. */
  recordCases(): void {}

  recordGradient(plan: Plan, inputs: Parameters<Graph["recordGradient"]>[1]): void {
    const { parameters, gradient, caseLoss, seeds } = inputs;
    this.#recordAffine(plan, parameters, this.#matrix, gradient);
    if (this.#noise > 0) {
      const noise = { seeds, purpose: Purpose.noise, deviation: this.#noise };
      gaussianNoise(plan, gradient.tensor(0), noise);
    }
    this.#recordValue(plan, parameters, caseLoss);
  }

  recordLoss(plan: Plan, inputs: Parameters<Graph["recordLoss"]>[1]): void {
    this.#recordValue(plan, inputs.parameters, inputs.caseLoss);
  }

  /** G = A: the gradient is linear, its noise does not depend on the point. */
  recordCurvature(
    plan: Plan,
    { direction, product }: Parameters<NonNullable<Graph["recordCurvature"]>>[1],
  ): void {
    matmul(plan, { a: direction.tensor(0), b: this.#matrix, out: product.tensor(0) });
  }

  recordFigures(plan: Plan, inputs: Parameters<Graph["recordFigures"]>[1]): void {
    this.#recordValue(plan, inputs.parameters, inputs.caseFigures[0]);
  }

  #recordValue(plan: Plan, x: Vector, out: GPUBuffer): void {
    this.#recordAffine(plan, x, this.#half, this.#meanSlope);
    const { replicas, layout: { length } } = x;
    dot(plan, { x: this.#meanSlope.buffer, y: x.buffer, out }, { length, replicas });
  }

  /** out = x M + b. */
  #recordAffine(plan: Plan, x: Vector, matrix: Tensor, out: Vector): void {
    const plus = this.#linear.tensor(0);
    matmul(plan, { a: x.tensor(0), b: matrix, out: out.tensor(0), plus });
  }

  free(): void {
    for (const { buffer } of [this.#matrix, this.#half]) this.#gpu.free(buffer);
    for (const vector of [this.#linear, this.#meanSlope]) vector.free();
  }
}

function checkFinite(values: ArrayLike<number>): void {
  const other = Array.from(values).find((value) => !Number.isFinite(value));
  if (other === undefined) return;
  throw new InputError(`a quadratic has finite numbers only, not ${other}: correct A or b`);
}

function checkSymmetric(matrix: ArrayLike<number>, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const [below, above] = [matrix[i * n + j], matrix[j * n + i]];
      if (below !== above) {
        throw new InputError(
          `a quadratic needs a symmetric matrix; [${i}, ${j}] is ${below} and [${j}, ${i}] ` +
            `${above}: give (A + A')/2`,
        );
      }
    }
  }
}
