import { assert, assertAlmostEquals, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import type { Tensor } from "../../core/gpu/tensor.ts";
import { gaussianNoise } from "../../core/ops/gaussian_noise.ts";
import { philox4x32, Purpose, seedKey } from "../../core/random.ts";
import { gaussianNoise as exactNoise } from "../../core/reference/noise.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

const { noise: purpose } = Purpose;

/** The seeds of R replicas as the trainer holds them. */
function seedsOf(bench: Bench, seeds: readonly number[]): GPUBuffer {
  return bench.buffer(new Uint32Array(seeds.flatMap(seedKey)));
}

/** What is added to zero matrices [rows, columns], one a seed, at each of some updates. */
async function drawn(
  bench: Bench,
  { seeds, updates, rows, columns }: {
    seeds: readonly number[];
    updates: readonly number[];
    rows: number;
    columns: number;
  },
): Promise<Float32Array[]> {
  const keys = seedsOf(bench, seeds);
  const outs: Float32Array[] = [];
  for (const update of updates) {
    const out = bench.matrix(rows, columns, undefined, seeds.length);
    bench.run(
      (plan) => gaussianNoise(plan, out, { seeds: keys, purpose, deviation: 1 }),
      { update },
    );
    outs.push(await bench.paddedValues(out));
  }
  return outs;
}

const ulp = 2 ** -23;

/**
 * How far WGSL lets a pair of Box and Muller be off: log by 2^-21 from 1/2 to 2 and by 3 units in the
 * last place elsewhere; sqrt by 4.5 of them, as 1 / inverseSqrt; cos and sin by 2^-11, of an angle
 * of two roundings; and the product by one.
 */
function pairError(a: number): number {
  const part = ((a >>> 8) + 1) / 2 ** 24;
  const square = -2 * Math.log(part);
  const ofSquare = part >= 0.5 ? 2 * 2 ** -21 : 3 * ulp * square;
  const radius = Math.sqrt(square);
  const ofRadius = Math.sqrt(square + ofSquare) * (1 + 4.5 * ulp) - radius +
    // Below, the root is steeper.
    radius - Math.sqrt(Math.max(0, square - ofSquare));
  return (radius + ofRadius) * (2 ** -11 + Math.PI * ulp + ulp) + ofRadius;
}

gpuTest("gaussianNoise() is that of the reference, as exact as WGSL is", async (bench) => {
  const [seeds, updates] = [[1, 2 ** 40 + 7], [0, 1, 1_000_000]];
  for (const [rows, columns] of [[1, 1], [3, 6], [2, 17], [5, 40]]) {
    const all = await drawn(bench, { seeds, updates, rows, columns });
    all.forEach((values, u) =>
      seeds.forEach((seed, r) => {
        const exact = exactNoise({ seed, purpose, update: updates[u], rows, columns });
        const quads = Math.ceil(columns / 4);
        exact.forEach((value, i) => {
          const [row, column] = [Math.floor(i / columns), i % columns];
          const block = row * quads + Math.floor(column / 4);
          const words = philox4x32([block, updates[u], 0, purpose], seedKey(seed));
          const error = pairError(words[column % 4 < 2 ? 0 : 2]);
          assertAlmostEquals(values[r * rows * columns + i], value, error, `${seed}, ${i}`);
        });
      })
    );
  }
});

/** Every limit lies five standard deviations out; the seeds are fixed. */
function assertMean(values: Iterable<number>, expected: number, variance: number, what: string) {
  let [sum, n] = [0, 0];
  for (const value of values) [sum, n] = [sum + value, n + 1];
  assertLess(Math.abs(sum / n - expected), 5 * Math.sqrt(variance / n), what);
}

gpuTest("gaussianNoise() has the moments of N(0, 1), number by number alone", async (bench) => {
  const seeds = Array.from({ length: 16 }, (_, r) => r + 1);
  const [rows, columns] = [32, 64];
  const sets = await drawn(bench, { seeds, updates: [0, 1, 2, 3], rows, columns });
  const values = sets.flatMap((set) => [...set]);
  assertEquals(values.length, 4 * 16 * 32 * 64);
  assert(values.every(Number.isFinite));
  // [power, its expectation, its variance]
  for (const [power, mean, variance] of [[1, 0, 1], [2, 1, 2], [3, 0, 15], [4, 3, 96]]) {
    assertMean(values.map((x) => x ** power), mean, variance, `power ${power}`);
  }
  // Those beside, below, of the next replica and of the next update.
  for (const step of [1, 2, 3, 4, columns, rows * columns, sets[0].length]) {
    const pairs = values.slice(step).map((x, i) => [x, values[i]]);
    assertMean(pairs.map(([x, y]) => x * y), 0, 1, `product, ${step} apart`);
    // 8, and twice a covariance of 2: each number is in two pairs.
    assertMean(pairs.map(([x, y]) => x ** 2 * y ** 2), 1, 12, `squares, ${step} apart`);
  }
});

gpuTest("gaussianNoise() is fixed by the seed and the update alone", async (bench) => {
  const shape = { rows: 2, columns: 9 };
  const [first, second] = await drawn(bench, { seeds: [5, 6, 5], updates: [3, 4], ...shape });
  const of = (set: Float32Array, r: number) => set.slice(18 * r, 18 * (r + 1));
  assertEquals(of(first, 2), of(first, 0));
  assertNotEquals(of(first, 1), of(first, 0));
  assertNotEquals(of(second, 0), of(first, 0));
  const [alone] = await drawn(bench, { seeds: [6], updates: [3], ...shape });
  assertEquals(alone, of(first, 1));
  // A purpose of its own has numbers of its own.
  const other = bench.matrix(2, 9);
  const seeds = seedsOf(bench, [6]);
  bench.run(
    (plan) => gaussianNoise(plan, other, { seeds, purpose: Purpose.probe, deviation: 1 }),
    { update: 3 },
  );
  assertNotEquals(await bench.values(other), alone);
});

gpuTest("gaussianNoise() is added where a tensor lies, and nowhere else", async (bench) => {
  const seeds = [1, 2];
  const contents = draw(2 * 200, 5);
  const buffer = bench.buffer(contents);
  const out: Tensor = {
    buffer,
    ...{ replicas: 2, steps: 1, rows: 2, columns: 5 },
    ...{ stride: 8, stepStride: 64, replicaStride: 200, offset: 40 },
  };
  const keys = seedsOf(bench, seeds);
  bench.run((plan) => gaussianNoise(plan, out, { seeds: keys, purpose, deviation: 0.25 }), {
    update: 7,
  });
  const expected = Float64Array.from(contents);
  seeds.forEach((seed, r) =>
    exactNoise({ seed, purpose, update: 7, rows: 2, columns: 5 }).forEach((value, i) => {
      expected[40 + 200 * r + 8 * Math.floor(i / 5) + i % 5] += 0.25 * value;
    })
  );
  const found = await bench.floats(buffer);
  found.forEach((value, i) => {
    if (expected[i] === contents[i]) assertEquals(value, contents[i], `place ${i}`);
    else assertAlmostEquals(value, expected[i], 2e-3, `place ${i}`);
  });
});
