import type { Image } from "../graph/operation.ts";
import type { Layer } from "../graph/tape.ts";
import { pool, poolBackward, poolTangent } from "../ops/pool.ts";
import { windowCounts } from "../ops/windows.ts";
import { apart } from "./activation.ts";
import { type Extents, windowsOn } from "./images.ts";

/** A layer; see {@linkcode maxPool} and {@linkcode averagePool}. */
export interface PoolOptions {
  /** Height and width of its windows, in pixels; one number for both. */
  size: Extents;
  /** How far they move down and across, in pixels. Default: their size, so that none overlap. */
  stride?: Extents;
  /** Channels, height and width of the images. Default: those that the layer below makes. */
  image?: Image;
}

/**
 * The largest value in each window, channel by channel, of sequences at every step. Of equals the
 * first in reading order wins, and all of the derivative is its own. It makes
 * floor((height - size) / stride) + 1 lines, likewise columns; what lies beyond is left out.
 *
 * Throws an `InputError` for sizes that are none or do not fit, and where images are not told.
 *
 * ```ts
 * import { convolution, dense, maxPool, sequential } from "../../mod.ts";
 *
 * const layers = sequential(
 *   convolution({ image: [1, 28, 28], channels: 8, size: 5, activation: "relu" }),
 *   maxPool({ size: 2 }), // 8 x 12 x 12
 *   dense({ units: 10 }),
 * );
 * ```
 */
export function maxPool(options: PoolOptions): Layer {
  return layer("maxPool", options);
}

/**
 * The mean of each window, channel by channel, of sequences at every step: sizes as of `maxPool()`.
 *
 * Throws an `InputError` for sizes that are none or do not fit, and where images are not told.
 *
 * ```ts
 * import { averagePool, dense, sequential } from "../../mod.ts";
 *
 * // 28 x 28 pixels become 14 x 14.
 * const layers = sequential(averagePool({ image: [1, 28, 28], size: 2 }), dense({ units: 10 }));
 * ```
 */
export function averagePool(options: PoolOptions): Layer {
  return layer("averagePool", options);
}

function layer(
  name: "maxPool" | "averagePool",
  { size, stride = size, image }: PoolOptions,
): Layer {
  return (tape, given) => {
    const x = apart(tape, given);
    const { steps } = x;
    const windows = windowsOn(name, x, { size, stride, image });
    const [channels] = windows.image;
    const made = windowCounts(windows);
    const columns = channels * made[0] * made[1];
    const y = tape.value(columns, { steps, image: [channels, ...made] });
    const kept = name === "maxPool" ? tape.value(columns, { steps }) : undefined;
    return tape.record({
      ...{ name: `${name} of ${channels} channels`, reads: [x], writes: y },
      forward(plan, { data }) {
        const winners = kept && data(kept);
        pool(plan, windows, { images: data(x), made: data(y), winners });
      },
      backward(plan, { data, delta, share }) {
        const winners = kept && data(kept);
        poolBackward(plan, windows, { images: share(x)!.out, made: delta(y), winners });
      },
      tangent(plan, { data, tangent }) {
        const winners = kept && data(kept);
        poolTangent(plan, windows, { images: tangent(x)!, made: tangent(y)!, winners });
      },
    });
  };
}
