import { checkChoice } from "../checks.ts";
import { InputError } from "../errors.ts";
import type { Layer } from "../graph/tape.ts";
import { type Activation, activations } from "../ops/activation.ts";
import { matmul } from "../ops/matmul.ts";

/**
 * A fully connected layer, y = f(x W + b). As the last one its activation is left to the loss.
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
  { units, activation = "linear" }: { units: number; activation?: Activation },
): Layer {
  checkUnits(units);
  checkChoice("activation", activation, activations);
  return (tape, x) => {
    const fan = { fanIn: x.columns, fanOut: units };
    const tanh = { below: x.activation === "tanh", above: activation === "tanh" };
    const [W, b] = tape.tensors([
      { name: "weights", rows: x.columns, columns: units },
      { name: "biases", rows: 1, columns: units, isBias: true },
    ], (draw) => {
      const { weights, biases } = draw({ ...fan, tanh });
      return [weights, biases];
    });
    const y = tape.value(units, activation);
    return tape.record({
      ...{ name: `dense of ${units} units`, reads: [x], writes: y, tensors: [W, b], fuses: true },
      forward(plan, { parameters, data, activation }) {
        const then = { activate: activation(y) };
        const [weights, plus] = [parameters.tensor(W), parameters.tensor(b)];
        matmul(plan, { a: data(x), b: weights, out: data(y), plus, then });
      },
      backward(plan, { parameters, data, delta, decay, share }, gradient) {
        const [out, columnSums] = [gradient.tensor(W), gradient.tensor(b)];
        matmul(plan, { a: data(x), b: delta(y), out, transposeA: true, columnSums, ...decay(W) });
        const below = share(x);
        if (!below) return;
        matmul(plan, { a: delta(y), b: parameters.tensor(W), transposeB: true, ...below });
      },
      // dy = f'(z) (dx W + x dW + db)
      tangent(plan, { parameters, data, tangent, activation }, direction) {
        const [out, dx, dW] = [tangent(y)!, tangent(x), direction.tensor(W)];
        if (dx) matmul(plan, { a: dx, b: parameters.tensor(W), out });
        const then = { slopeOf: activation(y), outputs: data(y) };
        const plus = direction.tensor(b);
        matmul(plan, { a: data(x), b: dW, out, plus, then, ...dx && { adds: true } });
      },
    });
  };
}

/** Refuses a number of units that is none. */
function checkUnits(units: number): void {
  if (Number.isSafeInteger(units) && units > 0) return;
  throw new InputError(
    `a dense layer has a whole number of units above 0, not ${units}: give dense({ units: 100 })`,
  );
}
