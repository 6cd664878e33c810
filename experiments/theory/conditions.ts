/** L / m of the quadratics on which rates are measured. */
export const conditionNumbers: readonly number[] = [10, 100, 1000, 10_000];

/** 16 eigenvalues from 1/R to 1, evenly on a logarithmic scale, that float32 holds. */
export function logarithmicSpectrum(conditionNumber: number): number[] {
  return Array.from({ length: 16 }, (_, i) => Math.fround(conditionNumber ** (i / 15 - 1)));
}
