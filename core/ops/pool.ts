import nan from "../../shaders/common/nan.wgsl" with { type: "text" };
import source from "../../shaders/pool.wgsl" with { type: "text" };
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { shapeText } from "./epilogue.ts";
import {
  windowCounts,
  type Windows,
  windowsConstants,
  windowsGrid,
  windowsShape,
  windowsSource,
} from "./windows.ts";

/** Images [R, B, channels height width], and what windows make of them, [R, B, channels windows]. */
export interface Pooled {
  /** At the start of a buffer, likewise all others. */
  images: Tensor;
  /** A value for each channel and window. */
  made: Tensor;
  /** Of the largest values, where in its window each was found; of means none. */
  winners?: Tensor | undefined;
}

/**
 * Records, for windows without padding, the mean of what each sees; with `winners` the largest value,
 * of equals the first in reading order, and where it is. NaN counts as larger than all others.
 */
export function pool(plan: Plan, windows: Windows, pooled: Pooled): void {
  record(plan, windows, pooled, "FORWARD");
}

/** Records, for the deltas of what was made, those of the images. */
export function poolBackward(plan: Plan, windows: Windows, pooled: Pooled): void {
  record(plan, windows, pooled, "BACKWARD");
}

/** Records, for tangents of the images, those of what was made. */
export function poolTangent(plan: Plan, windows: Windows, pooled: Pooled): void {
  record(plan, windows, pooled, pooled.winners ? "TANGENT" : "FORWARD");
}

function record(
  plan: Plan,
  windows: Windows,
  { images, made, winners }: Pooled,
  pass: "FORWARD" | "BACKWARD" | "TANGENT",
): void {
  const { image: [channels, height, width], kernel } = windows;
  const [rows, columns] = windowCounts(windows);
  for (const [tensor, places] of [[images, height * width], [made, rows * columns]] as const) {
    if (tensor.columns === channels * places && tensor.offset === 0) continue;
    throw new RangeError(
      `${shapeText(tensor)} does not go with ${channels} channels of ${height} x ${width}`,
    );
  }
  const constants = windowsConstants(windows);
  const shape = windowsShape(windows, images, made);
  const isBackward = pass === "BACKWARD";
  const places = isBackward ? height * width : rows * columns;
  const loops = isBackward ? Number(constants.MEET_DOWN) : kernel[0];
  const size = windowsGrid(plan.gpu, { ...shape, loops }, places, images.replicas);
  const [a, out] = isBackward ? [made, images] : [images, made];
  const kernelOf = plan.gpu.kernel(`pool_${pass.toLowerCase()}`, [windowsSource, nan, source], {
    ...constants,
    ...{ MAX: winners !== undefined, FORWARD: pass === "FORWARD", BACKWARD: isBackward },
    WORKGROUP: size.workgroup,
  });
  plan.dispatch(kernelOf, {
    ...{ shape, a: a.buffer, out: out.buffer },
    ...winners && { winners: winners.buffer },
  }, size);
}
