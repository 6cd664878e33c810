import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Model } from "./model.ts";

/**
 * How many replicas of `model` one trainer can hold: as many as the adapter's largest binding takes,
 * and as fit into `budget` bytes where the memory is known.
 *
 * Throws an {@linkcode InputError} where not one fits.
 */
export function replicasThatFit(
  gpu: Gpu,
  model: Model,
  { batchSize, budget = Infinity }: { batchSize: number; budget?: number },
): number {
  const vector = 4 * model.layout.length;
  const graph = model.footprint(batchSize);
  const copies = gpu.operands === "textures" ? 2 : 1;
  const total = copies * (3 * vector + graph.total);
  const largest = Math.max(vector, graph.largest);
  const most = gpu.device.limits.maxComputeWorkgroupsPerDimension;
  const fit = Math.min(Math.floor(gpu.maxBinding / largest), Math.floor(budget / total), most);
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

function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : "unlimited bytes";
}
