import type { Descent, Path } from "./descent.ts";
import type { Measured } from "./statement.ts";

/** f - f* of a quadratic with its minimum at 0: the sum of lambda e^2 / 2. */
export function height(theta: Float64Array, { quadratic: { spectrum } }: Descent): number {
  return spectrum.reduce((sum, lambda, i) => sum + lambda * theta[i] ** 2 / 2, 0);
}

/** f - f* after each update beside its bound; an error of e makes lambda (|e| + error / 2) error. */
export function* heights(
  descent: Descent,
  path: Path,
  bound: (update: number) => number,
): Iterable<Measured> {
  for (const { update, theta, error } of path) {
    const rounding = descent.quadratic.spectrum.reduce(
      (sum, lambda, i) => sum + lambda * (Math.abs(theta[i]) + error[i] / 2) * error[i],
      0,
    );
    yield { residual: height(theta, descent), bound: bound(update) + rounding };
  }
}
