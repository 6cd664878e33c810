import type { Layer } from "../graph/tape.ts";
import { columnSum } from "../ops/column_sum.ts";
import {
  layerNorm as normalize,
  layerNormBackward,
  layerNormTangent,
  type Normalized,
} from "../ops/layer_norm.ts";
import type { Pass } from "../graph/operation.ts";
import { apart } from "./activation.ts";

/**
 * Layer norm (Ba, Kiros and Hinton 2016): the units of each case less their mean, divided by the root
 * of their variance + 1e-5, times gains that begin at 1, plus shifts that begin at 0. Weight decay
 * reaches neither.
 *
 * ```ts
 * import { activation, dense, layerNorm, sequential } from "../../mod.ts";
 *
 * const layers = sequential(dense({ units: 64 }), layerNorm(), activation("relu"));
 * ```
 */
export function layerNorm(): Layer {
  return (tape, given) => {
    const x = apart(tape, given);
    const { columns, steps } = x;
    const n = tape.number;
    const [gains, shifts] = tape.tensors([
      { name: `gains ${n}`, rows: 1, columns, isBias: true },
      { name: `shifts ${n}`, rows: 1, columns, isBias: true },
    ], () => [new Float64Array(columns).fill(1), new Float64Array(columns)]);
    const [y, normal, scaled] = [tape.like(x), tape.like(x), tape.like(x)];
    const inverses = tape.value(1, { steps });
    // Where the input depends on no parameter: a tangent of zeros, and where a share of nobody's goes.
    const [zeros, dropped] = tape.moves(x) ? [] : [tape.like(x), tape.like(x)];
    const kept = ({ parameters, data }: Pass): Normalized => (
      { normal: data(normal), inverses: data(inverses), gains: parameters.tensor(gains) }
    );
    return tape.record({
      ...{
        name: `layer norm of ${columns} units`,
        reads: [x],
        writes: y,
        tensors: [gains, shifts],
      },
      forward(plan, pass) {
        const { parameters, data } = pass;
        const out = data(y);
        normalize(plan, kept(pass), { x: data(x), shifts: parameters.tensor(shifts), out });
      },
      backward(plan, pass, gradient) {
        const [delta, products] = [pass.delta(y), pass.data(scaled)];
        const out = pass.share(x)?.out ?? pass.data(dropped!);
        layerNormBackward(plan, kept(pass), { delta, out, scaled: products });
        columnSum(plan, products, gradient.tensor(gains));
        columnSum(plan, delta, gradient.tensor(shifts));
      },
      tangent(plan, pass, direction) {
        const [dgains, dshifts] = [direction.tensor(gains), direction.tensor(shifts)];
        const [dx, out] = [pass.tangent(x) ?? pass.data(zeros!), pass.tangent(y)!];
        layerNormTangent(plan, kept(pass), { tangent: dx, gains: dgains, shifts: dshifts, out });
      },
    });
  };
}
