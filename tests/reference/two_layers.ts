import type { TensorValues, Values } from "../../core/reference/rules/rule.ts";

/** Two layers of parameters, with fan-in 2, 3 and 4. */
export const twoLayers: readonly TensorValues[] = [
  { rows: 2, columns: 3, values: wave(6, 1) },
  { rows: 1, columns: 3, values: wave(3, 2), bias: true },
  { rows: 3, columns: 4, values: wave(12, 3) },
  { rows: 1, columns: 4, values: wave(4, 4), bias: true },
];

/** A gradient of full rank, for any tensors: h (x - c) place by place, with h from 0.5 to 2.5. */
export function gradientAt(point: Values): Values {
  return point.map((x, k) => {
    const [h, c] = [wave(x.length, 5 + k), wave(x.length, 9 + k)];
    return x.map((x, i) => (1.5 + h[i]) * (x - 2 * c[i]));
  });
}

/** Numbers without a pattern, between -1 and 1. */
export function wave(length: number, phase: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => Math.sin(phase + i * i));
}

/** The largest distance of two numbers at one place. */
export function largestDifference(a: Values, b: Values): number {
  return Math.max(...a.flatMap((a, k) => [...a.map((a, i) => Math.abs(a - b[k][i]))]));
}

/** Behind each number of a dozen updates lie some hundred roundings of values below 4. */
export const rounding = 100 * 4 * 2 ** -53;

/** AdamW's settings, with a decay that shows. */
export const adam = {
  learningRate: 0.05,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
} as const;
