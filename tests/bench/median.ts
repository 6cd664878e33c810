/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Runs `job` once to warm up and then `count` times, and gives the median of the seconds. */
export async function medianSeconds(count: number, job: () => Promise<void>): Promise<number> {
  await job();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await job();
    times.push((performance.now() - start) / 1000);
  }
  return median(times);
}
