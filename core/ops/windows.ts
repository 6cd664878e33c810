import source from "../../shaders/common/windows.wgsl" with { type: "text" };
import type { Constants } from "../gpu/compose.ts";
import type { DispatchSize } from "../gpu/plan.ts";
import type { Gpu } from "../gpu/gpu.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Height and width, or down and across. */
export type Pair = readonly [number, number];

/** Windows that slide over images; those that would reach beyond the padding are left out. */
export interface Windows {
  /** Channels, height and width of the images. */
  readonly image: readonly [channels: number, height: number, width: number];
  /** Height and width of a window. */
  readonly kernel: Pair;
  /** How far it moves down and across. */
  readonly stride: Pair;
  /** Lines of zeros above and below the images, columns left and right of them. */
  readonly padding: Pair;
}

/** WGSL of the windows, to be put in front of a kernel whose uniform `shape` they are. */
export const windowsSource: string = source;

/** How many windows there are, one below the other and side by side. */
export function windowCounts({ image: [, ...size], kernel, stride, padding }: Windows): Pair {
  const [down, across] = size.map((size, i) =>
    Math.floor((size + 2 * padding[i] - kernel[i]) / stride[i]) + 1
  );
  return [down, across];
}

/** What of the WGSL the windows fix. */
export function windowsConstants({ kernel, stride, padding }: Windows): Constants {
  return {
    ...{ HEIGHT: kernel[0], WIDTH: kernel[1], DOWN: stride[0], ACROSS: stride[1] },
    ...{ ABOVE: padding[0], LEFT: padding[1] },
    MEET_DOWN: Math.ceil(kernel[0] / stride[0]),
    MEET_ACROSS: Math.ceil(kernel[1] / stride[1]),
  };
}

/** Members of the uniform: `images` hold an image a row, `made` what lies by windows. */
export function windowsShape(windows: Windows, images: Tensor, made: Tensor) {
  const [channels, height, width] = windows.image;
  const [rows, columns] = windowCounts(windows);
  const cases = images.replicaStride / images.stride;
  return {
    ...{ channels, height, width, rows, columns, cases },
    images: images.stride,
    made: made.replicaStride / cases,
    matrix_rows: made.stepStride / made.stride,
    matrix_stride: made.stride,
  };
}

/** A grid with an invocation for each of so many places of each case; they loop over the channels. */
export function windowsGrid(
  gpu: Gpu,
  { cases, channels, loops }: { cases: number; channels: number; loops: number },
  places: number,
  replicas: number,
): DispatchSize & { workgroup: number } {
  const workgroup = gpu.isSoftware ? 8 : 64;
  return {
    workgroup,
    groups: [Math.ceil(places / workgroup), cases, replicas],
    iterations: channels * (loops + 1) + 1,
  };
}
