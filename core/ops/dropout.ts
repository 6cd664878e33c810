import source from "../../shaders/dropout.wgsl" with { type: "text" };
import { padded, rowsOf, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { Purpose } from "../random.ts";
import { spread } from "./axpy.ts";
import { caseBlockSource, caseRows } from "./case_block.ts";
import { checkAlone } from "./loss_rows.ts";
import { randomSource, stepSource } from "./texts.ts";

/** What fixes the units that {@linkcode dropUnits} drops. */
export interface Dropped {
  /** The share of units that are dropped, at least 0 and below 1. */
  rate: number;
  /** R keys of two words, see `seedKey()`. */
  seeds: GPUBuffer;
  /** A number of the layer's own. */
  stream: number;
}

/**
 * Records out = a / (1 - rate) where a unit is kept and 0 where it is dropped, both [R, B, N] at the
 * start of a buffer of their own. Each unit is dropped with probability `rate`, as a function of the
 * replica's seed, the update of the step in force, the layer, the case's place in its epoch and the
 * unit alone.
 */
export function dropUnits(
  plan: Plan,
  { a, out }: { a: Tensor; out: Tensor },
  { rate, seeds, stream }: Dropped,
): void {
  checkAlone(a, [out]);
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const sources = [randomSource, stepSource, caseBlockSource, source];
  const kernel = plan.gpu.kernel("dropout", sources, { WORKGROUP: workgroup });
  const columns = a.stride / 4;
  plan.dispatch(kernel, {
    shape: {
      cases: caseRows(a),
      columns,
      units: a.columns,
      stream,
      purpose: Purpose.dropout,
      threshold: keepThreshold(rate),
      keep: 1 - rate,
    },
    a: a.buffer,
    seeds,
    out: out.buffer,
  }, {
    groups: spread(plan.gpu, Math.ceil(padded(rowsOf(a)) * columns / workgroup), a.replicas),
    iterations: 11, // rounds of the generator
  });
}

/** Of the 2^32 words of the generator those below it keep a unit. */
export function keepThreshold(rate: number): number {
  return Math.min(Math.round((1 - rate) * 2 ** 32), 2 ** 32 - 1);
}
