import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Profile } from "../gpu/profile.ts";
import { Readback } from "../gpu/readback.ts";
import { Vector } from "../gpu/vector.ts";
import type { Numbers } from "../optim/family.ts";
import { seedKey } from "../random.ts";
import { CHUNK_STEPS, Chunks } from "./chunks.ts";
import { Cohorts } from "./cohorts.ts";
import { Evaluation } from "./evaluation.ts";
import { GradientNorms } from "./gradient_norms.ts";
import type { Graph, Model, Split } from "../graph/model.ts";
import { checkDriven, DrivenSteps, minibatchRow, RecordedSteps, type Stepper } from "./stepper.ts";
import { StatisticsAtTheta } from "./statistics.ts";
import { checkOptions, type Replica, type TrainerOptions } from "./options.ts";
import type { Report, RunOptions } from "./report.ts";
import type { ReplicaState, TrainerState } from "./state.ts";

export type { Replica, TrainerOptions };

/**
 * Trains R networks side by side. A step is one plan; a chunk of steps is submitted at once, with
 * the next one before the last is awaited, and its losses are read together. The chunk's size
 * follows the time a step takes and never changes a bit of the results.
 */
export class Trainer {
  /** Where it trains. */
  readonly gpu: Gpu;
  /** What it trains. */
  readonly model: Model;
  /** The networks, in the order of all results. */
  readonly replicas: readonly Replica[];
  /** Cases of a minibatch. */
  readonly batchSize: number;
  /** Where gradients are taken, in the order of the cohorts; see `Family`. */
  readonly #parameters: Vector;
  /** The gradient of the last step; between steps, the scratch that theta is written to. */
  readonly #gradient: Vector;
  /** Those of the networks, likewise in that order. */
  readonly #statistics: Vector | undefined;
  readonly #atTheta: StatisticsAtTheta | undefined;
  readonly #cohorts: Cohorts;
  readonly #graph: Graph;
  readonly #stepper: Stepper;
  readonly #evaluation: Evaluation;
  readonly #readback: Readback;
  readonly #profile: Profile | undefined;
  readonly #norms: GradientNorms | undefined;
  readonly #buffers: {
    seeds: GPUBuffer;
    caseLoss: GPUBuffer;
    ring: GPUBuffer;
    divergedAt: GPUBuffer;
  };
  #update = 0;

  /**
   * Takes the buffers for all replicas, draws their initial parameters and records the plan.
   *
   * Throws an {@linkcode InputError} where the batch does not fit the data or the replicas do not
   * fit the adapter's limits, and a {@linkcode GPUMemoryError} where its memory is too small.
   */
  static open(gpu: Gpu, options: TrainerOptions): Promise<Trainer> {
    return gpu.takeReady(() => new Trainer(gpu, options), (trainer) => trainer.#stepper.tune());
  }

  private constructor(gpu: Gpu, options: TrainerOptions) {
    checkOptions(options);
    const { model, replicas, batchSize, profile, clipNorm, gradientNorm = false, from } = options;
    this.gpu = gpu;
    this.model = model;
    this.replicas = replicas;
    this.batchSize = batchSize;
    this.#profile = profile;
    this.#update = from?.update ?? 0;
    const count = replicas.length;
    const vector = (label: string) => new Vector(gpu, label, model.layout, count);
    this.#parameters = vector("parameters");
    this.#gradient = vector("gradient");
    const { layout: { statistics: ofStatistics } } = model;
    const statistics = ofStatistics && new Vector(gpu, "statistics", ofStatistics, count);
    this.#statistics = statistics;
    const order = Cohorts.order(replicas);
    const seeds = new Uint32Array(order.flatMap((r) => seedKey(replicas[r].seed)));
    const divergedAt = order.map((r) => from?.replicas[r].divergedAt ?? NEVER);
    this.#buffers = {
      seeds: gpu.upload("seeds", seeds),
      caseLoss: gpu.allocate("losses of the minibatch", 4 * count * batchSize),
      ring: gpu.allocate("metrics ring", 4 * count * CHUNK_STEPS),
      divergedAt: gpu.upload("diverged at", Uint32Array.from(divergedAt)),
    };
    this.#cohorts = new Cohorts(gpu, replicas, {
      layout: model.layout,
      parameters: this.#parameters,
      gradient: this.#gradient,
      divergedAt: this.#buffers.divergedAt,
      update: this.#update,
    });
    this.#cohorts.place(model, statistics, from, options.beginStates ?? false);
    const bytes = 8 * count + this.#cohorts.measuredBytes;
    this.#readback = new Readback(gpu, { bytes, depth: 2 });
    this.#graph = model.build(gpu, { replicas: count, batch: batchSize, order, statistics });
    if (gradientNorm || clipNorm !== undefined) {
      this.#norms = new GradientNorms(gpu, this.#gradient, clipNorm);
    }
    const chunks = new Chunks(profile, this.#cohorts.scalarCount);
    const { seeds: keys, ring } = this.#buffers;
    const driver = this.#cohorts.drive(this.#update, {
      ...{ model, order, statistics, seeds: keys, meanLoss: ring },
    });
    if (driver) checkDriven(replicas[0].optimizer.name, options);
    this.#stepper = driver ? new DrivenSteps(driver, this.#cohorts) : new RecordedSteps(gpu, {
      ...{ model, batchSize, profile, chunks },
      graph: this.#graph,
      cohorts: this.#cohorts,
      norms: this.#norms,
      parameters: this.#parameters,
      gradient: this.#gradient,
      buffers: this.#buffers,
    });
    const places = order.flatMap((r, place) =>
      replicas[r].optimizer.family.averages ? [place] : []
    );
    if (statistics && places.length > 0) {
      this.#atTheta = new StatisticsAtTheta(gpu, {
        ...{ graph: this.#graph, statistics, theta: this.#gradient, places },
        ...{ seeds: keys, caseLoss: this.#buffers.caseLoss },
        rowOf: (update) => minibatchRow(update, { model, batchSize }),
        submit: (plan, table, rows) => chunks.submit(plan, table, rows),
      });
    }
    this.#evaluation = new Evaluation(gpu, {
      model,
      graph: this.#graph,
      batch: batchSize,
      replicas: count,
      theta: this.#gradient,
      submit: (plan, table, rows) => chunks.submit(plan, table, rows),
    });
  }

  /** Updates done so far. */
  get update(): number {
    return this.#update;
  }

  /** Dispatches of one update; of a family that drives its updates, of their parts, each once. */
  get dispatchesPerUpdate(): number {
    return this.#stepper.dispatches;
  }

  /**
   * Trains up to `updates` updates, yielding a report after each `every` of them. While a report is
   * with the caller nothing is under way, so that theta can be read as it stands there.
   *
   * ```ts
   * import { autoencoder, Dataset, nesterov, openGPU, sparse, Trainer } from "../../mod.ts";
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
   * for await (const { update, replicas } of trainer.run({ updates: 10, every: 5, evalCases: 8 })) {
   *   console.log(update, replicas.map(({ figures }) => figures.squaredError));
   * }
   * ```
   */
  async *run(options: RunOptions): AsyncGenerator<Report, void, void> {
    const { updates, signal } = options;
    const every = options.every ?? Infinity;
    if (!(every >= 1)) {
      throw new InputError(`there must be at least 1 update between two reports, not ${every}`);
    }
    const { evalCases = 2000, evalSplit = "train" } = options;
    const casesAt = typeof evalCases === "number" ? () => evalCases : evalCases;
    while (this.#update < updates && !signal?.aborted) {
      const stop = Math.min(updates, (Math.floor(this.#update / every) + 1) * every);
      const report = await this.#advance(stop, signal);
      const cases = casesAt(report.update);
      const figures = cases > 0 ? await this.evaluate(evalSplit, cases) : [];
      const replicas = report.replicas.map((of, r) => ({ ...of, figures: figures[r] ?? {} }));
      yield { ...report, replicas };
    }
  }

  /** Trains up to update `stop` and reports, without an evaluation. */
  async #advance(stop: number, signal: AbortSignal | undefined): Promise<Report> {
    const [start, startUpdate] = [performance.now(), this.#update];
    let losses = new Float32Array(this.replicas.length);
    let divergedAt = new Uint32Array(this.replicas.length);
    let before: Promise<void> | undefined;
    let last = start;
    while (this.#update < stop && !(signal?.aborted && this.#update > startUpdate)) {
      const steps = await this.#stepper.submit(this.#update, stop - this.#update);
      this.#update += steps;
      const result = this.#read(steps).then((figures) => {
        ({ losses, divergedAt } = figures);
        const now = performance.now();
        this.#stepper.measured?.(steps, (now - last) / 1000);
        last = now;
      });
      // It is awaited a chunk later: where the one before it fails, its own failure says nothing new.
      result.catch(() => {});
      // Timestamps are collected chunk by chunk.
      await (this.#profile ? result : before);
      before = result;
    }
    await before;
    const rate = (this.#update - startUpdate) / ((performance.now() - start) / 1000);
    const gradientNorms = await this.#norms?.read() ?? [];
    return {
      update: this.#update,
      rate,
      replicas: this.#cohorts.places.map((place, r) => ({
        trainLoss: losses[place],
        figures: {},
        scalars: this.#cohorts.scalars(r),
        divergedAt: updateOf(divergedAt[place]),
        gradientNorm: gradientNorms[place],
      })),
    };
  }

  /** Reads the losses of the last of `steps` steps. */
  async #read(
    steps: number,
  ): Promise<{ losses: Float32Array<ArrayBuffer>; divergedAt: Uint32Array<ArrayBuffer> }> {
    const { ring, divergedAt } = this.#buffers;
    const size = 4 * this.replicas.length;
    const bytes = await this.#readback.read([
      { buffer: ring, offset: (steps - 1) * size, size },
      { buffer: divergedAt, size },
      ...this.#cohorts.measuredRanges,
    ]);
    await this.#profile?.collect();
    this.#cohorts.measured(new Float32Array(bytes, 2 * size));
    return {
      losses: new Float32Array(bytes, 0, size / 4),
      divergedAt: new Uint32Array(bytes, size, size / 4),
    };
  }

  /**
   * The model's figures at theta, averaged over `cases` cases of a split: the same ones each time,
   * all of them where `cases` is not given.
   *
   * Throws an {@linkcode InputError} where there are none.
   */
  async evaluate(
    split: Split,
    cases: number = this.model.cases[split],
  ): Promise<Record<string, number>[]> {
    const all = this.model.cases[split];
    const count = Math.min(cases, all);
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new InputError(
        all === 0
          ? `there are no ${split} cases to evaluate on`
          : `a whole number of ${split} cases can be evaluated, at least 1, not ${count}`,
      );
    }
    const figures = await this.#evaluated(() => this.#evaluation.run(split, count));
    return this.#cohorts.places.map((place) => figures[place]);
  }

  /**
   * Reads theta of one replica: each tensor of `model.layout` row by row, and the statistics of a
   * network that keeps some behind them. It is what `predict()` and `exportNetwork()` take.
   */
  async theta(replica = 0): Promise<Float32Array<ArrayBuffer>[]> {
    const place = this.#cohorts.places[replica];
    const read = () => [this.#gradient.read(place), this.#statistics?.read(place)];
    const [parameters, statistics] = await Promise.all(this.#evaluated(read, replica));
    return [...parameters!, ...statistics ?? []];
  }

  /**
   * What `use` submits finds theta in the gradient, and statistics that go with it: those of all
   * networks, or of the one that is named.
   */
  #evaluated<Result>(use: () => Result, replica?: number): Result {
    this.#cohorts.writeTheta(replica);
    return this.#atTheta ? this.#atTheta.during(this.#update, use) : use();
  }

  /**
   * Has settings of one network's optimizer hold from the next update on, in place of those that it
   * was given and of their schedules, until they are set again; a saved state keeps them. Settings
   * that a group of tensors has of its own stay. theta is left where it is. To be called between two
   * reports.
   *
   * ```ts
   * import { nesterov, openGPU, quadratic, sparse, Trainer } from "../../mod.ts";
   *
   * using gpu = await openGPU();
   * const trainer = await Trainer.open(gpu, {
   *   model: quadratic([{ matrix: [2, 1, 1, 3], linear: [1, -1] }]),
   *   replicas: [{
   *     seed: 1,
   *     optimizer: nesterov({ learningRate: 0.25, momentum: 0.9 }),
   *     initializer: sparse(),
   *   }],
   *   batchSize: 1,
   * });
   * for await (const { replicas } of trainer.run({ updates: 40, every: 20 })) {
   *   console.log(replicas[0].scalars.momentum); // 0.9, then 0.5
   *   await trainer.set(0, { momentum: 0.5 });
   * }
   * ```
   *
   * @throws {InputError} If there is no such network, setting or value.
   */
  async set(replica: number, settings: Numbers): Promise<void> {
    if (!this.replicas[replica]) {
      throw new InputError(
        `there are networks 0 to ${this.replicas.length - 1}, and no network ${replica}`,
      );
    }
    await this.#cohorts.set(replica, settings, this.#update);
  }

  /** Bytes of optimizer state that a network has for each of its parameters, padding in both. */
  stateBytes(replica = 0): number {
    return this.#cohorts.stateBytes(replica);
  }

  /**
   * What of the states that training goes on from was not needed, and what began anew, in words;
   * see {@linkcode TrainerOptions.beginStates}.
   */
  get changedStates(): readonly string[] {
    return this.#cohorts.changedStates;
  }

  /** The update at which something of each network was first found not finite. */
  async divergedAt(): Promise<(number | undefined)[]> {
    const size = 4 * this.replicas.length;
    const all = new Uint32Array(await this.gpu.read(this.#buffers.divergedAt, 0, size));
    return this.#cohorts.places.map((place) => updateOf(all[place]));
  }

  /**
   * Reads all that the next updates depend on, for {@linkcode Trainer.open} to go on from.
   *
   * Throws where the networks are trained on meanwhile: save between two reports.
   */
  async save(): Promise<TrainerState> {
    const update = this.#update;
    const divergedAt = await this.divergedAt();
    const replicas: ReplicaState[] = [];
    for (const [r, { seed }] of this.replicas.entries()) {
      const statistics = await this.#statistics?.readPacked(this.#cohorts.places[r]);
      replicas.push({
        ...{ seed, ...await this.#cohorts.save(r), divergedAt: divergedAt[r] },
        ...statistics && { statistics },
      });
    }
    if (this.#update !== update) {
      throw new Error("the networks were trained on while they were saved: save between reports");
    }
    return { update, layout: this.model.layout, replicas };
  }

  /** Gives everything back but the data. */
  free(): void {
    for (const part of [this.#parameters, this.#gradient, this.#statistics, this.#cohorts]) {
      part?.free();
    }
    for (const buffer of Object.values(this.#buffers)) this.gpu.free(buffer);
    for (const part of [this.#norms, this.#atTheta]) part?.free();
    for (const part of [this.#graph, this.#stepper, this.#evaluation, this.#readback]) {
      part.free();
    }
  }
}

/** What `divergedAt` holds of a replica all of whose numbers were finite. */
const NEVER = 0xffffffff;

function updateOf(divergedAt: number): number | undefined {
  return divergedAt === NEVER ? undefined : divergedAt;
}
