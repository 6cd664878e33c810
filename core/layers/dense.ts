import { checkChoice } from "../checks.ts";
import type { Layer } from "../graph/tape.ts";
import { type Activation, activations } from "../ops/activation.ts";
import { checkScale } from "../init/initializer.ts";
import { matmul } from "../ops/matmul.ts";
import { checkUnits } from "./units.ts";

/** A layer; see {@linkcode dense}. */
export interface DenseOptions {
  /** Units of the layer. */
  units: number;
  /** What they make of their inputs. Default linear. */
  activation?: Activation;
  /** What the initializer is told that the weights are; the tensors are named by it. */
  role?: "output";
  /** What the initial weights are multiplied by. Default: 1. */
  scale?: number;
  /** Where the biases begin, in place of where the initializer has them. */
  biases?: readonly number[];
}

/**
 * A fully connected layer, y = f(x W + b), of sequences at every step. As the last one its activation
 * is left to the loss.
 *
 * Throws an {@linkcode InputError} for a number of units or an activation that is none.
 *
 * ```ts
 * import { dense, sequential } from "../../mod.ts";
 *
 * const layers = sequential(dense({ units: 100, activation: "tanh" }), dense({ units: 10 }));
 * ```
 */
export function dense(
  { units, activation = "linear", role, scale = 1, biases }: DenseOptions,
): Layer {
  checkUnits("dense", units);
  checkChoice("activation", activation, activations);
  checkScale(scale);
  return (tape, x) => {
    const tanh = { below: x.activation === "tanh", above: activation === "tanh" };
    const name = (what: string) => role ? `${role} ${what}` : `${what} ${tape.number}`;
    const [W, b] = tape.tensors([
      { name: name("weights"), rows: x.columns, columns: units },
      { name: name("biases"), rows: 1, columns: units, isBias: true },
    ], (draw) => {
      const layer = { fanIn: x.columns, fanOut: units, ...role ? { role } : { tanh } };
      const isKept = scale === 1 && biases === undefined;
      const drawn = draw(layer, isKept ? { reads: x, writes: y } : undefined);
      const weights = drawn.weights.map((weight) => scale * weight);
      return [weights, biases ? Float64Array.from(biases) : drawn.biases];
    });
    const y = tape.value(units, { activation, steps: x.steps });
    return tape.record({
      ...{ name: `dense of ${units} units`, reads: [x], writes: y, tensors: [W, b] },
      ...{ fuses: true, placed: true },
      forward(plan, { parameters, data, activation }) {
        const [plus, then] = [parameters.tensor(b), { activate: activation(y) }];
        matmul(plan, { a: data(x), b: parameters.tensor(W), out: data(y), plus, then });
      },
      backward(plan, pass, gradient) {
        const { parameters, data, delta, decay, weightGradient, shareProduct } = pass;
        const [out, columnSums] = [gradient.tensor(W), gradient.tensor(b)];
        const product = { a: data(x), b: delta(y), out, transposeA: true };
        weightGradient({ ...product, columnSums, ...decay(W) });
        shareProduct(plan, x, { delta: y, weights: parameters.tensor(W) });
      },
      // (x^2)' d^2
      squares(plan, { squared }, squares) {
        const [out, columnSums] = [squares.tensor(W), squares.tensor(b)];
        const [a, d] = [squared(plan, x, "data"), squared(plan, y, "delta")];
        matmul(plan, { a, b: d, out, transposeA: true, columnSums });
      },
      // dy = f'(z) (dx W + x dW + db)
      tangent(plan, { parameters, data, tangent, activation }, direction) {
        const [out, dx, dW] = [tangent(y)!, tangent(x), direction.tensor(W)];
        if (dx) matmul(plan, { a: dx, b: parameters.tensor(W), out });
        const [plus, then] = [direction.tensor(b), { slopeOf: activation(y), outputs: data(y) }];
        matmul(plan, { a: data(x), b: dW, out, plus, then, ...dx && { adds: true } });
      },
    });
  };
}
