import type { Gpu } from "../gpu/gpu.ts";
import { Vector } from "../gpu/vector.ts";
import type { Model } from "../graph/model.ts";
import {
  type CaseOptions,
  CasePasses,
  checkCasePasses,
  pointsOf,
  type ReplicaPoint,
} from "./case_passes.ts";
import type { Trainer } from "./trainer.ts";

/**
 * The gradient of the mean loss of R networks at given points, a vector [P] each that stays on the GPU:
 * of all cases, of some, or of the minibatch of an update. It holds a model's weight decay, as that of
 * an update does. A network whose theta is not finite has a gradient of NaN and changes no other.
 *
 * ```ts
 * import { MeanGradient, openGPU, quadratic } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const gradient = await MeanGradient.open(gpu, {
 *   model: quadratic([{ matrix: [2, 1, 1, 3], linear: [1, -1] }]),
 *   replicas: [{ seed: 1, theta: [[1, 0]] }],
 *   cases: 1,
 * });
 * await gradient.take();
 * console.log(await gradient.vector.read(0)); // [3, 0]: A theta + b
 * gradient.move(0, [[0, 0]]);
 * await gradient.take();
 * console.log(await gradient.vector.read(0)); // [1, -1]
 * ```
 */
export class MeanGradient {
  /** Where it is computed. */
  readonly gpu: Gpu;
  /** g, of every network. */
  readonly vector: Vector;
  readonly #passes: CasePasses;

  /**
   * Takes the buffers for all networks.
   *
   * Throws an {@linkcode InputError} where there are not so many cases, a `RangeError` where theta is
   * not of the model, and a {@linkcode GPUMemoryError} where the GPU's memory is too small.
   */
  static async open(
    gpu: Gpu,
    options: CaseOptions & { model: Model; replicas: readonly ReplicaPoint[] },
  ): Promise<MeanGradient> {
    checkCasePasses("gradient", options);
    return await gpu.takeReady(
      () => new MeanGradient(gpu, options),
      (gradient) => gradient.#passes.tune(),
    );
  }

  /**
   * That of the networks of a trainer, at theta as it stands between two reports: here of the
   * minibatches of the next two updates, as far as they agree.
   *
   * ```ts
   * import { autoencoder, Dataset, MeanGradient, openGPU, sgd, sparse, Trainer } from "../../mod.ts";
   *
   * using gpu = await openGPU();
   * const train = new Dataset(gpu, new Uint8Array(64).map((_, i) => 4 * i), { width: 8 });
   * const trainer = await Trainer.open(gpu, {
   *   model: autoencoder({ layers: [8, 4, 2], train }),
   *   replicas: [{ seed: 1, optimizer: sgd({ learningRate: 0.1 }), initializer: sparse() }],
   *   batchSize: 4,
   * });
   * for await (const { update } of trainer.run({ updates: 20, every: 10 })) {
   *   const gradient = await MeanGradient.of(trainer, { cases: 4, minibatch: update });
   *   const read = async (minibatch: number) => {
   *     gradient.turnTo(minibatch);
   *     await gradient.take();
   *     return gradient.vector.readPacked(0);
   *   };
   *   const a = await read(update), b = await read(update + 1);
   *   console.log(update, a.reduce((sum, value, i) => sum + value * b[i], 0));
   *   gradient.free();
   * }
   * ```
   */
  static async of(trainer: Trainer, options: CaseOptions): Promise<MeanGradient> {
    const { gpu, model } = trainer;
    return MeanGradient.open(gpu, { ...options, model, replicas: await pointsOf(trainer) });
  }

  private constructor(gpu: Gpu, options: Parameters<typeof MeanGradient.open>[1]) {
    const { model: { layout }, replicas: { length: replicas } } = options;
    this.gpu = gpu;
    this.vector = new Vector(gpu, "gradient", layout, replicas);
    const passes = new CasePasses(gpu, options);
    this.#passes = passes;
    const { theta: parameters, seeds, cases, caseLoss } = passes;
    passes.average({
      mean: this.vector,
      pass(plan, graph, gradient) {
        graph.recordCases(plan, { seeds, cases });
        graph.recordGradient(plan, { parameters, gradient, seeds, caseLoss });
      },
    });
  }

  /** Moves a network to another theta, each tensor row by row. */
  move(replica: number, theta: readonly ArrayLike<number>[]): void {
    this.#passes.move(replica, theta);
  }

  /** Has the next gradients be those of the minibatch of another update, where they are of one. */
  turnTo(update: number): void {
    this.#passes.turnTo(update);
  }

  /** Computes `vector`; one call at a time. Work may still be under way after it. */
  take(): Promise<void> {
    return this.#passes.run();
  }

  /** Gives everything back but the data. */
  free(): void {
    for (const part of [this.vector, this.#passes]) part.free();
  }
}
