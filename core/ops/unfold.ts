import source from "../../shaders/unfold.wgsl" with { type: "text" };
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

/** Images [R, B, channels height width], and a matrix for each case, [R, B, windows, places]. */
export interface Unfolded {
  /** At the start of a buffer. */
  images: Tensor;
  /** The windows of a case are its rows, the places of a window in all channels its columns. */
  matrices: Tensor;
}

/** Records as matrices what the windows see of the images (im2col): zeros where they see none. */
export function unfold(plan: Plan, windows: Windows, { images, matrices }: Unfolded): void {
  record(plan, windows, { images, matrices }, true);
}

/** Records its transpose (col2im): images whose pixels are the sums of all that windows see there. */
export function fold(plan: Plan, windows: Windows, { images, matrices }: Unfolded): void {
  record(plan, windows, { images, matrices }, false);
}

/**
 * Windows of one pixel on images of so many windows: they turn [channels, windows] of a case into
 * [windows, channels], and back.
 */
export function channelsLast(
  channels: number,
  [height, width]: readonly [number, number],
): Windows {
  return {
    ...{ image: [channels, height, width], kernel: [1, 1] },
    ...{ stride: [1, 1], padding: [0, 0] },
  };
}

function record(
  plan: Plan,
  windows: Windows,
  { images, matrices }: Unfolded,
  unfolds: boolean,
): void {
  const { image: [channels, height, width], kernel } = windows;
  const [rows, columns] = windowCounts(windows);
  if (
    images.offset !== 0 || images.columns !== channels * height * width ||
    matrices.rows !== rows * columns || matrices.columns !== channels * kernel[0] * kernel[1]
  ) {
    throw new RangeError(
      `windows of ${
        kernel.join(" x ")
      } on images of ${channels} x ${height} x ${width} do not make ` +
        `${shapeText(matrices)} of ${shapeText(images)}`,
    );
  }
  const constants = windowsConstants(windows);
  const shape = windowsShape(windows, images, matrices);
  const places = unfolds ? shape.matrix_rows : height * width;
  const loops = unfolds ? kernel[0] : Number(constants.MEET_DOWN);
  const size = windowsGrid(plan.gpu, { ...shape, loops }, places, images.replicas);
  const name = unfolds ? "unfold" : "fold";
  const kernelOf = plan.gpu.kernel(name, [windowsSource, source], {
    ...constants,
    ...{ UNFOLD: unfolds, WORKGROUP: size.workgroup },
  });
  const [a, out] = unfolds ? [images, matrices] : [matrices, images];
  plan.dispatch(kernelOf, { shape, a: a.buffer, out: out.buffer }, size);
}
