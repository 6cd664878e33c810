import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../core/errors.ts";
import { permute, philox4x32, Purpose, RandomStream, seedKey } from "../core/random.ts";
import source from "../shaders/common/random.wgsl" with { type: "text" };

/**
 * Every limit below lies five standard deviations of the ideal generator out: a sound one passes a
 * two-sided check with probability 1 - 6e-7. The seeds are fixed, so that nothing here is random.
 */
const deviations = 5;

/** What a chi-squared statistic may reach, by the cube root of Wilson and Hilferty. */
function chiSquaredLimit(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + deviations * Math.sqrt(spread)) ** 3;
}

/** Sum of (count - mean)^2 / mean over cells that are equally likely. */
function chiSquared(counts: Iterable<number>, cells: number, draws: number): number {
  const mean = draws / cells;
  let sum = cells * mean; // the empty cells; each that was met replaces its share
  for (const count of counts) sum += (count - mean) ** 2 / mean - mean;
  return sum;
}

function assertUniform(counts: Iterable<number>, cells: number, draws: number) {
  assertLess(chiSquared(counts, cells, draws), chiSquaredLimit(cells - 1));
}

function tally<T>(values: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function draws<T>(n: number, draw: () => T): T[] {
  return Array.from({ length: n }, draw);
}

function permutation(length: number, epoch: number, seed = 1): number[] {
  return Array.from({ length }, (_, i) => permute(i, length, seed, Purpose.minibatch, epoch));
}

Deno.test("philox4x32() gives the known answers of the Random123 distribution", () => {
  const ones = 0xffffffff;
  assertEquals(
    philox4x32([0, 0, 0, 0], [0, 0]),
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  );
  assertEquals(
    philox4x32([ones, ones, ones, ones], [ones, ones]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assertEquals(
    philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

Deno.test("Purpose gives no two purposes the same number", () => {
  const numbers = Object.values(Purpose);
  assertEquals(new Set(numbers).size, numbers.length);
});

Deno.test("seedKey() splits a seed into 32-bit words and refuses what is no seed", () => {
  assertEquals(seedKey(2 ** 53 - 1), [0xffffffff, 0x1fffff]);
  assertEquals(seedKey(3 * 2 ** 32 + 7), [7, 3]);
  for (const seed of [-1, 1.5, 2 ** 53, NaN, Infinity]) {
    assertThrows(() => seedKey(seed), InputError, "the seed must be an integer from 0 to");
    assertThrows(() => new RandomStream(seed, Purpose.weights), InputError, "the seed");
    assertThrows(() => new RandomStream(1, Purpose.weights, seed), InputError, "the stream");
  }
});

Deno.test("RandomStream.uint32() runs through the blocks of its own counter", () => {
  const seed = 5 * 2 ** 32 + 3, stream = 9 * 2 ** 32 + 4;
  const random = new RandomStream(seed, Purpose.sequence, stream);
  const expected = [0, 1].flatMap((block) => philox4x32([block, 4, 9, Purpose.sequence], [3, 5]));
  assertEquals(draws(8, () => random.uint32()), expected);
});

Deno.test("RandomStream.uniform() is uniform in all its 53 bits", () => {
  const n = 100_000;
  const random = new RandomStream(1, Purpose.probe);
  const integers = draws(n, () => random.uniform() * 2 ** 53);
  assert(integers.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 53));
  assertUniform(tally(integers.map((v) => Math.floor(v / 2 ** 45))).values(), 256, n);
  for (let bit = 0; bit < 53; bit++) {
    const ones = integers.filter((v) => Math.floor(v / 2 ** bit) % 2 === 1).length;
    assertLess(Math.abs(ones - n / 2), deviations * Math.sqrt(n / 4), `bit ${bit}`);
  }
});

Deno.test("RandomStream.normal() has the moments of the standard normal distribution", () => {
  const n = 200_000;
  const random = new RandomStream(2, Purpose.probe);
  const values = draws(n, () => random.normal());
  const mean = (f: (x: number, i: number) => number) =>
    values.reduce((sum, x, i) => sum + f(x, i), 0) / n;
  // [what is averaged, its expectation, its variance] under N(0, 1)
  const moments: [(x: number, i: number) => number, number, number][] = [
    [(x) => x, 0, 1],
    [(x) => x ** 2, 1, 2],
    [(x) => x ** 3, 0, 15],
    [(x) => x ** 4, 3, 96],
    [(x, i) => x * values[i ^ 1], 0, 2], // the two of a pair, each product counted twice
    [(x, i) => x ** 2 * values[i ^ 1] ** 2, 1, 16],
  ];
  for (const [f, expected, variance] of moments) {
    assertLess(Math.abs(mean(f) - expected), deviations * Math.sqrt(variance / n));
  }
});

Deno.test("RandomStream.integer() is unbiased where the remainder alone is not", () => {
  const n = 30_000;
  const random = new RandomStream(3, Purpose.probe);
  assertUniform(tally(draws(n, () => random.integer(6))).values(), 6, n);
  // A plain remainder would put half of the words in the lowest third.
  const thirds = draws(n, () => Math.floor(random.integer(3 * 2 ** 30) / 2 ** 30));
  assertUniform(tally(thirds).values(), 3, n);
  assertEquals(random.integer(1), 0);
  for (const bad of [0, -3, 2.5, 2 ** 32 + 1, NaN]) {
    assertThrows(() => random.integer(bad), InputError, "from 1 to 4294967296 values");
  }
});

Deno.test("RandomStream.sample() draws different integers, all lists equally likely", () => {
  const random = new RandomStream(4, Purpose.probe);
  assertEquals(new Set(random.sample(1000, 1000)).size, 1000);
  assertEquals(random.sample(7, 7).sort(), [0, 1, 2, 3, 4, 5, 6]);
  assertEquals(random.sample(7, 0), []);
  const n = 60_000;
  const lists = tally(draws(n, () => random.sample(5, 3).join()));
  assertEquals(lists.size, 60);
  assertUniform(lists.values(), 60, n);
  for (const [size, k] of [[3, 4], [3, -1], [3, 1.5]] as const) {
    assertThrows(() => random.sample(size, k), InputError, "different integers cannot be drawn");
  }
});

Deno.test("permute() is a bijection of 0..length-1", () => {
  for (const length of [1, 2, 3, 17, 129, 200, 20000, 60000, 103500]) {
    const met = new Uint8Array(length);
    for (const index of permutation(length, 3)) met[index]++;
    assert(met.every((times) => times === 1), `length ${length}`);
  }
});

Deno.test("permute() gives every order of a short list equally often", () => {
  for (const [length, orders] of [[3, 6], [5, 120], [6, 720]] as const) {
    const epochs = 50 * orders;
    const lists = tally(Array.from({ length: epochs }, (_, e) => permutation(length, e).join()));
    assertUniform(lists.values(), orders, epochs);
  }
});

Deno.test("permute() sends every position to every place equally often", () => {
  // Summed permutation matrices vary in (n-1)^2 directions, in each with n/(n-1) times the
  // variance that chi-squared takes for granted.
  const n = 129, epochs = 1000;
  const cells = Array.from({ length: epochs }, (_, e) => permutation(n, e)).flatMap((list) =>
    list.map((place, position) => position * n + place)
  );
  const statistic = chiSquared(tally(cells).values(), n * n, n * epochs) * (n - 1) / n;
  assertLess(statistic, chiSquaredLimit((n - 1) ** 2));
});

Deno.test("permute() leaves one position where it was, on average", () => {
  const epochs = 2000;
  let fixed = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    fixed += permutation(200, epoch).filter((place, position) => place === position).length;
  }
  // The number of fixed points of a random permutation has mean 1 and variance 1.
  assertLess(Math.abs(fixed / epochs - 1), deviations / Math.sqrt(epochs));
});

Deno.test("permute() shows no correlation between epochs, seeds or neighbours", () => {
  const n = 20_000, pairs = 20;
  const centre = (n - 1) / 2, variance = (n * n - 1) / 12;
  const correlation = (a: number[], b: number[]) =>
    a.reduce((sum, x, i) => sum + (x - centre) * (b[i] - centre), 0) / (n * variance);
  const neighbours = (list: number[]) => [...list.slice(1), list[0]];
  const epochs = Array.from({ length: pairs + 1 }, (_, epoch) => permutation(n, epoch));
  const seeds = Array.from({ length: pairs }, (_, epoch) => permutation(n, epoch, 2));
  const others: ((epoch: number) => number[])[] = [
    (epoch) => epochs[epoch + 1],
    (epoch) => seeds[epoch],
    (epoch) => neighbours(epochs[epoch]),
  ];
  for (const other of others) {
    let statistic = 0; // (n - 1) r^2 is chi-squared with one degree of freedom
    for (let e = 0; e < pairs; e++) {
      statistic += (n - 1) * correlation(epochs[e], other(e)) ** 2;
    }
    assertLess(statistic, chiSquaredLimit(pairs));
  }
});

Deno.test("permute() depends on the seed, the purpose and the epoch, and nothing else", () => {
  const list = permutation(200, 1);
  assertEquals(permutation(200, 1), list);
  assertNotEquals(permutation(200, 2), list);
  assertNotEquals(permutation(200, 1, 2), list);
  assertNotEquals(permutation(200, 1, 1 + 2 ** 32), list);
  assertNotEquals(list.map((_, i) => permute(i, 200, 1, Purpose.evaluation, 1)), list);
});

Deno.test("permute() refuses what lies outside its ranges", () => {
  const { minibatch } = Purpose;
  assertThrows(() => permute(0, 0, 1, minibatch, 0), InputError, "from 1 to 16777216, not 0");
  assertThrows(() => permute(0, 2 ** 24 + 1, 1, minibatch, 0), InputError, "not 16777217");
  assertThrows(() => permute(5, 5, 1, minibatch, 0), InputError, "from 0 to 4, not 5");
  assertThrows(() => permute(0, 5, -1, minibatch, 0), InputError, "the seed");
  assertThrows(() => permute(0, 5, 1, minibatch, 2 ** 32), InputError, "the epoch");
});

/** Runs `body` once for every row of four integers in `rows`, and returns what it left in each. */
async function runOnGPU(body: string, rows: number[][]): Promise<number[][]> {
  const adapter = await navigator.gpu.requestAdapter();
  assert(adapter, "no WebGPU adapter: install a Vulkan driver");
  const device = await adapter.requestDevice();
  device.pushErrorScope("validation");
  const code = `${source}
    @group(0) @binding(0) var<storage, read_write> rows: array<vec4u>;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
      if (id.x >= arrayLength(&rows)) { return; }
      let row = rows[id.x];
      ${body}
    }`;
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  const data = new Uint32Array(rows.flat());
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const size = data.byteLength;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const readback = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(buffer, 0, data);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    }),
  );
  pass.dispatchWorkgroups(Math.ceil(rows.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, size);
  device.queue.submit([encoder.finish()]);
  assertEquals((await device.popErrorScope())?.message, undefined);
  await readback.mapAsync(GPUMapMode.READ);
  const words = Array.from(new Uint32Array(readback.getMappedRange()));
  device.destroy();
  return rows.map((_, i) => words.slice(4 * i, 4 * i + 4));
}

Deno.test("philox4x32() in WGSL gives the same integers", async () => {
  const random = new RandomStream(6, Purpose.probe);
  const counters = draws(4096, () => draws(4, () => random.uint32()));
  counters.push([0, 0, 0, 0], Array(4).fill(0xffffffff));
  const results = await runOnGPU("rows[id.x] = philox4x32(row, row.wz);", counters);
  const expected = counters.map(([a, b, c, d]) => philox4x32([a!, b!, c!, d!], [d!, c!]));
  assertEquals(results, expected);
});

Deno.test("permute() in WGSL gives the same integers", async () => {
  const lengths = [1, 2, 3, 17, 129, 200, 20000, 60000, 103500, 2 ** 23 + 1, 2 ** 24];
  const random = new RandomStream(7, Purpose.probe);
  const rows = lengths.flatMap((length) =>
    draws(512, () => [random.integer(length), length, random.uint32(), random.integer(1000)])
  );
  const results = await runOnGPU(
    `rows[id.x].x = permute(row.x, row.y, vec2u(row.z, 3u), ${Purpose.minibatch}u, row.w);`,
    rows,
  );
  const expected = rows.map(([position, length, low, epoch]) =>
    permute(position!, length!, 3 * 2 ** 32 + low!, Purpose.minibatch, epoch!)
  );
  assertEquals(results.map(([index]) => index), expected);
});
