import { checkChoice } from "../checks.ts";
import type { Value } from "../graph/operation.ts";
import type { Layer, Tape } from "../graph/tape.ts";
import { type Activation, activations } from "../ops/activation.ts";
import { sum } from "../ops/sum.ts";

/**
 * An activation alone, y = f(x), such as behind a residual or a layer norm; those behind a dense
 * layer are cheaper as a part of it.
 *
 * Throws an `InputError` for an activation that is none.
 *
 * ```ts
 * import { activation, dense, residual, sequential } from "../../mod.ts";
 *
 * const layers = sequential(residual(dense({ units: 784 })), activation("relu"));
 * ```
 */
export function activation(kind: Activation): Layer {
  checkChoice("activation", kind, activations);
  return (tape, x) => {
    const y = tape.like(x, kind);
    return tape.record({
      ...{ name: `activation ${kind}`, reads: [x], writes: y, fuses: true, placed: true },
      forward(plan, { data, activation }) {
        sum(plan, { a: data(x), out: data(y), then: { activate: activation(y) } });
      },
      // The delta of y is by what went into f: that of x.
      backward(plan, { delta, share }) {
        sum(plan, { a: delta(y), ...share(x)! });
      },
      tangent(plan, { data, tangent, activation }) {
        const then = { slopeOf: activation(y), outputs: data(y) };
        sum(plan, { a: tangent(x)!, out: tangent(y)!, then });
      },
    });
  };
}

/** The value at the start of a buffer of its own: a history is copied, others are as they are. */
export function apart(tape: Tape, x: Value): Value {
  return x.isHistory ? activation("linear")(tape, x) : x;
}
