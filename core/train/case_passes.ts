import { InputError } from "../errors.ts";
import type { Cases } from "../data/source.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { type StepRow, StepTable } from "../gpu/scalars.ts";
import { Vector } from "../gpu/vector.ts";
import { type Block, BlockedBatch } from "../graph/blocked_batch.ts";
import type { Graph, Model, Split } from "../graph/model.ts";
import { seedKey } from "../random.ts";
import { CHUNK_STEPS, Chunks } from "./chunks.ts";
import type { Trainer } from "./trainer.ts";

/** A network at the point where something of it is taken. */
export interface ReplicaPoint {
  /** Fixes the cases, what its layers draw, and the vectors that probe it. */
  readonly seed: number;
  /** Its parameters as `Trainer.theta()` reads them: each tensor of the layout row by row. */
  readonly theta: readonly ArrayLike<number>[];
}

/** The cases that something of networks is averaged over. */
export interface CaseOptions {
  /** How many: all of the split, or so many that the network's seed chooses. */
  readonly cases: number;
  /** Cases of a block at most: what goes through the networks at once. It fixes bits. Default 1000. */
  readonly blockCases?: number;
  /** The split whose cases these are. Default: train. */
  readonly split?: Split;
  /**
   * The update whose minibatch of so many training cases it is, as a trainer with this batch size
   * takes it, in place of those that the seed chooses; `turnTo()` takes that of another one.
   */
  readonly minibatch?: number;
}

/** Networks of a model at their points, and the cases to average over. */
export type CasePassesOptions = CaseOptions & {
  readonly model: Model;
  readonly replicas: readonly ReplicaPoint[];
};

const BLOCK_CASES = 1000;

/** Blocks that one plan takes through the networks. */
interface Pass {
  readonly plan: Plan;
  readonly blocks: readonly Block[];
  readonly chunks: Chunks;
  isTimed: boolean;
}

/** What is averaged over cases. */
export interface Average {
  /** [R, length] */
  readonly mean: Vector;
  /** Records what comes before the blocks. */
  begin?(plan: Plan): void;
  /** Records what a block comes to, into `out`. */
  pass(plan: Plan, graph: Graph, out: Vector): void;
}

/**
 * R networks at given points, and the passes of cases through them that a vector is averaged over:
 * block by block, in order.
 */
export class CasePasses {
  /** Where the networks are. */
  readonly theta: Vector;
  /** R keys of two words, see `seedKey()`. */
  readonly seeds: GPUBuffer;
  /** Losses of the cases of a block, which nobody reads. */
  readonly caseLoss: GPUBuffer;
  /** What passes are of. */
  readonly cases: Cases;
  readonly #gpu: Gpu;
  /** Those of the networks, which no pass changes. */
  readonly #statistics: Vector | undefined;
  readonly #table: StepTable;
  readonly #batch: BlockedBatch;
  readonly #begin: Plan;
  readonly #all: number;
  #record: () => Pass[] = () => [];
  #passes: readonly Pass[] = [];
  #update: number | undefined;

  /** Takes the buffers for all networks. */
  constructor(gpu: Gpu, options: CasePassesOptions) {
    const { model, replicas: networks, cases, minibatch, split = "train" } = options;
    const { blockCases = BLOCK_CASES } = options;
    const { length: replicas } = networks;
    this.#gpu = gpu;
    this.theta = new Vector(gpu, "theta", model.layout, replicas);
    const { layout: { statistics: ofStatistics } } = model;
    const statistics = ofStatistics && new Vector(gpu, "statistics", ofStatistics, replicas);
    this.#statistics = statistics;
    const keys = networks.flatMap(({ seed }) => seedKey(seed));
    this.seeds = gpu.upload("seeds", Uint32Array.from(keys));
    const most = Math.min(cases, blockCases);
    this.caseLoss = gpu.allocate("losses of a block", 4 * replicas * most);
    this.#table = new StepTable(gpu, { capacity: CHUNK_STEPS, scalars: 0 });
    networks.forEach(({ theta }, r) => this.move(r, theta));
    this.#batch = new BlockedBatch(gpu, model, {
      ...{ replicas, statistics, cases, blockCases, keeps: false },
    });
    this.#begin = new Plan(gpu);
    this.#all = model.cases.train;
    this.#update = minibatch;
    this.cases = minibatch === undefined ? { split, cases } : "minibatch";
  }

  /** Records what is averaged. */
  average({ mean, begin, pass }: Average): void {
    this.#batch.recordClear(this.#begin, mean);
    begin?.(this.#begin);
    this.#begin.seal();
    this.#record = () => {
      const plans = this.#batch.plans((plan, block) =>
        this.#batch.recordMean(plan, block, mean, (out) => pass(plan, block.graph, out))
      );
      return [...new Set(plans)].map((plan) => ({
        plan: plan.seal(),
        blocks: this.#batch.blocks.filter((_, b) => plans[b] === plan),
        chunks: new Chunks(undefined, 0),
        isTimed: false,
      }));
    };
    this.#passes = this.#record();
  }

  /** Measures the variants of kernels that were not measured yet, and records the fastest. */
  async tune(): Promise<void> {
    const undecided = this.#passes.flatMap(({ plan }) => plan.undecided);
    if (undecided.length === 0) return;
    await this.#gpu.tuning?.decide(undecided);
    for (const { plan } of this.#passes) plan.free();
    this.#passes = this.#record();
  }

  /** Moves a network to another theta, each tensor row by row. */
  move(replica: number, theta: readonly ArrayLike<number>[]): void {
    const packed = this.theta.layout.pack(theta);
    // Units that an infinite weight saturates would hide it.
    this.theta.writePacked(replica, packed.every(Number.isFinite) ? packed : packed.fill(NaN));
    this.#statistics?.writePacked(replica, this.theta.layout.packStatistics(theta)!);
  }

  /** Takes the minibatch of another update from now on. Throws InputError where none was asked for. */
  turnTo(update: number): void {
    if (this.#update === undefined) {
      throw new InputError(
        "cases that the seed chooses are of no update: open it with a minibatch",
      );
    }
    checkMinibatch(update);
    this.#update = update;
  }

  /** Submits a plan in the row of such an update. */
  submit(plan: Plan, update: number): void {
    this.#table.write([{ update, slot: 0, position: 0, epoch: 0, scalars: [] }]);
    const encoder = this.#gpu.device.createCommandEncoder();
    plan.encode(encoder, { bind: (pass) => this.#table.bind(pass, 0) });
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Computes the mean; one call at a time. Work may still be under way after it. */
  async run(): Promise<void> {
    this.#begin.submit();
    for (const pass of this.#passes) await this.#run(pass);
  }

  async #run(pass: Pass): Promise<void> {
    const { plan, chunks, blocks } = pass;
    for (let done = 0; done < blocks.length;) {
      const steps = chunks.steps(plan, blocks.length - done);
      const start = performance.now();
      const rows = blocks.slice(done, done + steps).map((block) => this.#rowOf(block));
      chunks.submit(plan, this.#table, rows);
      done += steps;
      // The last chunk is awaited by who reads what comes of it.
      if (done === blocks.length && pass.isTimed) return;
      await this.#gpu.settle();
      chunks.measured(steps, (performance.now() - start) / 1000);
      pass.isTimed = true;
    }
  }

  #rowOf({ first }: Block): StepRow {
    const update = this.#update, { cases } = this.#batch, all = this.#all;
    // What layers draw is theirs by the update: other units are dropped in each block.
    if (update === undefined) {
      return { update: first, slot: 0, position: first, epoch: 0, scalars: [] };
    }
    const before = update * cases, [position, epoch] = [before % all, Math.floor(before / all)];
    return { update, slot: 0, position: position + first, epoch, scalars: [] };
  }

  /** Gives everything back but the data and what is averaged. */
  free(): void {
    const plans = this.#passes.map(({ plan }) => plan);
    for (
      const part of [...plans, this.#begin, this.theta, this.#statistics, this.#table, this.#batch]
    ) {
      part?.free();
    }
    for (const buffer of [this.seeds, this.caseLoss]) this.#gpu.free(buffer);
  }
}

/** The networks of a trainer at theta as it stands between two reports. */
export async function pointsOf(trainer: Trainer): Promise<ReplicaPoint[]> {
  const points: ReplicaPoint[] = [];
  for (const [r, { seed }] of trainer.replicas.entries()) {
    points.push({ seed, theta: await trainer.theta(r) });
  }
  return points;
}

/** Refuses networks and cases of which nothing can be taken; `what` is to be. */
export function checkCasePasses(
  what: "curvature" | "gradient",
  { model, replicas, cases, minibatch, ...options }: CasePassesOptions,
): void {
  const { blockCases = BLOCK_CASES, split = "train" } = options;
  if (replicas.length === 0) throw new InputError(`${what} is that of a network: give a replica`);
  const all = model.cases[split];
  if (!(Number.isInteger(cases) && cases >= 1 && cases <= all)) {
    throw new InputError(
      all === 0
        ? `there are no ${split} cases to take the ${what} over`
        : `${what} is taken over a whole number of ${split} cases from 1 to ${all}, not ${cases}`,
    );
  }
  if (!(Number.isInteger(blockCases) && blockCases >= 1)) {
    throw new InputError(
      `a block of the ${what} has a whole number of cases from 1 on, not ${blockCases}`,
    );
  }
  if (minibatch === undefined) return;
  checkMinibatch(minibatch);
  if (split !== "train") {
    throw new InputError(`minibatches are of train cases, not of ${split} ones`);
  }
}

function checkMinibatch(update: number): void {
  if (Number.isSafeInteger(update) && update >= 0) return;
  throw new InputError(
    `a minibatch is that of a whole number of an update from 0 on, not ${update}`,
  );
}
