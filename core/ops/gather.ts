import source from "../../shaders/gather.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { longestWalk, type Purpose } from "../random.ts";
import { randomSource, stepSource } from "./texts.ts";

/** Cases on the GPU; see `Dataset`. */
export interface GatheredCases {
  /** How many there are. */
  readonly cases: number;
  /** Values of a case. */
  readonly width: number;
  /** How a value is stored: 0..255 for 0..1, half floats in pairs, or float32. */
  readonly format: "bytes" | "halves" | "floats";
  /** All values, case by case. */
  readonly parts: readonly GPUBuffer[];
  /** Cases of each part but the last. */
  readonly casesPerPart: number;
}

/**
 * Records out[r][i] = data[permutation_r(position + i)], out [R, B, width], with the position and
 * epoch of the step in force; past the end of an epoch the next one begins. The permutation is
 * `permute()` of core/random.ts, keyed by the replica's seed, the `purpose` and the epoch; without a
 * purpose the cases come as they stand. Into an out [R, T, B, width] go cases of T width values, those
 * of the first step first.
 *
 * `seeds` holds R keys of two words, see `seedKey()`.
 */
export function gather(
  plan: Plan,
  data: GatheredCases,
  out: Tensor,
  { seeds, purpose }: { seeds: GPUBuffer; purpose?: Purpose | undefined },
): void {
  const { steps, columns: width } = out;
  if (data.width !== steps * width || out.offset !== 0) {
    throw new InputError(
      `a minibatch of cases of ${steps * width} values cannot be taken from cases of ` +
        `${data.width}: use layers that fit the data`,
    );
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("gather", [randomSource, stepSource, source], {
    BYTES: data.format === "bytes",
    // Four bytes at a time, where no step of a case begins within a word.
    WORDS: data.format === "bytes" && width % 4 === 0,
    HALVES: data.format === "halves",
    PARTS: data.parts.length,
    WORKGROUP: workgroup,
  });
  plan.dispatch(kernel, {
    gather: {
      cases: data.cases,
      width,
      steps,
      batch: out.rows,
      stride: out.stride / 4,
      step: out.stepStride / 4,
      replica: out.replicaStride / 4,
      purpose: purpose ?? 0,
      shuffled: purpose === undefined ? 0 : 1,
      per_part: data.casesPerPart,
    },
    ...Object.fromEntries(data.parts.map((part, p) => [`data_${p}`, part])),
    seeds,
    out: out.buffer,
  }, {
    groups: [padded(out.rows), 1, out.replicas],
    iterations: longestWalk(data.cases) + steps * (Math.ceil(out.stride / 4 / workgroup) + 1) + 1,
  });
}
