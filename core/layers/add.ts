import { InputError } from "../errors.ts";
import type { Value } from "../graph/operation.ts";
import type { Layer, Tape } from "../graph/tape.ts";
import { sum } from "../ops/sum.ts";
import { sequential } from "./sequential.ts";

/**
 * The sum of two values of one width, a + b.
 *
 * Throws an {@linkcode InputError} where they are of two widths.
 */
export function add(tape: Tape, a: Value, b: Value): Value {
  if (a.columns !== b.columns) {
    throw new InputError(
      `a sum of ${a.columns} and ${b.columns} units is none: give the layers of a residual as many ` +
        `units as they take, ${a.columns}`,
    );
  }
  const y = tape.like(a);
  return tape.record({
    ...{ name: `sum of ${a.columns} units`, reads: [a, b], writes: y, fuses: true, placed: true },
    forward(plan, { data }) {
      sum(plan, { a: data(a), plus: data(b), out: data(y) });
    },
    backward(plan, { delta, share }) {
      for (const value of [a, b]) {
        const below = share(value);
        if (below) sum(plan, { a: delta(y), ...below });
      }
    },
    tangent(plan, { tangent }) {
      const [first, second] = [tangent(a), tangent(b)].filter((part) => part !== undefined);
      sum(plan, { a: first, out: tangent(y)!, ...second && { plus: second } });
    },
  });
}

/**
 * The layers with their input added to what they make, x + layers(x) (He et al. 2016).
 *
 * Throws an {@linkcode InputError} where they make another number of units than they take.
 *
 * ```ts
 * import { dense, residual, sequential } from "../../mod.ts";
 *
 * const block = residual(dense({ units: 64, activation: "relu" }), dense({ units: 64 }));
 * const layers = sequential(dense({ units: 64 }), block, block, dense({ units: 10 }));
 * ```
 */
export function residual(...layers: readonly Layer[]): Layer {
  const inner = sequential(...layers);
  return (tape, x) => add(tape, x, inner(tape, x));
}
