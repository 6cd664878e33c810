import { InputError } from "../errors.ts";
import type { Pass } from "../graph/operation.ts";
import type { Layer } from "../graph/tape.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { dropUnits } from "../ops/dropout.ts";
import { sum } from "../ops/sum.ts";
import { apart } from "./activation.ts";

/**
 * Drops each unit with probability `rate` while training, and divides the others by 1 - rate; an
 * evaluation takes all of them (Srivastava et al. 2014). Which are dropped is fixed by the network's
 * seed, the update, the layer and the case: the same in every pass of one update.
 *
 * Throws an {@linkcode InputError} for a rate that is not at least 0 and below 1.
 *
 * ```ts
 * import { dense, dropout, sequential } from "../../mod.ts";
 *
 * const layers = sequential(dense({ units: 64, activation: "relu" }), dropout(0.2));
 * ```
 */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) {
    throw new InputError(
      `the rate of a dropout is at least 0 and below 1, not ${rate}: 0.2 drops a unit in five`,
    );
  }
  return (tape, given) => {
    const x = apart(tape, given);
    const y = tape.like(x);
    const stream = tape.operations.length;
    const mask = (plan: Plan, { seeds, isTraining }: Pass, a: Tensor, out: Tensor) => {
      if (isTraining) dropUnits(plan, { a, out }, { rate, seeds, stream });
      else sum(plan, { a, out });
    };
    return tape.record({
      ...{ name: `dropout of ${x.columns} units`, reads: [x], writes: y, handsOn: true },
      forward: (plan, pass) => mask(plan, pass, pass.data(x), pass.data(y)),
      backward: (plan, pass) => mask(plan, pass, pass.delta(y), pass.share(x)!.out),
      tangent: (plan, pass) => mask(plan, pass, pass.tangent(x)!, pass.tangent(y)!),
    });
  };
}
