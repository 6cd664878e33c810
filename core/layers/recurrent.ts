import { checkChoice } from "../checks.ts";
import { InputError } from "../errors.ts";
import type { Pass } from "../graph/operation.ts";
import type { Layer } from "../graph/tape.ts";
import { stepsOf, type Tensor } from "../gpu/tensor.ts";
import { type Activation, activations } from "../ops/activation.ts";
import { matmul } from "../ops/matmul.ts";
import { recurrence, type RecurrenceLayout, type TimeLoop, timeLoops } from "../ops/recurrence.ts";
import { apart } from "./activation.ts";
import { checkUnits } from "./units.ts";

/** A layer; see {@linkcode recurrent}. */
export interface RecurrentOptions {
  /** Units of the layer. */
  units: number;
  /** What they make of their inputs. Default tanh. */
  activation?: Activation;
  /** How the loop over time runs; it changes no bit. Default: a kernel holds it. */
  timeLoop?: TimeLoop | RecurrenceLayout;
}

/**
 * A recurrent layer of sequences, h_t = f(h_{t-1} W + x_t V + b) from h = 0. Its gradient is
 * that of backpropagation through time.
 *
 * Throws an {@linkcode InputError} for a number of units or an activation that is none, and for inputs
 * that are no sequences.
 *
 * ```ts
 * import { dense, markedTask, recurrent, sequenceNetwork, sequential } from "../../mod.ts";
 *
 * const layers = sequential(recurrent({ units: 20 }), dense({ units: 1 }));
 * const model = sequenceNetwork({ task: markedTask({ problem: "add", length: 10 }), layers });
 * ```
 */
export function recurrent(
  { units, activation = "tanh", timeLoop = "kernel" }: RecurrentOptions,
): Layer {
  checkUnits("recurrent", units);
  checkChoice("activation", activation, activations);
  if (typeof timeLoop === "string") checkChoice("time loop", timeLoop, timeLoops);
  return (tape, given) => {
    const x = apart(tape, given);
    const { columns, steps } = x;
    if (steps === undefined) {
      throw new InputError(
        "a recurrent layer reads sequences: put dense() where there are none, or build a " +
          "sequenceNetwork()",
      );
    }
    const { number } = tape;
    const name = (what: string) => number === 1 ? what : `${what} ${number}`;
    const [V] = tape.tensors(
      [{ name: name("input weights"), rows: columns, columns: units }],
      (draw) => [draw({ fanIn: columns, fanOut: units, role: "input" }).weights],
    );
    const [W, b] = tape.tensors([
      { name: name("recurrent weights"), rows: units, columns: units },
      { name: name("hidden biases"), rows: 1, columns: units, isBias: true },
    ], (draw) => {
      const { weights, biases } = draw({ fanIn: units, fanOut: units, role: "recurrent" });
      return [weights, biases];
    });
    // Its activation is within the loop: what reads it shares the derivative by h itself.
    const [h, newest] = [tape.value(units, { steps, isHistory: true }), tape.value(units)];
    const loop = ({ parameters, data }: Pass, history: Tensor) => (
      { history, weights: parameters.tensor(W), carry: data(newest) }
    );
    const slopes = ({ data }: Pass) => ({ slopeOf: activation, outputs: data(h) });
    const before = ({ data }: Pass) => stepsOf(data(h), -1);
    return tape.record({
      ...{ name: `recurrent of ${units} units`, reads: [x], writes: h, tensors: [V, W, b] },
      ...{ fuses: true, absorbs: true, damps: true },
      forward(plan, pass) {
        const then = { activate: activation, bias: pass.parameters.tensor(b) };
        const drive = { values: pass.data(x), weights: pass.parameters.tensor(V) };
        recurrence(plan, { ...loop(pass, pass.data(h)), drive, then }, timeLoop);
      },
      backward(plan, pass, gradient) {
        const { data, delta, decay, weightGradient, shareProduct, parameters } = pass;
        // dz U' of the dense layer above within the loop, or whatever shares there are.
        const above = pass.absorbed(h);
        recurrence(plan, {
          ...loop(pass, delta(h)),
          ...above
            ? { drive: { values: delta(above.delta), weights: above.weights } }
            : { adds: true },
          ...{ transposed: true, direction: "backward", then: slopes(pass) },
          ...pass.structuralDamping && {
            damps: {
              times: 1 / delta(h).rows,
              ...{ factors: pass.structuralDamping, tangents: pass.tangent(h)! },
            },
          },
        }, timeLoop);
        const product = { b: delta(h), transposeA: true };
        const columnSums = gradient.tensor(b);
        weightGradient({ ...product, a: data(x), out: gradient.tensor(V), ...decay(V) });
        const previous = { a: before(pass), out: gradient.tensor(W), columnSums };
        weightGradient({ ...product, ...previous, ...decay(W) });
        shareProduct(plan, x, { delta: h, weights: parameters.tensor(V) });
      },
      // dh_t = f'(z_t) (dh_{t-1} W + h_{t-1} dW + x_t dV + dx_t V + db)
      tangent(plan, pass, direction) {
        const [out, dx] = [pass.tangent(h)!, pass.tangent(x)];
        const plus = direction.tensor(b);
        matmul(plan, { a: pass.data(x), b: direction.tensor(V), out, plus });
        matmul(plan, { a: before(pass), b: direction.tensor(W), out, adds: true });
        if (dx) matmul(plan, { a: dx, b: pass.parameters.tensor(V), out, adds: true });
        const then = slopes(pass);
        recurrence(plan, { ...loop(pass, out), adds: true, then }, timeLoop);
      },
    });
  };
}
