import { checkChoice } from "../checks.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { Vector } from "../gpu/vector.ts";
import type { Model } from "../graph/model.ts";
import { pointwise } from "../ops/pointwise.ts";
import { probe } from "../ops/probe.ts";
import {
  type CaseOptions,
  CasePasses,
  checkCasePasses,
  pointsOf,
  type ReplicaPoint,
} from "./case_passes.ts";
import {
  curvatureMatrices,
  type CurvatureMatrix,
  type ProductRules,
  productRules,
} from "./curvature_matrix.ts";
import type { Trainer } from "./trainer.ts";

/** What is taken of networks; see {@linkcode Curvature}. */
export interface CurvatureOptions extends CaseOptions {
  /** Which matrix: `gauss-newton` or `hessian`. */
  readonly matrix: CurvatureMatrix;
}

/** What the numbers of a probe are: uniform in (-1, 1), or the signs of such ones. */
export type Probe = "uniform" | "signs";

/**
 * The curvature of R networks, a symmetric matrix A [P, P] each, by its products with vectors that
 * stay on the GPU: `product` = A `direction`, averaged over cases.
 *
 * - `hessian`: the second derivatives of the loss, by central differences of its gradient g,
 *   A v = |v| (g(theta + h d) - g(theta - h d)) / 2h with d = v / |v| and h = 0.003.
 * - `gauss-newton`: J'HJ with J the derivatives by theta of the inputs of the output units, and H
 *   those of the loss by these inputs, of second order, or what the loss has in their place
 *   (Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent", 2002). It
 *   has no negative eigenvalue.
 *
 * A model's weight decay is in both, l2 on the diagonal of all weights. Dropout drops the same units in
 * every pass over a block. Blocks are added in order. A network whose theta is not finite has a product of
 * NaN and changes no other. |v| is to lie between 1e-18 and 1e18.
 *
 * Where a gradient costs 3 passes over the cases, a product costs 6, that of Gauss and Newton 5.
 *
 * ```ts
 * import { Curvature, openGPU, quadratic } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const curvature = await Curvature.open(gpu, {
 *   matrix: "gauss-newton",
 *   model: quadratic([{ matrix: [2, 1, 1, 3], linear: [1, -1] }]),
 *   replicas: [{ seed: 1, theta: [[0, 0]] }],
 *   cases: 1,
 * });
 * curvature.direction.write(0, [[1, 0]]);
 * await curvature.multiply();
 * console.log(await curvature.product.read(0)); // [2, 1], the first column
 * ```
 */
export class Curvature {
  /** Where it is computed. */
  readonly gpu: Gpu;
  /** Which matrix it is. */
  readonly matrix: CurvatureMatrix;
  /** v, of every network: what is multiplied. */
  readonly direction: Vector;
  /** A v. */
  readonly product: Vector;
  readonly #passes: CasePasses;
  readonly #rules: ProductRules;
  readonly #probes: Readonly<Record<Probe, Plan>>;

  /**
   * Takes the buffers for all networks.
   *
   * Throws an {@linkcode InputError} for another matrix, where there are not so many cases, and where
   * the model, a layer or the loss has no such matrix; a `RangeError` where theta is not of the model;
   * and a {@linkcode GPUMemoryError} where the GPU's memory is too small.
   */
  static async open(
    gpu: Gpu,
    options: CurvatureOptions & { model: Model; replicas: readonly ReplicaPoint[] },
  ): Promise<Curvature> {
    checkChoice("matrix", options.matrix, curvatureMatrices);
    checkCasePasses("curvature", options);
    return await gpu.takeReady(
      () => new Curvature(gpu, options),
      (curvature) => curvature.#passes.tune(),
    );
  }

  /**
   * That of the networks of a trainer, at theta as it stands between two reports.
   *
   * ```ts
   * import {
   *   autoencoder,
   *   Curvature,
   *   Dataset,
   *   lanczos,
   *   nesterov,
   *   openGPU,
   *   sparse,
   *   Trainer,
   * } from "../../mod.ts";
   *
   * using gpu = await openGPU();
   * const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
   * const trainer = await Trainer.open(gpu, {
   *   model: autoencoder({ layers: [8, 4, 2], train }),
   *   replicas: [1, 2].map((seed) => ({
   *     seed,
   *     optimizer: nesterov({ learningRate: 0.1, momentum: 0.9 }),
   *     initializer: sparse(),
   *   })),
   *   batchSize: 4,
   * });
   * for await (const { update } of trainer.run({ updates: 20, every: 10 })) {
   *   const hessian = await Curvature.of(trainer, { matrix: "hessian", cases: 8 });
   *   for (const { values, bounds } of await lanczos(hessian)) {
   *     console.log(update, `the largest eigenvalue is ${values[0]}, within ${bounds[0]}`);
   *   }
   *   hessian.free();
   * }
   * ```
   */
  static async of(trainer: Trainer, options: CurvatureOptions): Promise<Curvature> {
    const { gpu, model } = trainer;
    return Curvature.open(gpu, { ...options, model, replicas: await pointsOf(trainer) });
  }

  private constructor(gpu: Gpu, options: Parameters<typeof Curvature.open>[1]) {
    const { matrix, model: { layout }, replicas: { length: replicas } } = options;
    this.gpu = gpu;
    this.matrix = matrix;
    const vector = (label: string) => new Vector(gpu, label, layout, replicas);
    [this.direction, this.product] = ["direction", "product"].map(vector);
    const passes = new CasePasses(gpu, options);
    this.#passes = passes;
    const { theta, seeds, cases, caseLoss } = passes;
    const rules = productRules(gpu, matrix, {
      ...{ theta, direction: this.direction, seeds, cases, caseLoss },
    });
    this.#rules = rules;
    passes.average({
      mean: this.product,
      begin: (plan) => rules.begin(plan),
      pass: (plan, graph, out) => rules.multiply(plan, graph, out),
    });
    this.#probes = { uniform: this.#recordProbe("uniform"), signs: this.#recordProbe("signs") };
  }

  #recordProbe(as: Probe): Plan {
    const plan = new Plan(this.gpu);
    const { direction } = this;
    // What is not finite in the padding would stay there.
    pointwise(plan, { name: "no probe", body: "direction = vec4f();", updates: { direction } });
    probe(plan, direction, this.#passes.seeds);
    if (as === "signs") {
      const body = "direction = sign(direction);";
      pointwise(plan, { name: "signs of a probe", body, updates: { direction } });
    }
    return plan.seal();
  }

  /** Moves a network to another theta, each tensor row by row. */
  move(replica: number, theta: readonly ArrayLike<number>[]): void {
    this.#passes.move(replica, theta);
  }

  /** Has the next products be over the minibatch of another update, where they are over one. */
  turnTo(update: number): void {
    this.#passes.turnTo(update);
  }

  /**
   * Has `direction` be a probe: independent numbers, each a function of the network's seed, `sample`
   * and the place alone.
   */
  draw(sample: number, as: Probe): void {
    this.#passes.submit(this.#probes[as], sample);
  }

  /** Computes `product` = A `direction`; one call at a time. Work may still be under way after it. */
  multiply(): Promise<void> {
    return this.#passes.run();
  }

  /** Gives everything back but the data. */
  free(): void {
    const { direction, product } = this;
    const plans = Object.values(this.#probes);
    for (const part of [...plans, direction, product, this.#passes, this.#rules]) part.free();
  }
}

/** Products whose numbers may be under way to the host at once. */
export const PRODUCTS_IN_FLIGHT = 8;

/**
 * Multiplies so many times; `prepare` is called before each product, and `read` reads what comes of it
 * while later ones are under way.
 */
export async function productsInTurn<T>(
  curvature: Curvature,
  count: number,
  { prepare, read }: { prepare?: (i: number) => void; read: (i: number) => Promise<T> },
): Promise<T[]> {
  const all: Promise<T>[] = [];
  for (let i = 0; i < count; i++) {
    prepare?.(i);
    await curvature.multiply();
    const reading = read(i);
    // Where an earlier one fails, its own failure says nothing new.
    reading.catch(() => {});
    all.push(reading);
    await all[i + 1 - PRODUCTS_IN_FLIGHT];
  }
  return Promise.all(all);
}
