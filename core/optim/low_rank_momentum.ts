import coefficientsBody from "../../shaders/optim/low_rank_coefficients.wgsl" with { type: "text" };
import imageBody from "../../shaders/optim/low_rank_image.wgsl" with { type: "text" };
import plainBody from "../../shaders/optim/sgd.wgsl" with { type: "text" };
import { InputError } from "../errors.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Plan } from "../gpu/plan.ts";
import { type TensorPlace, VectorLayout } from "../gpu/vector.ts";
import { gramSchmidt } from "../ops/gram_schmidt.ts";
import { matmul, type Product } from "../ops/matmul.ts";
import { pointwise } from "../ops/pointwise.ts";
import { classicalMomentumFamily } from "./classical_momentum.ts";
import type { Family, Optimizer, Update } from "./family.ts";
import { linearBody, type MomentumOptions } from "./nesterov.ts";
import { optimizerOf } from "./optimizer.ts";
import { groupsOf, layoutOf, once, type Takes, weightsOf } from "./share.ts";

/** Settings of {@linkcode lowRankMomentum}. */
export interface LowRankMomentumOptions extends MomentumOptions {
  /** r, at least 1; of a matrix whose smaller side is below it, that side. Default: 4. */
  rank?: number;
}

const familyOf = once(String, make);

/** The family of {@linkcode lowRankMomentum}: the same object for the same rank. */
export function lowRankMomentumFamily(rank = 4): Family {
  if (!(Number.isSafeInteger(rank) && rank >= 1)) {
    throw new InputError(
      `the rank of a velocity must be a whole number, at least 1, not ${rank}; choose one such as 4`,
    );
  }
  return familyOf(rank);
}

function make(rank: number): Family {
  const name = rank === 4 ? "low-rank" : `low-rank (rank ${rank})`;
  const factors = (model: VectorLayout, side: typeof Math.min) => {
    const weights = weightsOf(model);
    if (weights.length === 0) {
      throw new InputError(
        `${name} finds no weight matrix in this network: choose another optimizer`,
      );
    }
    return new VectorLayout(weights.map(({ name, rows, columns }) => ({
      ...{ name, rows: side(rows, columns) },
      columns: Math.min(rank, rows, columns),
    })));
  };
  return {
    name,
    settings: classicalMomentumFamily.settings,
    states: {
      // P, which is orthonormal, and Q: the velocity is P Q', or of a tall matrix Q P'.
      basis: { layout: (model) => factors(model, Math.min), initial: "zeros" },
      coefficients: { layout: (model) => factors(model, Math.max), initial: "zeros" },
      velocity: { layout: (model) => layoutOf(model, isBias), initial: "zeros" },
    },
    scalars: classicalMomentumFamily.scalars,
    compute: classicalMomentumFamily.compute,
    record(plan, update) {
      const { parameters, gradient, scalars, diverges, states: { velocity } } = update;
      recordMatrices(plan, update, name);
      pointwise(plan, {
        name: `biases of ${name}`,
        body: linearBody,
        updates: { parameters, velocity },
        reads: { gradient },
        scalars,
        diverges,
        groupOf: groupsOf(update, isBias),
      });
    },
  };
}

/**
 * Records the update of the weight matrices. With A = mu P Q' - lr G, which is never formed:
 *
 * W = orth(Q), P' = orth(A W) = orth(mu P (Q'W) - lr G W), S = mu Q (P'P'), Q' = A'P' = S - lr G'P',
 * theta' = theta - lr G + P' S'
 *
 * where the last line is theta + P' Q'^T - lr (G - P' P'^T G).
 */
function recordMatrices(plan: Plan, update: Update, name: string): void {
  const { parameters, gradient, scalars, diverges, states } = update;
  const { basis, coefficients } = states;
  const [short, long] = [basis.layout, coefficients.layout];
  const squares = new VectorLayout(
    short.tensors.map(({ name, columns }) => ({ name, rows: columns, columns })),
  );
  const square = update.scratch("square", squares);
  const [image, next] = ["image", "next basis"].map((name) => update.scratch(name, short));
  const [held, carried] = ["held", "carried"].map((name) => update.scratch(name, long));

  // The matrices of the model by their place among those of the states.
  const { tensors } = parameters.layout;
  const places = short.tensors.map((own) => tensors.findIndex(({ name }) => name === own.name));
  const each = (product: (t: number) => Product) => {
    for (const t of places.keys()) matmul(plan, product(t));
  };
  const isTall = (t: number) => tensors[places[t]].rows > tensors[places[t]].columns;
  // Products with G the wide way round, and with its transpose.
  const ofGradient = (t: number, b: Tensor, out: Tensor): Product => (
    { a: gradient.tensor(places[t]), b, out, transposeA: isTall(t) }
  );
  const ofTransposed = (t: number, b: Tensor, out: Tensor): Product => (
    { a: gradient.tensor(places[t]), b, out, transposeA: !isTall(t) }
  );
  const groupOf = places.map((place) => update.groupOf[place]);
  const weights = groupsOf(update, isWeight);

  gramSchmidt(plan, { x: coefficients, out: held, instead: firstBasis(plan, update, long) });
  each((t) => ({
    ...{ a: coefficients.tensor(t), b: held.tensor(t), out: square.tensor(t) },
    transposeA: true,
  }));
  each((t) => ofGradient(t, held.tensor(t), image.tensor(t)));
  each((t) => ({ a: basis.tensor(t), b: square.tensor(t), out: next.tensor(t) }));
  pointwise(plan, {
    name: `image of ${name}`,
    body: imageBody,
    updates: { image },
    reads: { carried: next },
    ...{ scalars, groupOf },
  });
  gramSchmidt(plan, { x: image, out: next });
  each((t) => ({
    ...{ a: basis.tensor(t), b: next.tensor(t), out: square.tensor(t) },
    transposeA: true,
  }));
  each((t) => ({ a: coefficients.tensor(t), b: square.tensor(t), out: carried.tensor(t) }));
  each((t) => ofTransposed(t, next.tensor(t), held.tensor(t)));
  pointwise(plan, {
    name: `coefficients of ${name}`,
    body: coefficientsBody,
    updates: { coefficients, carried },
    reads: { held },
    ...{ scalars, groupOf },
  });
  pointwise(plan, {
    name: `basis of ${name}`,
    body: "basis = next;",
    updates: { basis },
    reads: { next },
  });
  pointwise(plan, {
    name: `gradient step of ${name}`,
    body: plainBody,
    updates: { parameters },
    reads: { gradient },
    ...{ scalars, diverges, groupOf: weights },
  });
  // Then the gradient is no more needed: a vector as large would cost what the method saves.
  each((t) => {
    const [P, S] = [next.tensor(t), carried.tensor(t)];
    const [a, b] = isTall(t) ? [S, P] : [P, S];
    return { a, b, out: gradient.tensor(places[t]), transposeB: true };
  });
  pointwise(plan, {
    name: `velocity of ${name}`,
    body: "parameters += velocity;",
    updates: { parameters },
    reads: { velocity: gradient },
    ...{ diverges, groupOf: weights.map((group) => group === undefined ? group : 0) },
  });
}

/** Columns cos((i + 1)(j + 1)), for where Q is zero: orth(0) would stay zero. */
function firstBasis({ gpu }: Plan, update: Update, layout: VectorLayout): GPUBuffer {
  const buffer = update.buffer("first basis", layout.length);
  const values = layout.tensors.map(({ rows, columns }) =>
    Float64Array.from(
      { length: rows * columns },
      (_, k) => Math.cos((Math.floor(k / columns) + 1) * (k % columns + 1)),
    )
  );
  gpu.write(buffer, layout.pack(values));
  return buffer;
}

const isBias: Takes = (tensor: TensorPlace) => tensor.isBias === true;
const isWeight: Takes = (tensor: TensorPlace) => !tensor.isBias;

/**
 * Classical momentum whose velocity is kept at a low rank, in r (m + n) numbers for a weight matrix of
 * m x n: V = P Q', P orthonormal with r columns. One step of power iteration an update, as in PowerSGD
 * (Vogels, Karimireddy and Jaggi, "PowerSGD: Practical low-rank gradient compression for distributed
 * optimization", 2019), turns P towards what V is to be; the rule as a whole is Nagare's own. With
 * A = mu P Q' - eps G:
 *
 * W = orth(Q), P' = orth(A W), Q' = A'P', theta' = theta + P' Q'^T - eps (G - P' P'^T G)
 *
 * so that of the gradient the part outside of P' moves theta too, without momentum. orth() is modified
 * Gram-Schmidt. A matrix with more rows than columns is taken the other way round; at a rank of the
 * smaller side this is `classicalMomentum()`, but for roundings. Biases keep their whole velocity.
 *
 * On the GPU r is padded to whole blocks of 8 columns. `Trainer.open()` refuses a network without
 * weight matrices.
 *
 * @throws {InputError} If the learning rate is not above 0, the momentum not in [0, 1), or the rank no
 * whole number from 1 on.
 *
 * @example
 * ```ts
 * import { lowRankMomentum } from "../../mod.ts";
 *
 * const optimizer = lowRankMomentum({ learningRate: 0.01, momentum: 0.9, rank: 2 });
 * console.log(optimizer.name); // low-rank (rank 2)
 * ```
 */
export function lowRankMomentum(options: LowRankMomentumOptions): Optimizer {
  const { rank, ...settings } = options;
  return optimizerOf(lowRankMomentumFamily(rank), settings);
}
