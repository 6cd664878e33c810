/** A quadratic q(x) = x'Ax/2 + g'x to minimise in float64, and from where. */
export interface ConjugateGradientProblem {
  /** A x. */
  product(x: Float64Array): Float64Array;
  /** g. */
  gradient: Float64Array;
  /** x_0. Default: zero. */
  start?: Float64Array;
  /** M, by place. Default: ones. */
  preconditioner?: Float64Array;
  /** Steps at most. */
  steps: number;
  /** See {@linkcode hasStalled}. Default: 0, which never stops. */
  tolerance?: number;
  /** Whether a start that is worse than zero is left for zero. Default: no. */
  guard?: boolean;
}

/** An iterate of conjugate gradient. */
export interface Iterate {
  /** x_i. */
  x: Float64Array;
  /** q(x_i). */
  value: number;
}

/** Steps over which the progress of conjugate gradient is judged after step i. */
export function judgedSteps(i: number): number {
  return Math.max(10, Math.ceil(i / 10));
}

/**
 * Whether the values q(x_0), ..., q(x_i) have stalled: (q_i - q_{i-k}) / q_i < tolerance k with both
 * below 0, k = max(10, ceil(i/10)), i > k (Martens 2010).
 */
export function hasStalled(values: readonly number[], tolerance: number): boolean {
  const i = values.length - 1;
  const k = judgedSteps(i);
  if (i <= k) return false;
  const [now, before] = [values[i], values[i - k]];
  return now < 0 && before < 0 && (now - before) / now < tolerance * k;
}

/** Preconditioned conjugate gradient: x_0, x_1, ... to the last. */
export function conjugateGradient(problem: ConjugateGradientProblem): Iterate[] {
  const { product, gradient, steps, tolerance = 0, guard = false } = problem;
  const { preconditioner = gradient.map(() => 1) } = problem;
  let x = problem.start?.slice() ?? gradient.map(() => 0);
  let r = product(x).map((Ax, i) => Ax + gradient[i]);
  const value = () => dot(x, r.map((r, i) => r + gradient[i])) / 2;
  if (guard && value() > 0) [x, r] = [gradient.map(() => 0), gradient.slice()];
  const iterates: Iterate[] = [{ x, value: value() }];
  let y = r.map((r, i) => r / preconditioner[i]);
  let p = y.map((y) => -y);
  let s = dot(r, y);
  while (iterates.length <= steps) {
    const q = product(p);
    const along = dot(p, q);
    if (!(along > 0 && Number.isFinite(along))) break;
    const alpha = s / along;
    x = x.map((x, i) => x + alpha * p[i]);
    r = r.map((r, i) => r + alpha * q[i]);
    y = r.map((r, i) => r / preconditioner[i]);
    const next = dot(r, y);
    p = p.map((p, i) => next / s * p - y[i]);
    s = next;
    iterates.push({ x, value: value() });
    if (hasStalled(iterates.map(({ value }) => value), tolerance)) break;
  }
  return iterates;
}

/** x'y. */
export function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, x, i) => sum + x * y[i], 0);
}
