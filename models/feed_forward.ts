import type { Gpu } from "../core/gpu/gpu.ts";
import { allocateMatrix, type Matrix, padded } from "../core/gpu/matrix.ts";
import type { Plan } from "../core/gpu/plan.ts";
import type { Activation } from "../core/ops/activation.ts";
import { matmul } from "../core/ops/matmul.ts";
import { type TensorShape, type Vector, VectorLayout } from "../core/gpu/vector.ts";
import type { Extent } from "../core/train/model.ts";

/** Units of each layer, the input first, and the activation of each layer above the input. */
export interface FeedForwardShape {
  readonly sizes: readonly number[];
  readonly activations: readonly Activation[];
}

/** Tensors of a feed-forward network: weights [below, above] and biases of each layer in turn. */
export function feedForwardLayout({ sizes }: FeedForwardShape): VectorLayout {
  return new VectorLayout(
    sizes.slice(1).flatMap((size, i): TensorShape[] => [
      { name: `weights ${i + 1}`, rows: sizes[i], columns: size },
      { name: `biases ${i + 1}`, rows: 1, columns: size, isBias: true },
    ]),
  );
}

/** Bytes that a {@linkcode FeedForward} takes for one replica. */
export function feedForwardFootprint({ sizes }: FeedForwardShape, batch: number): {
  largest: number;
  total: number;
} {
  const bytes = sizes.map((size) => 4 * padded(batch) * padded(size));
  return { largest: Math.max(...bytes), total: 2 * bytes.reduce((a, b) => a + b) - bytes[0] };
}

/**
 * R feed-forward networks on minibatches of B cases: y_0 the input, y_l = f_l(y_{l-1} W_l + b_l),
 * and backward the deltas d_{l-1} = (d_l W_l') f'_{l-1}, dW_l = y_{l-1}' d_l, db_l = column sums.
 */
export class FeedForward {
  readonly #shape: FeedForwardShape;
  /** Outputs of each layer, [R, B, units]; the first is the input. */
  readonly outputs: readonly Matrix[];
  /** Derivatives of the loss by the inputs of each layer above the input. */
  readonly deltas: readonly Matrix[];
  readonly #gpu: Gpu;

  constructor(gpu: Gpu, shape: FeedForwardShape, { replicas, batch }: Extent) {
    this.#gpu = gpu;
    this.#shape = shape;
    const take = (label: string, columns: number) =>
      allocateMatrix(gpu, label, { replicas, rows: batch, columns });
    this.outputs = shape.sizes.map((size, i) => take(`outputs of layer ${i}`, size));
    this.deltas = shape.sizes.slice(1).map((size, i) => take(`deltas of layer ${i + 1}`, size));
  }

  get input(): Matrix {
    return this.outputs[0];
  }

  /**
   * The inputs z of the output units, not yet activated unless the forward pass was told to: a loss
   * kernel applies their activation itself.
   */
  get outputInputs(): Matrix {
    return this.outputs[this.outputs.length - 1];
  }

  /** The derivative of the loss by {@linkcode FeedForward.outputInputs}, which a loss writes. */
  get outputDelta(): Matrix {
    return this.deltas[this.deltas.length - 1];
  }

  /** Records all layers, up to the inputs of the output units, or with their activation. */
  recordForward(plan: Plan, parameters: Vector, { activateOutput = false } = {}): void {
    const last = activateOutput ? -1 : this.deltas.length - 1;
    this.deltas.forEach((_, i) => {
      matmul(plan, {
        a: this.outputs[i],
        b: parameters.tensor(2 * i),
        out: this.outputs[i + 1],
        plus: parameters.tensor(2 * i + 1),
        then: { activate: i === last ? "linear" : this.#shape.activations[i] },
      });
    });
  }

  /**
   * Records the gradient of every tensor, from {@linkcode FeedForward.outputDelta}, and with `l2`
   * that of l2/2 times the sum of the squared weights, biases left out.
   */
  recordBackward(plan: Plan, parameters: Vector, gradient: Vector, { l2 = 0 } = {}): void {
    for (let i = this.deltas.length - 1; i >= 0; i--) {
      const [delta, below] = [this.deltas[i], this.outputs[i]];
      matmul(plan, {
        a: below,
        b: delta,
        out: gradient.tensor(2 * i),
        transposeA: true,
        columnSums: gradient.tensor(2 * i + 1),
        ...l2 > 0 && { plus: parameters.tensor(2 * i), times: l2 },
      });
      if (i === 0) break;
      matmul(plan, {
        a: delta,
        b: parameters.tensor(2 * i),
        out: this.deltas[i - 1],
        transposeB: true,
        then: { slopeOf: this.#shape.activations[i - 1], outputs: below },
      });
    }
  }

  /** Gives all buffers back. */
  free(): void {
    for (const { buffer } of [...this.outputs, ...this.deltas]) this.#gpu.free(buffer);
  }
}
