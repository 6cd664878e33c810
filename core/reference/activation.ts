import type { Activation } from "../ops/activation.ts";

interface Unit {
  activate(z: number): number;
  slope(y: number): number;
}

const units: Record<Activation, Unit> = {
  linear: { activate: (z) => z, slope: () => 1 },
  sigmoid: { activate: (z) => 1 / (1 + Math.exp(-z)), slope: (y) => y * (1 - y) },
  tanh: { activate: Math.tanh, slope: (y) => 1 - y * y },
  relu: { activate: (z) => Math.max(z, 0), slope: (y) => y > 0 ? 1 : 0 },
};

/** y = f(z), for every element of `z`. */
export function activate(kind: Activation, z: Float64Array): Float64Array {
  return z.map(units[kind].activate);
}

/** f'(z) from the outputs y = f(z), for every element of `y`. That of relu at 0 is 0. */
export function slope(kind: Activation, y: Float64Array): Float64Array {
  return y.map(units[kind].slope);
}
