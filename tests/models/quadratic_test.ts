import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { Purpose } from "../../core/random.ts";
import { gaussianNoise } from "../../core/reference/noise.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { quadratic } from "../../models/quadratic.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { float32, iterateErrors } from "../../core/reference/iterate_error.ts";
import { TwoBuffer } from "../../core/reference/optimizers.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";
import { sumError } from "../../core/reference/tolerance.ts";

/** Reflections of which all entries are multiples of 1/4. */
const rotation = orthonormal([1, 1, 1, 1, 1, 1, 1, 1], [1, -1, 1, 1, 1, -1, 1, 1]);

/** A quadratic of n coordinates, another one for each stream; float32 holds its numbers. */
function drawn(n: number, stream: number): Quadratic {
  const eighths = (part: number) =>
    Array.from(draw(n, 10 * stream + part), (value) => Math.round(8 * value) / 8);
  const options = { spectrum: eighths(1), slopes: eighths(2) };
  return new Quadratic(n === 8 ? { ...options, rotation } : options);
}

/** Gradients and values of R points on the GPU. */
async function evaluate(bench: Bench, quadratics: readonly Quadratic[], points: Float32Array[]) {
  const { gpu } = bench;
  const model = quadratic(quadratics);
  const replicas = points.length;
  const vector = () => bench.take(new Vector(gpu, "test", model.layout, replicas));
  const [parameters, gradient, clean] = [vector(), vector(), vector()];
  points.forEach((point, r) => parameters.write(r, [point]));
  const [caseLoss, value, seeds] = [1, 2, 3].map(() => bench.buffer(new Float32Array(replicas)));
  const graph = bench.take(model.build(gpu, { replicas, batch: 1 }));
  bench.run((plan) => {
    graph.recordGradient(plan, { parameters, gradient, seeds, caseLoss });
    const caseFigures = [value];
    graph.recordFigures(plan, { parameters, seeds, split: "train", cases: 1, caseFigures });
  });
  const gradients = await Promise.all(points.map((_, r) => gradient.read(r)));
  // The padding is zero, so that the padding of the parameters stays zero.
  gradients.forEach((tensors, r) => clean.write(r, tensors));
  assertEquals(await bench.floats(gradient.buffer), await bench.floats(clean.buffer));
  assertEquals(await bench.floats(caseLoss), await bench.floats(value));
  return { gradients: gradients.map(([row]) => row), values: await bench.floats(value) };
}

/** The sums of |A||x| + |b| that the gradient at x is made of. */
function gradientSizes({ matrix, linear }: Quadratic, x: Float64Array): Float64Array {
  const n = x.length;
  return x.map((_, i) =>
    x.reduce((sum, x, j) => sum + Math.abs(matrix[i * n + j] * x), Math.abs(linear[i]))
  );
}

/** The most that f may be off: each factor of x'(Ax/2 + b) by a sum, and their sum once more. */
function valueError(objective: Quadratic, x: Float64Array): number {
  const sizes = gradientSizes(objective, x);
  const size = x.reduce((sum, x, i) => sum + Math.abs(x) * sizes[i], 0);
  return sumError(2 * x.length + 1, size);
}

/** Checks Ax + b and x'Ax/2 + b'x of R points. */
async function check(bench: Bench, n: number, quadratics: readonly Quadratic[], replicas: number) {
  const points = Array.from({ length: replicas }, (_, r) => draw(n, 1000 + r));
  const { gradients, values } = await evaluate(bench, quadratics, points);
  points.forEach((point, r) => {
    const objective = quadratics[r % quadratics.length];
    const x = Float64Array.from(point);
    const [exact, sizes] = [objective.gradient(x), gradientSizes(objective, x)];
    gradients[r].forEach((value, i) =>
      assertAlmostEquals(value, exact[i], sumError(n + 1, sizes[i]), `gradient ${r}, ${i}`)
    );
    assertAlmostEquals(values[r], objective.value(x), valueError(objective, x), `value ${r}`);
  });
}

gpuTest("quadratic() gives each replica the gradient and the value of its own", async (bench) => {
  for (const n of [1, 8, 17]) {
    await check(bench, n, [drawn(n, 1), drawn(n, 2), drawn(n, 3)], 3);
  }
});

gpuTest("quadratic() of one objective is that of every replica", async (bench) => {
  await check(bench, 8, [drawn(8, 1)], 3);
});

gpuTest("quadratic() is minimised by a trainer from where the initializer says", async (bench) => {
  const spectrum = [4, 3, 2, 1, 1, 0.5, 0.5, 0.25];
  const objective = new Quadratic({ spectrum, slopes: [1, -1, 2, 0, 1, 3, -2, 1], rotation });
  const start = Float64Array.of(1, 2, -3, 4, 0.5, -1, 2, 1);
  const [learningRate, momentum] = [0.125, 0.75];
  const optimizer = nesterov({ learningRate, momentum });
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model: quadratic([objective]),
      replicas: [{
        seed: 1,
        optimizer,
        initializer: ({ fanIn, fanOut }) => {
          assertEquals([fanIn, fanOut], [1, 8]);
          return { weights: start, biases: new Float64Array(8) };
        },
      }],
      batchSize: 1,
    }),
  );
  const rates = Array(40).fill({ learningRate, momentum, lead: momentum, nextLead: momentum });
  const errors = iterateErrors({ quadratic: objective, start, rates }, float32);
  const exact = new TwoBuffer("NAG", start);
  for await (const { update, replicas: [report] } of trainer.run({ updates: 40, every: 8 })) {
    for (let t = 0; t < 8; t++) exact.step((x) => objective.gradient(x), learningRate, momentum);
    const theta = Float64Array.from((await trainer.theta())[0]);
    const distance = objective.toEigen(theta.map((x, i) => x - exact.theta[i]));
    distance.forEach((value, i) => assertAlmostEquals(value, 0, errors[update][i], `${update}`));
    const { value } = report.figures;
    assertAlmostEquals(value, objective.value(theta), valueError(objective, theta));
  }
});

/** theta of each replica after some updates of mixed optimizers, so that their order is another one. */
async function trained(bench: Bench, seeds: readonly number[], noise?: number) {
  const trainer = await Trainer.open(bench.gpu, {
    model: quadratic([drawnBowl], noise === undefined ? {} : { noise }),
    replicas: seeds.map((seed) => ({
      seed,
      optimizer: (seed % 2 === 0 ? nesterov : classicalMomentum)({
        learningRate: 0.125,
        momentum: 0.75,
      }),
      initializer: () => ({ weights: new Float64Array(8).fill(1), biases: new Float64Array(8) }),
    })),
    batchSize: 1,
  });
  try {
    for await (const _ of trainer.run({ updates: 20, every: 7, evalCases: 1 }));
    const thetas: Float32Array[] = [];
    for (const r of seeds.keys()) thetas.push((await trainer.theta(r))[0]);
    return thetas;
  } finally {
    trainer.free();
  }
}

const drawnBowl = new Quadratic({ spectrum: [4, 3, 2, 1, 1, 0.5, 0.5, 0.25], rotation });

/** What trained() gave on the other GPU of the tests. */
let onOtherGpu: Float32Array[] | undefined;

gpuTest("quadratic() with noise: a replica is itself, alone or beside others", async (bench) => {
  const seeds = [1, 2, 3, 4, 2];
  const beside = await trained(bench, seeds, 0.5);
  for (const [r, seed] of seeds.entries()) {
    assertEquals(beside[r], (await trained(bench, [seed], 0.5))[0], `seed ${seed}`);
  }
  for (const other of [0, 2, 3]) assertNotEquals(beside[1], beside[other]);
  assertEquals(beside, onOtherGpu ?? beside, "the bits do not depend on where operands are read");
  onOtherGpu = beside;
});

gpuTest("quadratic() with a noise of 0 is that without", async (bench) => {
  assertEquals(await trained(bench, [1, 2], 0), await trained(bench, [1, 2]));
  assertNotEquals(await trained(bench, [1, 2], 0.5), await trained(bench, [1, 2]));
});

gpuTest("quadratic() adds noise to the gradient that a trainer moves by", async (bench) => {
  const n = 11;
  const [deviation, learningRate] = [0.5, 0.25];
  const flat = { matrix: new Float64Array(n * n), linear: Array(n).fill(2) };
  const seeds = [3, 4];
  const trainer = bench.take(
    await Trainer.open(bench.gpu, {
      model: quadratic([flat], { noise: deviation }),
      replicas: seeds.map((seed) => ({
        seed,
        optimizer: classicalMomentum({ learningRate, momentum: 0 }),
        initializer: () => ({ weights: new Float64Array(n), biases: new Float64Array(n) }),
      })),
      batchSize: 1,
    }),
  );
  const sums = seeds.map(() => new Float64Array(n));
  for await (const { update, replicas } of trainer.run({ updates: 6, every: 1 })) {
    for (const [r, seed] of seeds.entries()) {
      const draws = gaussianNoise({
        seed,
        purpose: Purpose.noise,
        update: update - 1,
        columns: n,
      });
      sums[r] = sums[r].map((x, i) => x - learningRate * (2 + deviation * draws[i]));
      const [theta] = await trainer.theta(r);
      // WGSL lets a draw be off by 2^-11 of its radius, at most 6.
      const error = update * learningRate * deviation * 6 * 2 ** -11;
      theta.forEach((x, i) => assertAlmostEquals(x, sums[r][i], error));
      // The objective has no noise.
      assertAlmostEquals(replicas[r].figures.value, theta.reduce((s, x) => s + 2 * x, 0), 1e-5);
    }
  }
});

Deno.test("quadratic() has one case to train on, and a figure", () => {
  const model = quadratic([drawn(17, 1)]);
  assertEquals(model.cases, { train: 1, test: 0 });
  assertEquals(model.figures, ["value"]);
  assertEquals(model.layout.parameterCount, 17);
});

gpuTest("QuadraticModel.footprint() is what a replica takes", (bench) => {
  const { gpu } = bench;
  const model = quadratic([drawn(17, 1)]);
  const before = gpu.allocatedBytes;
  const replicas = 64;
  bench.take(model.build(gpu, { replicas, batch: 1 }));
  const { total, largest } = model.footprint();
  // Buffers that are mirrored are whole rows of a texture, which 64 replicas fill.
  assertEquals((gpu.allocatedBytes - before) / replicas, total);
  assertEquals(largest, 4 * 24 * 24);
});

gpuTest("quadratic() refuses what is no quadratic of the replicas", ({ gpu }) => {
  const refused = (message: string, ...objectives: Parameters<typeof quadratic>[0]) =>
    assertThrows(() => quadratic(objectives), InputError, message);
  const plain = { matrix: [1, 0, 0, 1], linear: [0, 0] };
  refused("there is nothing to minimise");
  refused("4 values does not fit a linear part of 3", { ...plain, linear: [0, 0, 0] });
  refused("1 values does not fit a linear part of 1", plain, { matrix: [1], linear: [1] });
  refused("0 values does not fit a linear part of 0", { matrix: [], linear: [] });
  refused("[1, 0] is 2 and [0, 1] 3: give (A + A')/2", { matrix: [1, 3, 2, 1], linear: [0, 0] });
  refused("finite numbers only, not NaN", { matrix: [1, NaN, NaN, 1], linear: [0, 0] });
  refused("finite numbers only, not NaN", { matrix: [NaN, 0, 0, 1], linear: [0, 0] });
  refused("finite numbers only, not Infinity", { matrix: [1, 0, 0, 1], linear: [0, Infinity] });
  for (const noise of [-1, NaN, Infinity, 1e39]) {
    assertThrows(() => quadratic([plain], { noise }), InputError, "the noise of a gradient is");
  }
  assertThrows(
    () => quadratic([plain, plain]).build(gpu, { replicas: 3, batch: 1 }),
    InputError,
    "2 quadratics cannot be minimised by 3 replicas",
  );
});
