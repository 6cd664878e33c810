import source from "../../shaders/patches.wgsl" with { type: "text" };
import { padded, type Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { spread } from "./axpy.ts";
import { shapeText } from "./epilogue.ts";

/** Images, and the side of the square patches that they are cut into. */
export interface Patches {
  /** Channels, height and width; the size divides both of these. */
  image: readonly [channels: number, height: number, width: number];
  /** Pixels down and across. */
  size: number;
}

/** How many patches an image has. */
export function patchCount({ image: [, height, width], size }: Patches): number {
  return height / size * (width / size);
}

/** Records the patches [R, T, B, channels size size] of images x [R, B, channels height width]. */
export function cutPatches(plan: Plan, patches: Patches, x: Tensor, out: Tensor): void {
  record(plan, patches, { images: x, cut: out, isCut: true });
}

/** Records the inverse of {@linkcode cutPatches}. */
export function joinPatches(plan: Plan, patches: Patches, x: Tensor, out: Tensor): void {
  record(plan, patches, { images: out, cut: x, isCut: false });
}

function record(
  plan: Plan,
  { image: [channels, height, width], size }: Patches,
  { images, cut, isCut }: { images: Tensor; cut: Tensor; isCut: boolean },
): void {
  const fits = images.columns === channels * height * width && images.steps === 1 &&
    cut.columns === channels * size * size && cut.rows === images.rows &&
    cut.steps * size * size === height * width && images.offset + cut.offset === 0;
  if (!fits) {
    throw new RangeError(
      `${shapeText(images)} does not come in patches ${
        shapeText(cut)
      }, each at the start of a buffer`,
    );
  }
  const workgroup = plan.gpu.isSoftware ? 8 : 64;
  const kernel = plan.gpu.kernel("patches", [source], { WORKGROUP: workgroup, CUT: isCut });
  const [x, out] = isCut ? [images, cut] : [cut, images];
  const count = out.replicas * out.replicaStride / 4;
  plan.dispatch(kernel, {
    shape: {
      ...{ count, steps: cut.steps, cases: images.rows, rows: padded(images.rows) },
      ...{ pixels: images.stride, units: cut.stride, channels, height, width, size },
    },
    x: x.buffer,
    out: out.buffer,
  }, { groups: spread(plan.gpu, Math.ceil(count / workgroup), 1), iterations: 0 });
}
