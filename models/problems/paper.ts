import type { ReconstructionLoss } from "../autoencoder.ts";

/** The network and the loss of a problem: what `autoencoder()` is told besides the data. */
export interface AutoencoderProblem {
  /** Units of the encoder from the input to the code; the decoder mirrors them. */
  readonly layers: readonly number[];
  /** Activation of the output units. */
  readonly outputUnit: "sigmoid" | "linear";
  /** The loss, summed over units and averaged over cases. */
  readonly loss: ReconstructionLoss;
}

/**
 * The three autoencoders of the paper (section 3, Table 1), with sigmoid hidden units and a linear
 * code; weights and biases of Curves, MNIST, Faces: 842,340, 2,837,314 and 7,537,655.
 *
 * Values of Curves and MNIST are in [0, 1]; those of Faces are not, so its output is linear.
 *
 * ```ts
 * import { autoencoder, Dataset, generateCurves, openGPU, paperProblems } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const { train } = generateCurves({ seed: 1, train: 1000, test: 0 });
 * const data = new Dataset(gpu, train, { width: 784 });
 * const model = autoencoder({ ...paperProblems.curves, train: data });
 * console.log(model.layout.parameterCount); // 842340
 * ```
 */
export const paperProblems: Readonly<Record<"curves" | "mnist" | "faces", AutoencoderProblem>> = {
  curves: {
    layers: [784, 400, 200, 100, 50, 25, 6],
    outputUnit: "sigmoid",
    loss: "cross-entropy",
  },
  mnist: {
    layers: [784, 1000, 500, 250, 30],
    outputUnit: "sigmoid",
    loss: "cross-entropy",
  },
  faces: {
    layers: [625, 2000, 1000, 500, 30],
    outputUnit: "linear",
    loss: "squared-error",
  },
};
