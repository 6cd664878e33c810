// @ts-types="./jstat.d.ts"
import jstat from "jstat";

/** What the networks of some seeds say of the figure that any seed would give. */
export interface Estimate {
  readonly count: number;
  /** Infinity where a value was not finite. */
  readonly mean: number;
  /** The sample's standard deviation; undefined for one value. */
  readonly deviation: number | undefined;
  /** Half the width of the 95 % interval of the mean; undefined for one value. */
  readonly halfWidth: number | undefined;
  readonly least: number;
  readonly greatest: number;
}

/**
 * The mean of values, their standard deviation s with n - 1 in the denominator, and the mean's 95 %
 * interval by Student's t: ± t(0.975, n - 1) s / sqrt(n). Undefined where there is no value.
 */
export function estimate(values: readonly number[]): Estimate | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const range = { least: Math.min(...values), greatest: Math.max(...values) };
  if (count === 1 || !Number.isFinite(mean)) {
    return { count, mean, deviation: undefined, halfWidth: undefined, ...range };
  }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  const halfWidth = jstat.studentt.inv(0.975, count - 1) * deviation / Math.sqrt(count);
  return { count, mean, deviation, halfWidth, ...range };
}
