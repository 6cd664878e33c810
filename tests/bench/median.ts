/** Runs `job` once to warm up and then `count` times, and gives the median of the seconds. */
export async function median(count: number, job: () => Promise<void>): Promise<number> {
  await job();
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await job();
    times.push((performance.now() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[count >> 1];
}
