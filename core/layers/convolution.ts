import { checkChoice } from "../checks.ts";
import { asRow, BLOCK, caseMatrices, padded, partsOf, type Tensor } from "../gpu/tensor.ts";
import type { Image, Pass } from "../graph/operation.ts";
import type { Layer } from "../graph/tape.ts";
import type { Plan } from "../gpu/plan.ts";
import { type Activation, activations } from "../ops/activation.ts";
import { columnSum } from "../ops/column_sum.ts";
import { matmul } from "../ops/matmul.ts";
import { sum } from "../ops/sum.ts";
import { channelsLast, fold, unfold } from "../ops/unfold.ts";
import { windowCounts } from "../ops/windows.ts";
import { apart } from "./activation.ts";
import { type Extents, windowsOn } from "./images.ts";
import { checkUnits } from "./units.ts";

/** A layer; see {@linkcode convolution}. */
export interface ConvolutionOptions {
  /** Channels that it makes. */
  channels: number;
  /** Height and width of its kernels, in pixels; one number for both. */
  size: Extents;
  /** How far they move down and across, in pixels. Default: 1. */
  stride?: Extents;
  /** Zeros above and below, left and right of an image, in pixels. Default: none. */
  padding?: Extents;
  /** What the units make of their inputs. Default linear. */
  activation?: Activation;
  /** Channels, height and width of the images. Default: those that the layer below makes. */
  image?: Image;
}

/**
 * Gradients are summed in this many parts of the minibatch, which are then added in order: few
 * invocations would share one sum over all places of all cases.
 */
const PARTS = BLOCK;

/**
 * A convolutional layer of images [channels, height, width], of sequences at every step: channel o at
 * place p is f(b_o + the sum over channels c and places q of a kernel of W_o,c,q x_c at s p + q - z),
 * with stride s and padding z. It makes floor((height + 2 z - size) / s) + 1 lines, likewise columns.
 * The weights are a matrix [channels made, channels read x height x width of a kernel]; initializers
 * take a kernel for a unit of so many inputs.
 *
 * Throws an {@linkcode InputError} for sizes that are none or do not fit, and where images are not told.
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
export function convolution(options: ConvolutionOptions): Layer {
  const { channels, size, stride = 1, padding = 0, activation = "linear", image } = options;
  checkUnits("convolution", channels, "channels");
  checkChoice("activation", activation, activations);
  return (tape, given) => {
    const x = apart(tape, given);
    const { steps } = x;
    const windows = windowsOn("convolution", x, { size, stride, padding, image });
    const made = windowCounts(windows);
    const { image: [inputs], kernel: [height, width] } = windows;
    const [places, fanIn] = [made[0] * made[1], inputs * height * width];
    const tanh = { below: x.activation === "tanh", above: activation === "tanh" };
    const n = tape.number;
    const [W, b] = tape.tensors([
      { name: `kernels ${n}`, rows: channels, columns: fanIn },
      { name: `biases ${n}`, rows: 1, columns: channels, isBias: true },
    ], (draw) => {
      const { weights, biases } = draw({ fanIn, fanOut: channels, places: height * width, tanh });
      return [weights.map((_, i) => weights[i % fanIn * channels + Math.floor(i / fanIn)]), biases];
    });
    const y = tape.value(channels * places, { activation, steps, image: [channels, ...made] });
    /** A matrix for each case that the rules keep. */
    const matrices = (rows: number, columns: number) => {
      const value = tape.value(padded(rows) * padded(columns), { steps });
      return ({ data }: Pass) => caseMatrices(data(value), rows, columns);
    };
    // What windows see, the channels made of that, and how what they see moves.
    const [seen, maps] = [matrices(places, fanIn), matrices(places, channels)];
    const moved = tape.moves(x) ? matrices(places, fanIn) : undefined;
    const kept = (rows: number, columns: number) =>
      tape.value(padded(rows) * padded(columns), { rows: PARTS });
    const [partsOfW, partsOfB] = [kept(channels, fanIn), kept(1, channels)];
    const turned = channelsLast(channels, made);
    return tape.record({
      name: `convolution of ${channels} channels`,
      ...{ reads: [x], writes: y, tensors: [W, b] },
      forward(plan, pass) {
        const { parameters, data, activation } = pass;
        const [a, out] = [seen(pass), maps(pass)];
        unfold(plan, windows, { images: data(x), matrices: a });
        const [plus, then] = [parameters.tensor(b), { activate: activation(y) }];
        matmul(plan, { a, b: parameters.tensor(W), transposeB: true, out, plus, then });
        fold(plan, turned, { images: data(y), matrices: out });
      },
      backward(plan, pass, gradient) {
        const { parameters, data, delta, decay, share } = pass;
        const [d, dW] = [maps(pass), gradient.tensor(W)];
        unfold(plan, turned, { images: delta(y), matrices: d });
        const [a, b_] = [partsOf(d, PARTS), partsOf(seen(pass), PARTS)];
        sumOfParts(
          plan,
          data(partsOfW),
          dW,
          (out) => matmul(plan, { a, b: b_, transposeA: true, out }),
        );
        if (decay(W).plus) sum(plan, { out: dW, adds: true, ...decay(W) });
        sumOfParts(plan, data(partsOfB), gradient.tensor(b), (out) => columnSum(plan, a, out));
        const below = share(x);
        if (!below) return;
        const out = moved!(pass);
        matmul(plan, { a: d, b: parameters.tensor(W), out });
        fold(plan, windows, { images: below.out, matrices: out });
      },
      // dy = f'(z) (dx * W + x * dW + db)
      tangent(plan, pass, direction) {
        const { parameters, data, tangent, activation } = pass;
        const [out, dx, images] = [maps(pass), tangent(x), tangent(y)!];
        if (dx) {
          const a = moved!(pass);
          unfold(plan, windows, { images: dx, matrices: a });
          matmul(plan, { a, b: parameters.tensor(W), transposeB: true, out });
        }
        const product = { a: seen(pass), b: direction.tensor(W), transposeB: true, out };
        matmul(plan, { ...product, plus: direction.tensor(b), ...dx && { adds: true } });
        fold(plan, turned, { images, matrices: out });
        const then = { slopeOf: activation(y), outputs: data(y) };
        if (then.slopeOf !== "linear") sum(plan, { out: images, adds: true, then });
      },
    });
  };
}

/** Records out = the sum of what `record` writes for each part, kept in the rows of `parts`. */
function sumOfParts(plan: Plan, parts: Tensor, out: Tensor, record: (out: Tensor) => void): void {
  record(partsOf(caseMatrices(parts, out.rows, out.columns), PARTS));
  columnSum(plan, parts, asRow(out));
}
