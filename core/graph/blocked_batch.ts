import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { padded } from "../gpu/tensor.ts";
import { Vector, VectorLayout } from "../gpu/vector.ts";
import { placeCases } from "../ops/place_cases.ts";
import { pointwise } from "../ops/pointwise.ts";
import type { Extent, Footprint, Graph, Model } from "./model.ts";

/** Some neighbouring cases of a batch. */
export interface Block {
  /** Cases of the batch before them. */
  readonly first: number;
  /** How many they are. */
  readonly cases: number;
  /** What they pass through; blocks may share it. */
  readonly graph: Graph;
}

/** A batch, and how it is cut; see {@linkcode BlockedBatch}. */
export interface BlockedBatchOptions extends Omit<Extent, "batch"> {
  /** Cases of the batch. */
  cases: number;
  /** Cases of a block at most. It fixes the order of sums, and so their bits. */
  blockCases: number;
  /**
   * Whether each block keeps what it is made of from one pass to the next, at the price of buffers
   * of its own. Otherwise blocks of one size share them, and the cases are gathered for each pass.
   */
  keeps: boolean;
}

/**
 * A batch of any number of cases, passed through in blocks: what is summed over cases is summed block
 * by block, and the blocks are added in order.
 */
export class BlockedBatch {
  /** Cases of the batch. */
  readonly cases: number;
  /** In order. */
  readonly blocks: readonly Block[];
  /** A number for each case: a row, zeros past the last one. */
  readonly listLayout: VectorLayout;
  readonly #gpu: Gpu;
  readonly #caseLoss: GPUBuffer;
  /** What a block adds to a sum; taken where there are several. */
  #part: Vector | undefined;

  /** Takes the buffers of the blocks. */
  constructor(gpu: Gpu, model: Model, options: BlockedBatchOptions) {
    const { cases, blockCases, keeps, ...extent } = options;
    if (extent.statistics && blockCases < cases) {
      throw new InputError(
        `a network that keeps statistics takes them of a whole batch, and ${cases} cases come in ` +
          `blocks of ${blockCases}: allow blocks of ${cases} cases`,
      );
    }
    this.#gpu = gpu;
    this.cases = cases;
    this.listLayout = new VectorLayout([{ name: "cases", rows: 1, columns: cases }]);
    const graphs = new Map<number, Graph>();
    this.blocks = Array.from({ length: Math.ceil(cases / blockCases) }, (_, b) => {
      const first = b * blockCases;
      const batch = Math.min(blockCases, cases - first);
      const alike = graphs.get(batch);
      const graph = !keeps && alike || model.build(gpu, { ...extent, batch, turnsWith: alike });
      if (!alike) graphs.set(batch, graph);
      return { first, cases: batch, graph };
    });
    if (this.blocks.length > 1) {
      this.#part = new Vector(gpu, "sum of a block", model.layout, extent.replicas);
    }
    const most = Math.min(cases, blockCases);
    this.#caseLoss = gpu.allocate("losses of a block", 4 * extent.replicas * most);
  }

  /** A plan for each block that `record` fills, to be replayed in the rows of the blocks in turn. */
  plans(record: (plan: Plan, block: Block) => void): Plan[] {
    const plans = new Map<Graph, Plan>();
    return this.blocks.map((block) => {
      const found = plans.get(block.graph);
      if (found) return found;
      const plan = new Plan(this.#gpu);
      record(plan, block);
      plans.set(block.graph, plan);
      return plan;
    });
  }

  /**
   * Records what `pass` writes as the loss of each case of a block into the list of all cases; the
   * slot of the step in force is the block's first place.
   */
  recordLosses(
    plan: Plan,
    { cases }: Block,
    list: Vector,
    pass: (caseLoss: GPUBuffer) => void,
  ): void {
    pass(this.#caseLoss);
    placeCases(plan, { values: this.#caseLoss, list: list.buffer, by: "slot" }, {
      ...{ batch: cases, cases: list.layout.length, replicas: list.replicas },
    });
  }

  /** Records sum = 0 where blocks are to be added to it. */
  recordClear(plan: Plan, sum: Vector): void {
    if (this.#part) pointwise(plan, { name: "clear", body: "sum = vec4f();", updates: { sum } });
  }

  /** Records what `pass` writes as a mean over a block as its share of the mean over all cases. */
  recordMean(plan: Plan, { cases }: Block, mean: Vector, pass: (out: Vector) => void): void {
    this.recordSum(plan, cases / this.cases, mean, pass);
  }

  /** Records sum += share * out of a block, or sum = share * out of the only one. */
  recordSum(plan: Plan, share: number, sum: Vector, pass: (out: Vector) => void): void {
    const part = this.#part;
    pass(part ?? sum);
    if (!part && share === 1) return;
    pointwise(plan, {
      name: "add a block",
      body: part ? "sum = fma(vec4f(share), part, sum);" : "sum *= share;",
      ...part && { reads: { part } },
      updates: { sum },
      numbers: { share },
    });
  }

  /** Gives everything back. */
  free(): void {
    for (const graph of new Set(this.blocks.map(({ graph }) => graph))) graph.free();
    this.#part?.free();
    this.#gpu.free(this.#caseLoss);
  }
}

/**
 * Bytes of a batch for one replica, with two lists of all cases; where it keeps, by default, those of
 * products of second order too.
 */
export function blocksFootprint(
  model: Model,
  { cases, blockCases, keeps, withTangents = keeps, withSquares = false }:
    & Pick<BlockedBatchOptions, "cases" | "blockCases" | "keeps">
    & { withTangents?: boolean; withSquares?: boolean },
): Footprint {
  const [whole, rest] = [Math.floor(cases / blockCases), cases % blockCases];
  const sizes = [...whole > 0 ? [blockCases] : [], ...rest > 0 ? [rest] : []];
  const each = sizes.map((batch) => model.footprint(batch));
  const graphs = each.map(({ total, tangents = 0, squares = 0 }) =>
    total + (withTangents ? tangents : 0) + (withSquares ? squares : 0)
  );
  // Further blocks of a size share what the first one has.
  if (keeps && whole > 1) graphs.push((whole - 1) * (each[0].total - (each[0].shared ?? 0)));
  const list = 4 * padded(1) * padded(cases);
  const part = cases > blockCases ? 4 * model.layout.length : 0;
  const all = [...graphs, 2 * list, part, 4 * Math.min(cases, blockCases)];
  return {
    largest: Math.max(list, part, ...each.map(({ largest }) => largest)),
    total: all.reduce((sum, bytes) => sum + bytes),
  };
}
