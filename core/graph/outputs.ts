import { InputError } from "../errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { Plan } from "../gpu/plan.ts";
import { pad, unpad } from "../gpu/tensor.ts";
import { Vector } from "../gpu/vector.ts";
import { Buffers, tapeFootprint } from "./buffers.ts";
import type { Value } from "./operation.ts";
import { Recording } from "./recording.ts";
import type { Tape } from "./tape.ts";

/** Cases of a block that goes through the network at once, */
const BLOCK_CASES = 512;

/** and bytes of the largest buffer of one. */
const BLOCK_BYTES = 2 ** 25;

/**
 * The values of one place on a tape for `inputs` [n, inputs], of sequences [T, n, inputs], at the
 * parameters `theta`, block by block: [n, columns], of sequences [T, n, columns]. A Uint8Array stands
 * for values / 255, as in a `Dataset`.
 *
 * Throws an {@linkcode InputError} where the inputs are no whole number of cases.
 */
export async function outputsOf(
  gpu: Gpu,
  { tape, output, value = output }: { tape: Tape; output: Value; value?: Value },
  theta: readonly ArrayLike<number>[],
  inputs: ArrayLike<number>,
): Promise<Float32Array<ArrayBuffer>> {
  const { columns: width, steps = 1 } = tape.input;
  const cases = inputs.length / (steps * width);
  if (!Number.isInteger(cases) || cases === 0) {
    throw new InputError(
      `${inputs.length} values are no whole number of cases of ${
        steps === 1 ? "" : `${steps} x `
      }` +
        `${width}`,
    );
  }
  const fits = 8 * Math.floor(BLOCK_BYTES / tapeFootprint(tape, 8).largest);
  const batch = Math.min(cases, BLOCK_CASES, Math.max(fits, 1));
  const buffers = new Buffers(gpu, tape, { replicas: 1, batch }, { withDeltas: false });
  const { layout } = tape;
  const parameters = new Vector(gpu, "parameters", layout, 1);
  const statistics = layout.statistics && new Vector(gpu, "statistics", layout.statistics, 1);
  const seeds = gpu.allocate("seeds", 8);
  const plan = new Plan(gpu);
  try {
    parameters.write(0, theta);
    statistics?.writePacked(0, layout.packStatistics(theta)!);
    const options = { parameters, statistics, seeds, isTraining: false, leavesOutput: false };
    new Recording(tape, output, buffers, options).forward(plan);
    plan.seal();
    const [given, wanted] = [buffers.data(tape.input), buffers.data(value)];
    const made = new Float32Array(steps * cases * value.columns);
    const unit = inputs instanceof Uint8Array ? 255 : 1;
    for (let first = 0; first < cases; first += batch) {
      // Zeros past the last case.
      const block = new Float32Array(steps * batch * width);
      const count = Math.min(batch, cases - first);
      for (let t = 0; t < steps; t++) {
        const [from, to] = [(t * cases + first) * width, t * batch * width];
        for (let i = 0; i < count * width; i++) block[to + i] = inputs[from + i] / unit;
      }
      gpu.write(given.buffer, pad(given, block));
      plan.submit();
      const outputs = unpad(wanted, new Float32Array(await gpu.read(wanted.buffer)));
      for (let t = 0; t < steps; t++) {
        const own = outputs.subarray(
          t * batch * value.columns,
          (t * batch + count) * value.columns,
        );
        made.set(own, (t * cases + first) * value.columns);
      }
    }
    return made;
  } finally {
    for (const part of [buffers, parameters, statistics, plan]) part?.free();
    gpu.free(seeds);
  }
}
