import { gramSchmidt } from "./gram_schmidt.ts";
import { Grouped } from "./grouped.ts";
import { combination, frobeniusNorm, type Matrix, matrix, product, transpose } from "./matrix.ts";
import { CM, type MomentumSettings } from "./momentum.ts";
import { inUpdate, Stepper, type TensorValues, type Values } from "./rule.ts";

/** What fixes {@linkcode lowRank}. */
export interface LowRankSettings extends MomentumSettings {
  /** r, the columns of P and Q; of a matrix whose smaller side is below it, that side. */
  rank: number;
}

/** Low-rank momentum of weight matrices, classical momentum of biases. */
export function lowRank(start: readonly TensorValues[], settings: LowRankSettings): Grouped {
  return new Grouped(start, [
    { takes: ({ bias }) => !bias, make: (start) => new LowRank(start, settings) },
    { takes: () => true, make: (start) => new CM(start, settings) },
  ]);
}

/**
 * Classical momentum of matrices whose velocity is kept as P Q'. Of a matrix [m, n] with m <= n, and
 * of the transpose of a taller one, P is [m, r] and Q [n, r]. With A = mu P Q' - lr G, the velocity
 * before it is cut to rank r, and one step of power iteration:
 *
 * W = orth(Q), P' = orth(A W), Q' = A' P', theta' = theta + P' Q'^T - lr (G - P' P'^T G)
 *
 * The last term takes the part of the gradient that the velocity cannot hold without momentum. Where
 * Q is 0, as at the start, W = orth(cos((i + 1)(j + 1))), i and j from 0: orth(0) would stay 0. With
 * r = m, P' is a basis of the whole space: then it is classical momentum.
 */
export class LowRank extends Stepper {
  readonly #settings: LowRankSettings;
  #factors: readonly Factors[];

  constructor(start: readonly TensorValues[], settings: LowRankSettings) {
    super(start);
    this.#settings = settings;
    this.#factors = start.map(({ rows, columns }) => {
      const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
      const rank = Math.min(settings.rank, short);
      return { P: matrix(short, rank, () => 0), Q: matrix(long, rank, () => 0) };
    });
  }

  protected override update(gradient: Values, t: number): void {
    const lr = inUpdate(t, this.#settings.learningRate);
    const mu = inUpdate(t, this.#settings.momentum);
    const wide = this.start.map(({ rows, columns }, k) =>
      turned({ rows, columns, values: gradient[k] })
    );
    this.#factors = this.#factors.map((old, k) => nextFactors(old, wide[k], lr, mu));
    this.theta = this.theta.map((x, k) => {
      const { P, Q } = this.#factors[k];
      const held = product(P, product(transpose(P), wide[k]));
      const rest = combination(1, wide[k], -1, held);
      const step = combination(1, product(P, transpose(Q)), -lr, rest);
      const { values } = this.start[k].rows > this.start[k].columns ? transpose(step) : step;
      return x.map((x, i) => x + values[i]);
    });
  }
}

interface Factors {
  P: Matrix;
  Q: Matrix;
}

/** The matrix or its transpose, whichever has no more rows than columns. */
function turned(matrix: Matrix): Matrix {
  return matrix.rows > matrix.columns ? transpose(matrix) : matrix;
}

function nextFactors({ P, Q }: Factors, gradient: Matrix, lr: number, mu: number): Factors {
  const A = combination(mu, product(P, transpose(Q)), -lr, gradient);
  const basis = frobeniusNorm(Q) > 0
    ? Q
    : matrix(Q.rows, Q.columns, (i, j) => Math.cos((i + 1) * (j + 1)));
  const next = gramSchmidt(product(A, gramSchmidt(basis)));
  return { P: next, Q: product(transpose(A), next) };
}
