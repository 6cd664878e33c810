import type { Layer } from "../graph/tape.ts";
import { type UnitMap, unitMap } from "../ops/unit_map.ts";
import { apart } from "./activation.ts";

/**
 * A layer of one's own that does the same with every unit, from its WGSL on vec4f: what a unit x
 * becomes, and the derivative of that by x. It is trained by methods of first and second order.
 *
 * ```ts
 * import { dense, elementwiseLayer, sequential } from "../../mod.ts";
 *
 * const swish = elementwiseLayer({
 *   name: "swish",
 *   value: "x / (1 + exp(-x))",
 *   slope: "(1 + exp(-x) * (1 + x)) / ((1 + exp(-x)) * (1 + exp(-x)))",
 * });
 * const layers = sequential(dense({ units: 64 }), swish, dense({ units: 10 }));
 * ```
 */
export function elementwiseLayer(map: UnitMap): Layer {
  return (tape, given) => {
    const x = apart(tape, given);
    const y = tape.like(x);
    return tape.record({
      ...{ name: map.name, reads: [x], writes: y },
      forward: (plan, { data }) => unitMap(plan, map, { x: data(x), out: data(y) }),
      backward: (plan, { data, delta, share }) =>
        unitMap(plan, map, { x: data(x), v: delta(y), out: share(x)!.out }),
      tangent: (plan, { data, tangent }) =>
        unitMap(plan, map, { x: data(x), v: tangent(x)!, out: tangent(y)! }),
    });
  };
}
