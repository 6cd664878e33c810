import source from "../../shaders/gather_steps.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { longestWalk, type Purpose } from "../random.ts";
import { randomSource, stepSource } from "./texts.ts";

/** Sequences on the GPU, [T, cases, width] float32, or windows of a series [rows, width]. */
export interface StepData {
  /** Where they lie. */
  buffer: GPUBuffer;
  /** How many there are. */
  cases: number;
  /** Of windows: the row that the first of them begins at. Step t of window i is row t + i from it. */
  firstRow?: number;
}

/**
 * Records out[r][t][i] = data[t][permutation_r(position + i)], out [R, T, B, width], with the
 * position and the epoch of the step in force: `gather()` for sequences. Windows of a series overlap:
 * data[t][i] is its row t + i.
 */
export function gatherSteps(
  plan: Plan,
  { buffer, cases, firstRow }: StepData,
  out: Tensor,
  { seeds, purpose }: { seeds: GPUBuffer; purpose: Purpose | undefined },
): void {
  const lanes = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("gather_steps", [randomSource, stepSource, source], {
    LANES: lanes,
  });
  plan.dispatch(kernel, {
    shape: {
      cases,
      first_row: firstRow ?? 0,
      rows_a_step: firstRow === undefined ? cases : 1,
      width: out.columns,
      steps: out.steps,
      batch: out.rows,
      rows: padded(out.rows),
      stride: out.stride / 4,
      purpose: purpose ?? 0,
      shuffled: purpose === undefined ? 0 : 1,
    },
    data: buffer,
    seeds,
    out: out.buffer,
  }, {
    groups: [out.rows, 1, out.replicas],
    iterations: longestWalk(cases) + Math.ceil(out.steps * out.stride / 4 / lanes) + 1,
  });
}
