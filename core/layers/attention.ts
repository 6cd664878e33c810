import { InputError } from "../errors.ts";
import type { Pass, Value } from "../graph/operation.ts";
import type { Layer } from "../graph/tape.ts";
import { type Matrices, matricesOf, matrixColumns, stepsOf, type Tensor } from "../gpu/tensor.ts";
import { joinHeads, splitHeads } from "../ops/heads.ts";
import { matmul } from "../ops/matmul.ts";
import { softmaxRows, softmaxRowsSlope } from "../ops/softmax_rows.ts";
import { apart } from "./activation.ts";

/** A layer; see {@linkcode attention}. */
export interface AttentionOptions {
  /** How many heads, each of which attends by itself. */
  heads: number;
  /** Whether a step attends to itself and those before it alone. Default: to all. */
  isCausal?: boolean;
}

/**
 * Scaled dot-product attention of sequences (Vaswani et al. 2017, section 3.2). It reads 3 n units a
 * step, queries, keys and values of n each, and gives n, head after head of d = n / heads:
 * y_t = sum over steps j of softmax_j(q_t'k_j / sqrt(d)) v_j. What makes the 3 n units, and what mixes
 * the heads behind it, are dense layers. Causal, no step has a share in an earlier output; one that is
 * not finite reaches all outputs of its case.
 *
 * Throws an {@linkcode InputError} for a number of heads that is none or does not divide n, and for
 * inputs that are no sequences of 3 n units.
 *
 * ```ts
 * import { attention, dense, layerNorm, residual } from "../../mod.ts";
 *
 * const block = residual(
 *   layerNorm(),
 *   dense({ units: 3 * 64 }),
 *   attention({ heads: 2, isCausal: true }),
 *   dense({ units: 64 }),
 * );
 * ```
 */
export function attention({ heads, isCausal = false }: AttentionOptions): Layer {
  if (!(Number.isSafeInteger(heads) && heads > 0)) {
    throw new InputError(
      `attention has a whole number of heads above 0, not ${heads}: give heads: 2`,
    );
  }
  return (tape, given) => {
    const x = apart(tape, given);
    const [units, rows] = [x.columns / 3, x.steps];
    checkInput(heads, x);
    const y = tape.value(units, { steps: rows });
    const columns = units / heads;
    const sizes: Record<"three" | "one" | "square", Matrices> = {
      three: { count: heads, steps: 3, rows: rows!, columns },
      one: { count: heads, steps: 1, rows: rows!, columns },
      square: { count: heads, steps: 1, rows: rows!, columns: rows! },
    };
    // Queries, keys and values, and how they move; weights, and how scores move; what heads make.
    const held = (["three", "three", "square", "square", "one"] as const)
      .map((shape) => ({ shape, value: tape.value(matrixColumns(sizes[shape])) }));
    const at = ({ data }: Pass) => {
      const [own, moved, weights, moves, made] = held
        .map(({ shape, value }) => matricesOf(data(value), sizes[shape]));
      const parts = (of: Tensor) => [0, 1, 2].map((part) => stepsOf(of, part, 1));
      return { own, moved, weights, moves, made, qkv: parts(own), moved3: parts(moved) };
    };
    const softmax = { scale: 1 / Math.sqrt(columns), isCausal };
    return tape.record({
      ...{ name: `attention of ${heads} heads`, reads: [x], writes: y },
      forward(plan, pass) {
        const { own, weights, made, qkv: [q, k, v] } = at(pass);
        splitHeads(plan, pass.data(x), own);
        matmul(plan, { a: q, b: k, transposeB: true, out: weights });
        softmaxRows(plan, weights, softmax);
        matmul(plan, { a: weights, b: v, out: made });
        joinHeads(plan, made, pass.data(y));
      },
      backward(plan, pass) {
        const { moved, weights, moves, made: delta, qkv: [q, k, v], moved3: [dq, dk, dv] } = at(
          pass,
        );
        splitHeads(plan, pass.delta(y), delta);
        matmul(plan, { a: weights, transposeA: true, b: delta, out: dv });
        matmul(plan, { a: delta, b: v, transposeB: true, out: moves });
        softmaxRowsSlope(plan, weights, moves, softmax);
        matmul(plan, { a: moves, b: k, out: dq });
        matmul(plan, { a: moves, transposeA: true, b: q, out: dk });
        joinHeads(plan, moved, pass.share(x)!.out);
      },
      tangent(plan, pass) {
        const { moved, weights, moves, made, qkv: [q, k, v], moved3: [dq, dk, dv] } = at(pass);
        splitHeads(plan, pass.tangent(x)!, moved);
        matmul(plan, { a: dq, b: k, transposeB: true, out: moves });
        matmul(plan, { a: q, b: dk, transposeB: true, out: moves, adds: true });
        softmaxRowsSlope(plan, weights, moves, softmax);
        matmul(plan, { a: moves, b: v, out: made });
        matmul(plan, { a: weights, b: dv, out: made, adds: true });
        joinHeads(plan, made, pass.tangent(y)!);
      },
    });
  };
}

/** Refuses what is no sequence of queries, keys and values in so many heads. */
function checkInput(heads: number, { columns, steps }: Value): void {
  if (steps === undefined) {
    throw new InputError("attention reads sequences: build a sequenceNetwork()");
  }
  if (columns % (3 * heads) === 0) return;
  throw new InputError(
    `attention of ${heads} heads reads queries, keys and values, 3 times a multiple of ${heads} units, ` +
      `not ${columns}: put dense({ units: ${
        3 * heads * Math.ceil(columns / 3 / heads)
      } }) before it`,
  );
}
