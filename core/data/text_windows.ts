import source from "../../shaders/text_windows.wgsl" with { type: "text" };
import type { Plan } from "../gpu/plan.ts";
import { padded } from "../gpu/tensor.ts";
import { randomSource, stepSource } from "../ops/texts.ts";
import { longestWalk, type Purpose } from "../random.ts";
import type { SequenceBuffers } from "./fresh_sequences.ts";

/** Which windows of a text are wanted; see {@linkcode textWindows}. */
export interface TextWindows {
  /** The text, its tokens in pairs of 16 bits. */
  text: GPUBuffer;
  /** Windows that begin anywhere, or such as follow one another. */
  from: "drawn" | "consecutive";
  /** At how many places one may begin, or how many follow one another. */
  places: number;
  /** R keys of two words, see `seedKey()`. */
  seeds: GPUBuffer;
  /** Of the draws; of consecutive windows that of their order. Left out, they come as they stand. */
  purpose?: Purpose | undefined;
}

/**
 * Records the windows of a minibatch, of T tokens each, and the token behind each of these as its target:
 * inputs and targets [R, T, B, 1]. Of drawn ones the number in the stream of the seed and the purpose is
 * the position of the step in force plus the row; window `number` begins at
 * floor(word places / 2^32) for the first word of `RandomStream(seed, purpose, number)`.
 */
export function textWindows(
  plan: Plan,
  { text, from, places, seeds, purpose }: TextWindows,
  { inputs, targets }: SequenceBuffers,
): void {
  const lanes = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("text_windows", [randomSource, stepSource, source], {
    LANES: lanes,
    DRAWN: from === "drawn",
  });
  const { rows: batch, steps, stride, replicas } = inputs;
  plan.dispatch(kernel, {
    shape: {
      ...{ batch, rows: padded(batch), steps, stride: stride / 4, places, purpose: purpose ?? 0 },
      shuffled: purpose === undefined ? 0 : 1,
    },
    tokens: text,
    seeds,
    inputs: inputs.buffer,
    target_values: targets.buffer,
  }, {
    groups: [batch, 1, replicas],
    iterations: Math.ceil(steps / lanes) + 1 + (from === "drawn" ? 10 : longestWalk(places)),
  });
}
