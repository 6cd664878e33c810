import type { Values } from "./rule.ts";

/** f of the numbers at one place, for every place of every tensor. */
export function elementwise(f: (...numbers: number[]) => number, ...values: Values[]): Values {
  return values[0].map((tensor, k) => tensor.map((_, i) => f(...values.map((of) => of[k][i]))));
}

/** The sum over all tensors of a b. */
export function dot(a: Values, b: Values): number {
  return a.reduce(
    (sum, tensor, k) => tensor.reduce((sum, a, i) => sum + a * b[k][i], sum),
    0,
  );
}

/** |a - b| over all tensors as one vector. */
export function distance(a: Values, b: Values): number {
  const difference = elementwise((a, b) => a - b, a, b);
  return Math.sqrt(dot(difference, difference));
}
