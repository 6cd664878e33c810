import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { VectorLayout } from "../gpu/vector.ts";
import type { Optimizer } from "../optim/family.ts";
import { layoutOf } from "./carry.ts";
import type { Model } from "../graph/model.ts";

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
  const vector = 4 * model.layout.length;
  const graph = model.footprint(batchSize);
  const copies = gpu.operands === "textures" ? 2 : 1;
  const states = optimizers?.map((optimizer) => stateBytes(optimizer, model.layout)) ?? [[vector]];
  const most = Math.max(0, ...states.map((sizes) => sizes.reduce((sum, size) => sum + size, 0)));
  return {
    total: copies * (2 * vector + most + graph.total),
    largest: Math.max(vector, ...states.flat(), graph.largest),
  };
}

/** Bytes of each state that an optimizer keeps of one replica. */
function stateBytes({ family }: Optimizer, layout: VectorLayout): number[] {
  return Object.values(family.states).map((state) => 4 * layoutOf(state, layout).length);
}

function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : "unlimited bytes";
}
