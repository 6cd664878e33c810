import randomSource from "../../shaders/common/random.wgsl" with { type: "text" };
import stepSource from "../../shaders/common/step.wgsl" with { type: "text" };
import source from "../../shaders/gather.wgsl" with { type: "text" };
import type { Dataset } from "../data/dataset.ts";
import { InputError } from "../errors.ts";
import { type Matrix, padded } from "../gpu/matrix.ts";
import type { Plan } from "../gpu/plan.ts";
import { longestWalk, type Purpose } from "../random.ts";

/**
 * Records out[r][i] = data[permutation_r(position + i)], out [R, B, width], with the position and
 * epoch of the step in force. The permutation is `permute()` of core/random.ts, keyed by the
 * replica's seed, the `purpose` and the epoch; without a purpose the cases come as they stand.
 *
 * `seeds` holds R keys of two words, see `seedKey()`.
 */
export function gather(
  plan: Plan,
  data: Dataset,
  out: Matrix,
  { seeds, purpose }: { seeds: GPUBuffer; purpose?: Purpose | undefined },
): void {
  if (data.width !== out.columns || out.rows > data.cases || out.offset !== 0) {
    throw new InputError(
      `a minibatch of ${out.rows} cases of ${out.columns} values cannot be taken from ` +
        `${data.cases} cases of ${data.width}: use a smaller batch or layers that fit the data`,
    );
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("gather", [randomSource, stepSource, source], {
    BYTES: data.format === "bytes",
    HALVES: data.format === "halves",
    WORKGROUP: workgroup,
  });
  plan.dispatch(kernel, {
    gather: new Uint32Array([
      data.cases,
      data.width,
      out.rows,
      out.stride / 4,
      out.replicaStride / 4,
      purpose ?? 0,
      purpose === undefined ? 0 : 1,
    ]),
    data: data.buffer,
    seeds,
    out: out.buffer,
  }, {
    groups: [padded(out.rows), 1, out.replicas],
    iterations: longestWalk(data.cases) + Math.ceil(out.stride / 4 / workgroup),
  });
}
