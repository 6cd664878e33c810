/**
 * The least error that is expected of k random trials, for k = 1 to n: of n errors that were found the
 * mean, over all ways to choose k of them, of the least. With the errors in ascending order, i from 0,
 * that is sum over i of x_i C(n-i-1, k-1) / C(n, k). (Dodge et al., _Show your work_, 2019, with the
 * draws without replacement of Tang et al., 2020.)
 */
export function expectedBest(errors: readonly number[]): number[] {
  const ascending = errors.toSorted((a, b) => a - b), n = errors.length;
  return Array.from({ length: n }, (_, i) => {
    const k = i + 1;
    // The share of choices of which x_i is the least; from each to the next one by a ratio.
    let share = k / n, sum = 0;
    for (const [i, error] of ascending.entries()) {
      if (share === 0) break;
      sum += share * error;
      share *= (n - i - k) / (n - i - 1);
    }
    return sum;
  });
}
