import { assertLessOrEqual } from "@std/assert";

const step = 2 ** -12;

/**
 * Asserts that `derivative` is f'(x), by central differences D(h) = (f(x + h) - f(x - h)) / 2h at
 * h = 2^-12. Their error is c h^2 with an unknown c, and D(2h) - D(h) = 3 c h^2 measures it three
 * times over; the next term, in h^4 = 4e-15, is left out. Of the `operations` that f goes through
 * each is taken to round off at most 2^-53 |f|, and so 2^-53 |f| / h from D(h).
 */
export function assertDerivative(
  f: (x: number) => number,
  x: number,
  derivative: number,
  operations: number,
): void {
  const difference = (h: number) => (f(x + h) - f(x - h)) / (2 * h);
  const narrow = difference(step);
  const truncation = Math.abs(difference(2 * step) - narrow);
  const rounding = operations * 2 ** -53 * Math.abs(f(x)) / step;
  assertLessOrEqual(Math.abs(narrow - derivative), truncation + rounding);
}
