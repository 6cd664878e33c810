import { InputError } from "../errors.ts";
import type { Layer } from "../graph/tape.ts";
import { lookUp, sumByEntry } from "../ops/look_up.ts";
import { sum } from "../ops/sum.ts";
import { apart } from "./activation.ts";
import { checkUnits } from "./units.ts";

/** A layer; see {@linkcode embedding}. */
export interface EmbeddingOptions {
  /** How many tokens there are: they are the whole numbers from 0 on. */
  vocabulary: number;
  /** Units of the layer. */
  units: number;
}

/**
 * The row of a table that each token numbers: y_t = E[x_t] for the one value x_t of a step. The table
 * is what a dense layer without biases has for tokens that are one-hot, and its rows are drawn as the
 * weights of that. A row's gradient is the sum of those of the steps that read it, in their order.
 *
 * A number that is no token makes NaN. Throws an {@linkcode InputError} for numbers of tokens or units
 * that are none, and where it reads something else than the one number of a source.
 *
 * ```ts
 * import { dense, embedding, positions, sequential } from "../../mod.ts";
 *
 * const layers = sequential(
 *   embedding({ vocabulary: 96, units: 64 }),
 *   positions(),
 *   dense({ units: 96 }),
 * );
 * ```
 */
export function embedding({ vocabulary, units }: EmbeddingOptions): Layer {
  checkUnits("embedding", units);
  if (!(Number.isSafeInteger(vocabulary) && vocabulary > 0 && vocabulary <= 2 ** 24)) {
    throw new InputError(
      `the vocabulary of an embedding is a whole number of tokens from 1 to 2^24, not ${vocabulary}`,
    );
  }
  return (tape, x) => {
    if (x.columns !== 1 || tape.moves(x)) {
      throw new InputError(
        "an embedding reads one token a step, which the source gives: make it the first layer of a " +
          `network with one input, not with ${x.columns}`,
      );
    }
    const [E] = tape.tensors(
      [{ name: `embeddings ${tape.number}`, rows: vocabulary, columns: units }],
      (draw) => [draw({ fanIn: vocabulary, fanOut: units }).weights],
    );
    const { steps } = x;
    const y = tape.value(units, { steps });
    // Of each case its share of the chains; one case has room for those of all tokens.
    const chains = tape.value(vocabulary + (steps ?? 1));
    return tape.record({
      ...{ name: `embedding of ${vocabulary} tokens`, reads: [x], writes: y, tensors: [E] },
      forward(plan, { parameters, data }) {
        lookUp(plan, { tokens: data(x), table: parameters.tensor(E), out: data(y) });
      },
      backward(plan, { data, delta, decay }, gradient) {
        const out = gradient.tensor(E);
        sumByEntry(plan, { tokens: data(x), delta: delta(y), out, chains: data(chains) });
        const shrunk = decay(E);
        if (shrunk.plus) sum(plan, { out, adds: true, ...shrunk });
      },
      tangent(plan, { data, tangent }, direction) {
        lookUp(plan, { tokens: data(x), table: direction.tensor(E), out: tangent(y)! });
      },
    });
  };
}

/**
 * Adds a vector of its own to each step, y_t = x_t + P[t] (learned positions, Gehring et al. 2017): what
 * tells attention the order of steps. They are drawn as the weights [T, units] of a dense layer.
 *
 * Throws an {@linkcode InputError} for inputs that are no sequences.
 *
 * ```ts
 * import { attention, dense, positions, sequential } from "../../mod.ts";
 *
 * const layers = sequential(
 *   dense({ units: 64 }),
 *   positions(),
 *   dense({ units: 3 * 64 }),
 *   attention({ heads: 2 }),
 * );
 * ```
 */
export function positions(): Layer {
  return (tape, given) => {
    const x = apart(tape, given);
    const { columns, steps } = x;
    if (steps === undefined) {
      throw new InputError("positions are those of the steps of sequences: leave them out here");
    }
    const [P] = tape.tensors(
      [{ name: `positions ${tape.number}`, rows: steps, columns }],
      (draw) => [draw({ fanIn: steps, fanOut: columns }).weights],
    );
    const y = tape.value(columns, { steps });
    return tape.record({
      ...{ name: `positions of ${steps} steps`, reads: [x], writes: y, tensors: [P], fuses: true },
      forward(plan, { parameters, data }) {
        lookUp(plan, { table: parameters.tensor(P), x: data(x), out: data(y) });
      },
      backward(plan, { delta, decay, share }, gradient) {
        const out = gradient.tensor(P);
        sumByEntry(plan, { delta: delta(y), out });
        const shrunk = decay(P);
        if (shrunk.plus) sum(plan, { out, adds: true, ...shrunk });
        const below = share(x);
        if (below) sum(plan, { a: delta(y), ...below });
      },
      tangent(plan, { tangent }, direction) {
        const dx = tangent(x);
        lookUp(plan, { table: direction.tensor(P), ...dx && { x: dx }, out: tangent(y)! });
      },
    });
  };
}
