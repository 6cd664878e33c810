import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Optimizer } from "../optim/family.ts";
import { settingsAt } from "../optim/optimizer.ts";
import { layoutOf } from "./carry.ts";
import { blocksFootprint } from "../graph/blocked_batch.ts";
import type { Footprint, Model } from "../graph/model.ts";

/** What the replicas are to share, and how they move; see {@linkcode replicasThatFit}. */
export interface CapacityOptions {
  /** Cases of a minibatch. */
  batchSize: number;
  /** Bytes that all may take. Default: as many as they need. */
  budget?: number;
  /** What the replicas may be moved by. Default: what keeps one number for each parameter. */
  optimizers?: readonly Optimizer[];
}

/**
 * How many replicas of `model` one trainer can hold: as many as the adapter's largest binding takes,
 * and as fit into `budget` bytes where the memory is known, each with the states of that optimizer
 * which keeps most.
 *
 * Throws an {@linkcode InputError} where not one fits.
 */
export function replicasThatFit(
  gpu: Gpu,
  model: Model,
  { budget = Infinity, ...options }: CapacityOptions,
): number {
  const { total, largest } = replicaBytes(gpu, model, options);
  const { maxComputeWorkgroupsPerDimension } = gpu.device.limits;
  const fit = Math.min(
    Math.floor(gpu.maxBinding / largest),
    Math.floor(budget / total),
    maxComputeWorkgroupsPerDimension,
  );
  if (fit < 1) {
    throw new InputError(
      `one network needs ${mebibytes(total)}, ${
        mebibytes(largest)
      } of it in one buffer; there are ` +
        `${mebibytes(budget)}, and the adapter allows ${mebibytes(gpu.maxBinding)} in one: ` +
        "use smaller layers or a smaller batch",
    );
  }
  return fit;
}

/**
 * Bytes that one replica of `model` takes: its largest buffer, and all of them, with the states of
 * that optimizer which keeps most.
 */
export function replicaBytes(
  gpu: Gpu,
  model: Model,
  { batchSize, optimizers }: Omit<CapacityOptions, "budget">,
): { largest: number; total: number } {
  const { length, statistics } = model.layout;
  const [vector, ofStatistics] = [4 * length, 4 * (statistics?.length ?? 0)];
  const graph = model.footprint(batchSize);
  const copies = gpu.operands === "textures" ? 2 : 1;
  const own = optimizers?.map((optimizer) => footprintOf(optimizer, model)) ??
    [{ largest: vector, total: vector }];
  const most = Math.max(0, ...own.map(({ total }) => total));
  return {
    total: copies * (2 * vector + ofStatistics + most + graph.total),
    largest: Math.max(vector, ofStatistics, ...own.map(({ largest }) => largest), graph.largest),
  };
}

/** Vectors of a `Curvature`: theta, direction and product, and two of differences of gradients. */
const CURVATURE_VECTORS = 5;

/**
 * Bytes that one replica's `Curvature` takes at most, with the vectors that so many steps of Lanczos'
 * method keep.
 */
export function curvatureBytes(
  gpu: Gpu,
  model: Model,
  { steps, ...batch }: { cases: number; blockCases: number; steps: number },
): number {
  const { total } = blocksFootprint(model, { ...batch, keeps: false, withTangents: true });
  const copies = gpu.operands === "textures" ? 2 : 1;
  return copies * (total + 4 * model.layout.length * (CURVATURE_VECTORS + steps));
}

/** Bytes of what an optimizer keeps of one replica. */
function footprintOf({ family, settings }: Optimizer, model: Model): Footprint {
  const states = Object.values(family.states)
    .map((state) => 4 * layoutOf(state, model.layout).length);
  const first = settingsAt(family, settings, 0);
  const driver = "drive" in family
    ? family.footprint(model, family.compute(first, first, {}, 0).scalars)
    : { largest: 0, total: 0 };
  // Those of training, while others are taken at theta.
  const statistics = family.averages ? 4 * (model.layout.statistics?.length ?? 0) : 0;
  return {
    largest: Math.max(driver.largest, ...states),
    total: states.reduce((sum, bytes) => sum + bytes, driver.total + statistics),
  };
}

function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : "unlimited bytes";
}
