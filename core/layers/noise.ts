import { InputError } from "../errors.ts";
import type { Layer } from "../graph/tape.ts";
import { gaussianNoise } from "../ops/gaussian_noise.ts";
import { sum } from "../ops/sum.ts";
import { Purpose } from "../random.ts";

/**
 * Adds noise while training, y = x + deviation N(0, 1), independent for each unit and step of a case;
 * an evaluation takes x as it is. As the first layer it is noise of the inputs; a network whose inputs
 * are their own targets then learns to take it off (Vincent et al. 2008). The draws are fixed by the
 * network's seed, the update, the layer and the case: the same in every pass of one update.
 *
 * Throws an {@linkcode InputError} for a deviation that is no finite number from 0 on.
 *
 * ```ts
 * import { dense, noise, sequential } from "../../mod.ts";
 *
 * const layers = sequential(noise(0.1), dense({ units: 64, activation: "relu" }));
 * ```
 */
export function noise(deviation: number): Layer {
  if (!(deviation >= 0 && Number.isFinite(Math.fround(deviation)))) {
    throw new InputError(
      `the noise of a layer is a standard deviation, finite and at least 0, not ${deviation}: 0.1 ` +
        "adds a tenth of N(0, 1)",
    );
  }
  return (tape, x) => {
    const y = tape.like(x);
    const draws = { purpose: Purpose.unitNoise, deviation, layer: tape.operations.length };
    return tape.record({
      ...{ name: `noise of ${x.columns} units`, reads: [x], writes: y },
      ...{ fuses: true, handsOn: true },
      forward(plan, { data, seeds, isTraining }) {
        sum(plan, { a: data(x), out: data(y) });
        if (isTraining) gaussianNoise(plan, data(y), { ...draws, seeds });
      },
      backward(plan, { delta, share }) {
        sum(plan, { a: delta(y), ...share(x)! });
      },
      tangent(plan, { tangent }) {
        sum(plan, { a: tangent(x)!, out: tangent(y)! });
      },
    });
  };
}
