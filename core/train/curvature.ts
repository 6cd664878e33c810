import { checkChoice } from "../checks.ts";
import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { type StepRow, StepTable } from "../gpu/scalars.ts";
import { Vector } from "../gpu/vector.ts";
import { type Block, BlockedBatch } from "../graph/blocked_batch.ts";
import type { Model, Split } from "../graph/model.ts";
import { pointwise } from "../ops/pointwise.ts";
import { probe } from "../ops/probe.ts";
import { seedKey } from "../random.ts";
import { CHUNK_STEPS, Chunks } from "./chunks.ts";
import {
  curvatureMatrices,
  type CurvatureMatrix,
  type ProductRules,
  productRules,
} from "./curvature_matrix.ts";
import type { Trainer } from "./trainer.ts";

/** A network at the point where its curvature is taken. */
export interface CurvatureReplica {
  /** Fixes the cases, what its layers draw, and the vectors that probe it. */
  readonly seed: number;
  /** Its parameters as `Trainer.theta()` reads them: each tensor of the layout row by row. */
  readonly theta: readonly ArrayLike<number>[];
}

/** What is taken of networks; see {@linkcode Curvature}. */
export interface CurvatureOptions {
  /** Which matrix: `gauss-newton` or `hessian`. */
  readonly matrix: CurvatureMatrix;
  /** Cases that it is averaged over: all of the split, or so many that the network's seed chooses. */
  readonly cases: number;
  /** Cases of a block at most: what goes through the networks at once. It fixes bits. Default 1000. */
  readonly blockCases?: number;
  /** The split whose cases these are. Default: train. */
  readonly split?: Split;
}

const BLOCK_CASES = 1000;

/** What the numbers of a probe are: uniform in (-1, 1), or the signs of such ones. */
export type Probe = "uniform" | "signs";

/** Blocks that one plan multiplies by. */
interface Pass {
  readonly plan: Plan;
  readonly blocks: readonly Block[];
  readonly chunks: Chunks;
  isTimed: boolean;
}

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
  readonly #theta: Vector;
  /** Those of the networks, which a product leaves alone. */
  readonly #statistics: Vector | undefined;
  readonly #seeds: GPUBuffer;
  readonly #caseLoss: GPUBuffer;
  readonly #table: StepTable;
  readonly #batch: BlockedBatch;
  readonly #rules: ProductRules;
  readonly #begin: Plan;
  #passes: readonly Pass[];
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
    options: CurvatureOptions & { model: Model; replicas: readonly CurvatureReplica[] },
  ): Promise<Curvature> {
    checkOptions(options);
    return await gpu.takeReady(() => new Curvature(gpu, options), (curvature) => curvature.#tune());
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
    const replicas: CurvatureReplica[] = [];
    for (const [r, { seed }] of trainer.replicas.entries()) {
      replicas.push({ seed, theta: await trainer.theta(r) });
    }
    return Curvature.open(gpu, { ...options, model, replicas });
  }

  private constructor(gpu: Gpu, options: Parameters<typeof Curvature.open>[1]) {
    const { matrix, model, replicas: networks, cases, split = "train" } = options;
    const { blockCases = BLOCK_CASES } = options;
    const { length: replicas } = networks;
    const vector = (label: string) => new Vector(gpu, label, model.layout, replicas);
    this.gpu = gpu;
    this.matrix = matrix;
    [this.direction, this.product, this.#theta] = ["direction", "product", "theta"].map(vector);
    const { layout: { statistics: ofStatistics } } = model;
    const statistics = ofStatistics && new Vector(gpu, "statistics", ofStatistics, replicas);
    this.#statistics = statistics;
    const keys = networks.flatMap(({ seed }) => seedKey(seed));
    this.#seeds = gpu.upload("seeds", Uint32Array.from(keys));
    const most = Math.min(cases, blockCases);
    this.#caseLoss = gpu.allocate("losses of a block", 4 * replicas * most);
    this.#table = new StepTable(gpu, { capacity: CHUNK_STEPS, scalars: 0 });
    networks.forEach(({ theta }, r) => this.move(r, theta));
    this.#batch = new BlockedBatch(gpu, model, {
      ...{ replicas, statistics, cases, blockCases, keeps: false },
    });
    this.#rules = productRules(gpu, matrix, {
      ...{ theta: this.#theta, direction: this.direction },
      ...{ seeds: this.#seeds, cases: { split, cases }, caseLoss: this.#caseLoss },
    });
    this.#passes = this.#record();
    this.#begin = new Plan(gpu);
    this.#batch.recordClear(this.#begin, this.product);
    this.#rules.begin(this.#begin);
    this.#begin.seal();
    this.#probes = { uniform: this.#recordProbe("uniform"), signs: this.#recordProbe("signs") };
  }

  #record(): Pass[] {
    const { blocks } = this.#batch;
    const plans = this.#batch.plans((plan, block) =>
      this.#batch.recordMean(
        plan,
        block,
        this.product,
        (out) => this.#rules.multiply(plan, block.graph, out),
      )
    );
    return [...new Set(plans)].map((plan) => ({
      plan: plan.seal(),
      blocks: blocks.filter((_, b) => plans[b] === plan),
      chunks: new Chunks(undefined, 0),
      isTimed: false,
    }));
  }

  #recordProbe(as: Probe): Plan {
    const plan = new Plan(this.gpu);
    const { direction } = this;
    // What is not finite in the padding would stay there.
    pointwise(plan, { name: "no probe", body: "direction = vec4f();", updates: { direction } });
    probe(plan, direction, this.#seeds);
    if (as === "signs") {
      const body = "direction = sign(direction);";
      pointwise(plan, { name: "signs of a probe", body, updates: { direction } });
    }
    return plan.seal();
  }

  /** Measures the variants of kernels that were not measured yet, and records the fastest. */
  async #tune(): Promise<void> {
    const undecided = this.#passes.flatMap(({ plan }) => plan.undecided);
    if (undecided.length === 0) return;
    await this.gpu.tuning?.decide(undecided);
    for (const { plan } of this.#passes) plan.free();
    this.#passes = this.#record();
  }

  /** Moves a network to another theta, each tensor row by row. */
  move(replica: number, theta: readonly ArrayLike<number>[]): void {
    const packed = this.#theta.layout.pack(theta);
    // Units that an infinite weight saturates would hide it.
    this.#theta.writePacked(replica, packed.every(Number.isFinite) ? packed : packed.fill(NaN));
    this.#statistics?.writePacked(replica, this.#theta.layout.packStatistics(theta)!);
  }

  /**
   * Has `direction` be a probe: independent numbers, each a function of the network's seed, `sample`
   * and the place alone.
   */
  draw(sample: number, as: Probe): void {
    const plan = this.#probes[as];
    this.#table.write([{ update: sample, slot: 0, position: 0, epoch: 0, scalars: [] }]);
    const encoder = this.gpu.device.createCommandEncoder();
    plan.encode(encoder, { bind: (pass) => this.#table.bind(pass, 0) });
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Computes `product` = A `direction`; one call at a time. Work may still be under way after it. */
  async multiply(): Promise<void> {
    this.#begin.submit();
    for (const pass of this.#passes) await this.#multiply(pass);
  }

  async #multiply(pass: Pass): Promise<void> {
    const { plan, chunks, blocks } = pass;
    for (let done = 0; done < blocks.length;) {
      const steps = chunks.steps(plan, blocks.length - done);
      const start = performance.now();
      chunks.submit(plan, this.#table, blocks.slice(done, done + steps).map(rowOf));
      done += steps;
      // The last chunk is awaited by who reads what comes of it.
      if (done === blocks.length && pass.isTimed) return;
      await this.gpu.settle();
      chunks.measured(steps, (performance.now() - start) / 1000);
      pass.isTimed = true;
    }
  }

  /** Gives everything back but the data. */
  free(): void {
    const plans = [...this.#passes.map(({ plan }) => plan), ...Object.values(this.#probes)];
    const vectors = [this.direction, this.product, this.#theta, this.#statistics];
    for (
      const part of [...plans, this.#begin, ...vectors, this.#table, this.#batch, this.#rules]
    ) {
      part?.free();
    }
    for (const buffer of [this.#seeds, this.#caseLoss]) this.gpu.free(buffer);
  }
}

/** What layers draw is theirs by the update: other units are dropped in each block. */
function rowOf({ first }: Block): StepRow {
  return { update: first, slot: 0, position: first, epoch: 0, scalars: [] };
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

function checkOptions(options: Parameters<typeof Curvature.open>[1]): void {
  const { matrix, model, replicas, cases, blockCases = BLOCK_CASES, split = "train" } = options;
  checkChoice("matrix", matrix, curvatureMatrices);
  if (replicas.length === 0) throw new InputError("curvature is that of a network: give a replica");
  const all = model.cases[split];
  if (!(Number.isInteger(cases) && cases >= 1 && cases <= all)) {
    throw new InputError(
      all === 0
        ? `there are no ${split} cases to take the curvature over`
        : `curvature is taken over a whole number of ${split} cases from 1 to ${all}, not ${cases}`,
    );
  }
  if (!(Number.isInteger(blockCases) && blockCases >= 1)) {
    throw new InputError(
      `a block of the curvature has a whole number of cases from 1 on, not ${blockCases}`,
    );
  }
}
