import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { type TensorPlace, type Vector, VectorLayout } from "../gpu/vector.ts";
import { matmul } from "./matmul.ts";
import { normalize } from "./norm.ts";

/** The coefficients of a step: x (a + b x^2 + c x^4) of every singular value x. */
const [a, b, c] = [3.4445, -4.775, 2.0315];

/** The matrices Y of the iteration are this many times those of {@linkcode newtonSchulz}. */
const SCALE = c ** (1 / 4);

/** What to orthogonalize; see {@linkcode newtonSchulz}. */
export interface NewtonSchulz {
  /** Matrices, one after another; they are written over. */
  x: Vector;
  /** Of the same layout. */
  scratch: Vector;
  /** Two vectors of {@linkcode squaresOf} the layout. */
  squares: readonly [Vector, Vector];
  /** At least 1. */
  steps: number;
}

/** What holds A A' or A'A of each matrix A, whichever is smaller. */
export function squaresOf({ tensors }: VectorLayout): VectorLayout {
  return new VectorLayout(tensors.map(({ name, rows, columns }) => {
    const side = Math.min(rows, columns);
    return { name, rows: side, columns: side };
  }));
}

/**
 * Records the Newton-Schulz iteration of Muon (Jordan and others, 2024) on every matrix of `x`:
 *
 * X = X / (|X| + 1e-7), |X| the Euclidean norm of all entries, and `steps` times
 * A = X X', X = a X + (b A + c A A) X, or of a tall X, X = a X + X (b A + c A A) with A = X'X.
 *
 * With Y = c^(1/4) X each step is three products that add a multiple of what is there:
 * A = Y Y', M = A A + (b / sqrt(c)) A, Y = M Y + a Y.
 *
 * Gives the vector that holds the outcome, `x` or `scratch`, and what it is to be multiplied by.
 */
export function newtonSchulz(
  plan: Plan,
  { x, scratch, squares: [square, polynomial], steps }: NewtonSchulz,
): { vector: Vector; factor: number } {
  normalize(plan, { x, out: scratch, scale: SCALE });
  let [now, next] = [scratch, x];
  // All matrices take a product before the first takes its next one: where products read mirrors,
  // these are brought up to date once for all of them.
  const each = (record: (t: number, place: TensorPlace) => void) =>
    x.layout.tensors.forEach((place, t) => record(t, place));
  for (let step = 0; step < steps; step++) {
    const [from, to] = [now, next];
    each((t, place) => {
      const y = from.tensor(t);
      matmul(plan, { a: y, b: y, out: square.tensor(t), ...smaller(place) });
    });
    each((t) => {
      const A = square.tensor(t);
      const times = b / Math.sqrt(c);
      matmul(plan, { a: A, b: A, out: polynomial.tensor(t), plus: A, times });
    });
    each((t, place) => {
      const [y, M, out] = [from.tensor(t), polynomial.tensor(t), to.tensor(t)];
      const [left, right]: Tensor[] = isTall(place) ? [y, M] : [M, y];
      matmul(plan, { a: left, b: right, out, plus: y, times: a });
    });
    [now, next] = [to, from];
  }
  return { vector: now, factor: 1 / SCALE };
}

/** Which operand of A is transposed. */
function smaller(place: TensorPlace): { transposeA: true } | { transposeB: true } {
  return isTall(place) ? { transposeA: true } : { transposeB: true };
}

function isTall({ rows, columns }: TensorPlace): boolean {
  return rows > columns;
}
