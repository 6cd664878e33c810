import markedSource from "../../shaders/marked_sequences.wgsl" with { type: "text" };
import memorizationSource from "../../shaders/memorization.wgsl" with { type: "text" };
import {
  markedLevels,
  type MarkedOptions,
  memorizationMeans,
  type MemorizationOptions,
} from "./sequences.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import type { Purpose } from "../random.ts";
import { randomSource, stepSource } from "../ops/texts.ts";

/** Where the sequences of a minibatch go. */
export interface SequenceBuffers {
  /** [R, T, B, inputs] */
  inputs: Tensor;
  /** [R, 1, B, outputs] for the last step of each sequence, or [R, T, B, outputs]. */
  targets: Tensor;
  /** [R, B], padded: steps of each sequence. */
  lengths: GPUBuffer;
}

/** Which sequences are made: those of a stream, from the position of the step in force on. */
export interface SequenceStream {
  /** R keys of two words, see `seedKey()`. */
  seeds: GPUBuffer;
  purpose: Purpose;
}

/**
 * Records the minibatch of the adding or the multiplication problem whose first sequence is number
 * `position` of the step in force: `markedSequence()` of core/data/sequences.ts, bit for bit.
 */
export function markedSequences(
  plan: Plan,
  options: MarkedOptions,
  { inputs, targets, lengths }: SequenceBuffers,
  { seeds, purpose }: SequenceStream,
): void {
  const lanes = lanesOf(plan.gpu);
  const kernel = plan.gpu.kernel(
    "marked_sequences",
    [randomSource, stepSource, markedSource],
    { LANES: lanes },
  );
  const { marker, valueMean } = markedLevels(options);
  plan.dispatch(kernel, {
    shape: {
      batch: inputs.rows,
      rows: padded(inputs.rows),
      shortest: options.length,
      steps: inputs.steps,
      stride: inputs.stride / 4,
      target_stride: targets.stride / 4,
      is_product: options.problem === "mul" ? 1 : 0,
      has_cue: options.cue ? 1 : 0,
      purpose,
      value_mean: valueMean,
      marker_off: marker.off,
      marker_on: marker.on,
      marker_cue: marker.cue,
    },
    seeds,
    inputs: inputs.buffer,
    target_values: targets.buffer,
    lengths,
  }, {
    groups: [inputs.rows, 1, inputs.replicas],
    // The loop over steps and ten rounds of the generator in each, and in the three draws besides.
    iterations: 11 * Math.ceil(inputs.steps / 4 / lanes) + 30,
  });
}

/** Records the minibatch of a memorization problem: `memorizationSequence()`, bit for bit. */
export function memorizationSequences(
  plan: Plan,
  options: MemorizationOptions,
  { inputs, targets }: SequenceBuffers,
  { seeds, purpose }: SequenceStream,
): void {
  const lanes = lanesOf(plan.gpu);
  const kernel = plan.gpu.kernel(
    "memorization",
    [randomSource, stepSource, memorizationSource],
    { LANES: lanes },
  );
  const { symbol, blank, trigger } = memorizationMeans(options);
  const means = [symbol, blank, trigger, 0];
  plan.dispatch(kernel, {
    shape: {
      rows: padded(inputs.rows),
      symbols: options.symbols,
      items: options.items,
      recall: options.items + options.length,
      steps: inputs.steps,
      stride: inputs.stride / 4,
      target_stride: targets.stride / 4,
      purpose,
      off: means.map((mean) => 0 - mean),
      on: means.map((mean) => 1 - mean),
    },
    seeds,
    inputs: inputs.buffer,
    target_values: targets.buffer,
  }, {
    groups: [inputs.rows, 1, inputs.replicas],
    iterations: Math.ceil(inputs.steps / lanes) * (21 + inputs.stride / 4 + targets.stride / 4),
  });
}

function lanesOf(gpu: Gpu): number {
  return gpu.isSoftware ? 8 : 32;
}
