import { InputError } from "../errors.ts";
import type { Layer } from "../graph/tape.ts";
import { cutPatches, joinPatches, patchCount, type Patches } from "../ops/patches.ts";
import { spreadMean, stepMean as mean } from "../ops/step_mean.ts";
import { apart } from "./activation.ts";

export type { Patches };

/**
 * Cuts images into square patches, which become the steps of a sequence, from left to right and from the
 * top down (Dosovitskiy et al. 2021): [channels, height, width] of a case becomes
 * height width / size^2 steps of channels size^2 units.
 *
 * Throws an {@linkcode InputError} for a size that does not divide height and width, and for inputs that
 * are no such images.
 *
 * ```ts
 * import { attention, dense, patches, positions, sequential, stepMean } from "../../mod.ts";
 *
 * const layers = sequential(
 *   patches({ image: [1, 28, 28], size: 7 }), // 16 steps of 49 units
 *   dense({ units: 32 }),
 *   positions(),
 *   dense({ units: 3 * 32 }),
 *   attention({ heads: 2 }),
 *   stepMean(),
 *   dense({ units: 10 }),
 * );
 * ```
 */
export function patches(cut: Patches): Layer {
  const { image, size } = cut;
  const [channels, height, width] = image;
  const sizes = { size, channels, height, width };
  const isWhole = Object.values(sizes).every((count) => Number.isSafeInteger(count) && count > 0);
  if (!isWhole || height % size !== 0 || width % size !== 0) {
    throw new InputError(
      `patches of ${size} x ${size} pixels do not make up images of ${
        image.join(" x ")
      }: give a size ` +
        "that divides height and width",
    );
  }
  return (tape, given) => {
    const x = apart(tape, given);
    if (x.steps !== undefined || x.columns !== channels * height * width) {
      throw new InputError(
        `images of ${image.join(" x ")} are cases of ${channels * height * width} units, not ${
          x.steps === undefined ? "" : "sequences of "
        }${x.columns}`,
      );
    }
    const y = tape.value(channels * size * size, { steps: patchCount(cut) });
    return tape.record({
      ...{ name: `patches of ${size} x ${size}`, reads: [x], writes: y },
      forward: (plan, { data }) => cutPatches(plan, cut, data(x), data(y)),
      backward: (plan, { delta, share }) => joinPatches(plan, cut, delta(y), share(x)!.out),
      tangent: (plan, { tangent }) => cutPatches(plan, cut, tangent(x)!, tangent(y)!),
    });
  };
}

/**
 * The mean of a sequence over its steps, with which cases are no sequences any more.
 *
 * Throws an {@linkcode InputError} for inputs that are no sequences.
 *
 * ```ts
 * import { dense, patches, sequential, stepMean } from "../../mod.ts";
 *
 * const layers = sequential(
 *   patches({ image: [1, 28, 28], size: 7 }),
 *   dense({ units: 32, activation: "relu" }),
 *   stepMean(), // 32 units of a case
 *   dense({ units: 10 }),
 * );
 * ```
 */
export function stepMean(): Layer {
  return (tape, given) => {
    const x = apart(tape, given);
    if (x.steps === undefined) {
      throw new InputError("the mean over steps is that of sequences: leave it out here");
    }
    const y = tape.value(x.columns);
    return tape.record({
      ...{ name: `mean over ${x.steps} steps`, reads: [x], writes: y },
      forward: (plan, { data }) => mean(plan, data(x), data(y)),
      backward: (plan, { delta, share }) => spreadMean(plan, delta(y), share(x)!.out),
      tangent: (plan, { tangent }) => mean(plan, tangent(x)!, tangent(y)!),
    });
  };
}
