import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { examples, type ExampleSet } from "../../core/data/examples.ts";
import { InputError } from "../../core/errors.ts";
import { elementwiseLoss, squaredError } from "../../core/graph/losses.ts";
import type { Graph, Model } from "../../core/graph/model.ts";
import { network, type NetworkOptions } from "../../core/graph/network.ts";
import type { Layer } from "../../core/graph/tape.ts";
import { glorot } from "../../core/init/glorot.ts";
import { dense } from "../../core/layers/dense.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { dot } from "../../core/reference/conjugate_gradient.ts";
import {
  gradientTolerance,
  relativeDifference,
  unitRoundoff,
} from "../../core/reference/tolerance.ts";
import { Curvature, type CurvatureOptions } from "../../core/train/curvature.ts";
import { curvatureMatrices, type CurvatureMatrix } from "../../core/train/curvature_matrix.ts";
import { quadratic } from "../../models/quadratic.ts";
import { markedTask } from "../../models/problems/sequence_tasks.ts";
import { rnn } from "../../models/rnn.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { autoencoder, join, networks, split } from "./curved.ts";
import { open as openTrainer, replica } from "./training.ts";

/** A curvature that is freed after the test. */
async function open(bench: Bench, options: Parameters<typeof Curvature.open>[1]) {
  return bench.take(await Curvature.open(bench.gpu, options));
}

/** A v of every network, as one vector each. */
async function multiply(
  curvature: Curvature,
  vectors: readonly Float64Array[],
  like: Float64Array[],
) {
  vectors.forEach((v, r) => curvature.direction.write(r, split(v, like)));
  await curvature.multiply();
  return await Promise.all(vectors.map(async (_, r) => join(await curvature.product.read(r))));
}

function vectorOf(length: number, stream: number): Float64Array {
  return Float64Array.from(draw(length, stream));
}

/**
 * Relative to the product: that of Gauss and Newton is as exact as a gradient, a difference of
 * gradients as the largest eigenvalue that the Hessian is to give.
 */
const tolerance: Readonly<Record<CurvatureMatrix, number>> = {
  "gauss-newton": gradientTolerance,
  hessian: 1e-3,
};

for (const [name, curved] of Object.entries(networks)) {
  gpuTest(`Curvature of the ${name} is that of float64, and symmetric`, async (bench) => {
    const theta = curved.theta(1);
    const [u, v] = [1, 2].map((stream) => vectorOf(join(theta).length, 100 * stream));
    for (const matrix of curvatureMatrices) {
      for (const blockCases of [curved.all, 5]) {
        const curvature = await open(bench, {
          ...{ matrix, blockCases, cases: curved.all, model: curved.model(bench) },
          replicas: [{ seed: 1, theta }],
        });
        const made = [
          ...await multiply(curvature, [u], theta),
          ...await multiply(curvature, [v], theta),
        ];
        const exact = [u, v].map(curved.product(matrix, 1));
        const norms = Math.sqrt(dot(u, u) * dot(exact[1], exact[1]));
        made.forEach((product, i) =>
          assertLessOrEqual(relativeDifference(product, exact[i]), tolerance[matrix], matrix)
        );
        assertAlmostEquals(dot(u, made[1]), dot(v, made[0]), 2 * tolerance[matrix] * norms);
        if (matrix === "gauss-newton") assert(dot(v, made[1]) >= 0);
      }
    }
  });
}

gpuTest(
  "Curvature of large weights, which small steps move far, is that of float64",
  async (bench) => {
    const curved = autoencoder({ scale: 6 }), theta = curved.theta(1);
    const v = vectorOf(join(theta).length, 4);
    assert(Math.hypot(...join(theta)) > 30);
    for (const matrix of curvatureMatrices) {
      const curvature = await open(bench, {
        ...{ matrix, cases: curved.all, model: curved.model(bench) },
        replicas: [{ seed: 1, theta }],
      });
      // Along the direction of largest curvature, as near as three products come to it.
      let direction = v;
      for (let i = 0; i < 3; i++) direction = curved.product(matrix, 1)(direction);
      const [made] = await multiply(curvature, [direction], theta);
      const exact = curved.product(matrix, 1)(direction);
      assertLessOrEqual(relativeDifference(made, exact), tolerance[matrix], matrix);
    }
  },
);

gpuTest("Curvature over some of the cases takes those that the seed chooses", async (bench) => {
  const { autoencoder: curved } = networks;
  const seeds = [1, 2];
  const like = curved.theta(1);
  const v = vectorOf(join(like).length, 3);
  for (const matrix of curvatureMatrices) {
    const curvature = await open(bench, {
      ...{ matrix, cases: 13, blockCases: 4, model: curved.model(bench) },
      replicas: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
    });
    const made = await multiply(curvature, [v, v], like);
    seeds.forEach((seed, r) => {
      const exact = curved.product(matrix, seed, 13)(v);
      assertLessOrEqual(relativeDifference(made[r], exact), tolerance[matrix], matrix);
    });
  }
});

/** The bits of products of all matrices, by matrix and network. */
async function bits(
  bench: Bench,
  { model, thetas, cases, blockCases }: {
    model: Model;
    thetas: readonly { seed: number; theta: Float64Array[] }[];
    cases: number;
    blockCases: number;
  },
): Promise<Uint32Array[][]> {
  const all: Uint32Array[][] = [];
  for (const matrix of curvatureMatrices) {
    const curvature = await open(bench, { matrix, model, cases, blockCases, replicas: thetas });
    curvature.draw(4, "uniform");
    await curvature.multiply();
    const products = await Promise.all(thetas.map((_, r) => curvature.product.readPacked(r)));
    all.push(products.map(({ buffer }) => new Uint32Array(buffer)));
  }
  return all;
}

/** What bits() gave on the other GPU of the tests. */
const onOtherGpu = new Map<string, Uint32Array[][]>();

for (const [name, curved] of Object.entries(networks)) {
  gpuTest(`Curvature of the ${name} has the bits that it has alone`, async (bench) => {
    const thetas = [1, 2, 3].map((seed) => ({ seed, theta: curved.theta(seed) }));
    const options = { model: curved.model(bench), cases: curved.all, blockCases: 3 };
    const together = await bits(bench, { ...options, thetas });
    for (const [r, one] of thetas.entries()) {
      const alone = await bits(bench, { ...options, thetas: [one] });
      assertEquals(alone, together.map((of) => [of[r]]));
    }
    assertEquals(
      together,
      onOtherGpu.get(name) ?? together,
      "where operands are read is no matter",
    );
    onOtherGpu.set(name, together);
  });

  gpuTest(`Curvature of the ${name} that diverged is NaN, and harms no other`, async (bench) => {
    const thetas = [1, 2, 3].map((seed) => ({ seed, theta: curved.theta(seed) }));
    // Of 8 cases none is padding, whose zeros times infinity are NaN.
    const cases = Math.min(8, curved.all);
    const options = { model: curved.model(bench), cases, blockCases: cases };
    const clean = await bits(bench, { ...options, thetas });
    for (const odd of [NaN, Infinity, -Infinity]) {
      const diverged = thetas.map(({ seed, theta }, r) => (
        { seed, theta: theta.map((values, t) => r === 1 && t === 0 ? values.with(0, odd) : values) }
      ));
      const found = await bits(bench, { ...options, thetas: diverged });
      found.forEach((of, m) => {
        assertEquals([of[0], of[2]], [clean[m][0], clean[m][2]]);
        assert(new Float32Array(of[1].buffer).some(Number.isNaN), `${odd}`);
      });
    }
  });
}

gpuTest("Curvature of a network that is moved on is that of where it is", async (bench) => {
  const { classifier: curved } = networks;
  const options = { cases: curved.all, blockCases: 6, model: curved.model(bench) };
  const [first, second] = [1, 2].map(curved.theta);
  for (const matrix of curvatureMatrices) {
    const [moved, there] = [
      await open(bench, { ...options, matrix, replicas: [{ seed: 1, theta: first }] }),
      await open(bench, { ...options, matrix, replicas: [{ seed: 1, theta: second }] }),
    ];
    // What was not finite is forgotten.
    moved.move(0, first.map((values) => values.map(() => NaN)));
    for (const curvature of [moved, there]) curvature.draw(0, "uniform");
    await moved.multiply();
    moved.move(0, second);
    for (const curvature of [moved, there]) {
      curvature.draw(0, "signs");
      await curvature.multiply();
    }
    assertEquals(await moved.product.readPacked(0), await there.product.readPacked(0));
  }
});

gpuTest("Curvature.of() a trainer is that at theta", async (bench) => {
  const { autoencoder: curved } = networks;
  const model = curved.model(bench);
  const optimizer = nesterov({ learningRate: 0.05, momentum: 0.9 });
  const trainer = await openTrainer(bench, {
    ...{ model, batchSize: 7 },
    replicas: [4, 5].map((seed) => replica(seed, optimizer, glorot())),
  });
  for await (const _ of trainer.run({ updates: 5, evalCases: 0 }));
  const options = { matrix: "hessian", cases: 9 } as const;
  const replicas = [
    { seed: 4, theta: await trainer.theta(0) },
    { seed: 5, theta: await trainer.theta(1) },
  ];
  const all = [
    bench.take(await Curvature.of(trainer, options)),
    await open(bench, { ...options, model, replicas }),
  ];
  for (const curvature of all) {
    curvature.draw(0, "uniform");
    await curvature.multiply();
  }
  for (const r of [0, 1]) {
    assertEquals(await all[0].product.readPacked(r), await all[1].product.readPacked(r));
  }
});

function examplesOf(stream: number): ExampleSet {
  const table = (width: number, part: number) => (
    { data: draw(19 * width, 10 * stream + part), width }
  );
  return { inputs: table(6, 0), targets: table(3, 1) };
}

/** One dense layer: its squared error is a quadratic of the parameters, whatever is dropped. */
function oneLayer(given: Partial<NetworkOptions> = {}, ...before: Layer[]): Model {
  return network({
    source: examples({ train: examplesOf(1), test: examplesOf(2) }),
    layers: sequential(...before, dense({ units: 3 })),
    loss: squaredError,
    ...given,
  });
}

const weights = [vectorOf(18, 5), vectorOf(3, 6)];

/** Products of both matrices at these weights. */
async function products(
  bench: Bench,
  model: Model,
  v: Float64Array,
  options: Partial<CurvatureOptions> = {},
): Promise<Float64Array[]> {
  const made: Float64Array[] = [];
  for (const matrix of curvatureMatrices) {
    const curvature = await open(bench, {
      ...{ matrix, model, cases: 19, blockCases: 8, ...options },
      replicas: [{ seed: 1, theta: weights }],
    });
    made.push(...await multiply(curvature, [v], weights));
  }
  return made;
}

gpuTest("Curvature: what is dropped is the same in every pass over a minibatch", async (bench) => {
  const v = vectorOf(21, 7);
  const [newton, hessian] = await products(bench, oneLayer({}, dropout(0.5)), v);
  assertLessOrEqual(relativeDifference(hessian, newton), tolerance.hessian);
  const [whole] = await products(bench, oneLayer(), v);
  assert(relativeDifference(whole, newton) > 0.1); // it does drop some
});

gpuTest("Curvature holds weight decay once, on weights alone", async (bench) => {
  const v = vectorOf(21, 7), l2 = 8;
  const plain = await products(bench, oneLayer(), v);
  const decayed = await products(bench, oneLayer({ l2 }), v);
  curvatureMatrices.forEach((matrix, m) => {
    const wanted = plain[m].map((value, i) => value + (i < 18 ? l2 * v[i] : 0));
    assertLessOrEqual(relativeDifference(decayed[m], wanted), 2 * tolerance[matrix], matrix);
  });
});

gpuTest("Curvature is over the split that is told", async (bench) => {
  const v = vectorOf(21, 7);
  const test = await products(bench, oneLayer(), v, { split: "test" });
  const source = examples({ train: examplesOf(2) });
  assertEquals(test, await products(bench, oneLayer({ source }), v));
  assert(relativeDifference((await products(bench, oneLayer(), v))[0], test[0]) > 0.1);
});

gpuTest("Curvature over fresh sequences takes as many as are asked for", async (bench) => {
  const model = rnn({ hidden: 4, task: markedTask({ problem: "add", length: 10 }) });
  const theta = model.initialValues(1, glorot()).map((values) => Float64Array.from(values));
  const v = vectorOf(join(theta).length, 8);
  const made = await Promise.all([9, 4].map(async (blockCases) => {
    const curvature = await open(bench, {
      ...{ matrix: "gauss-newton", model, cases: 9, blockCases },
      replicas: [{ seed: 2, theta }],
    });
    return (await multiply(curvature, [v], theta))[0];
  }));
  assertLessOrEqual(relativeDifference(made[1], made[0]), gradientTolerance);
});

gpuTest("Curvature of a quadratic is its matrix", async (bench) => {
  const n = 17;
  const lower = Float64Array.from(draw(n * n, 9), (value) => Math.round(8 * value) / 8);
  const matrix = lower.map((_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return lower[Math.max(i, j) * n + Math.min(i, j)];
  });
  const model = quadratic([{ matrix, linear: draw(n, 10) }], { noise: 0.5 });
  const theta = [vectorOf(n, 11)];
  const v = vectorOf(n, 12);
  const exact = v.map((_, i) => dot(matrix.slice(n * i, n * i + n), v));
  const size = Math.max(
    ...v.map((_, i) => dot(matrix.slice(n * i, n * i + n).map(Math.abs), v.map(Math.abs))),
  );
  const options = { model, cases: 1, replicas: [{ seed: 1, theta }] };
  const newton = await open(bench, { ...options, matrix: "gauss-newton" });
  const [product] = await multiply(newton, [v], theta);
  product.forEach((value, i) => assertAlmostEquals(value, exact[i], (n + 1) * unitRoundoff * size));
  const hessian = await open(bench, { ...options, matrix: "hessian" });
  const [difference] = await multiply(hessian, [v], theta);
  // Points beside theta and the gradients there round some n + 8 times, of sums that are below this.
  const gradient = n * Math.max(...theta[0].map(Math.abs)) + 1 + 0.5 * 6;
  const step = 0.003 / Math.hypot(...v);
  const error = (n + 8) * unitRoundoff * gradient / step;
  difference.forEach((value, i) => assertAlmostEquals(value, exact[i], error));
  assertLessOrEqual(error, size / 4); // so that the test can fail
});

gpuTest("Curvature along no direction is zero", async (bench) => {
  const made = await products(bench, oneLayer(), new Float64Array(21));
  for (const product of made) assertEquals(product, new Float64Array(21));
});

gpuTest("Curvature refuses what it cannot take, and takes nothing", async ({ gpu }) => {
  const flat = elementwiseLoss({ name: "flat", value: "z", slope: "vec4f(1)" });
  const still: Layer = (tape, x) => {
    const y = tape.value(x.columns);
    return tape.record({ name: "still", reads: [x], writes: y, forward() {}, backward() {} });
  };
  const model = oneLayer();
  const theta = weights;
  const own = (): Model => ({
    ...{ layout: model.layout, cases: model.cases, figures: [] },
    initialValues: () => theta,
    footprint: () => ({ largest: 0, total: 0 }),
    build: (): Graph => ({
      ...{ recordCases() {}, recordGradient() {}, recordLoss() {}, recordFigures() {}, free() {} },
    }),
  });
  const whole = { matrix: "gauss-newton" as const, model, cases: 19, blockCases: 8 };
  const before = gpu.allocatedBytes;
  for (
    const [given, message] of [
      [{ model: oneLayer({ loss: flat }) }, "the loss flat has no curvature, which a method of"],
      [
        { model: oneLayer({ layers: sequential(dense({ units: 3 }), still) }) },
        "the layer still has no tangent, which a method of",
      ],
      [{ model: own() }, "this model has no products of Gauss and Newton: take the hessian"],
      [{ matrix: "fisher" }, "the matrix must be gauss-newton or hessian, not fisher"],
      [{ cases: 0 }, "a whole number of train cases from 1 to 19, not 0"],
      [{ cases: 20 }, "a whole number of train cases from 1 to 19, not 20"],
      [{ cases: 2.5 }, "a whole number of train cases from 1 to 19, not 2.5"],
      [{ cases: NaN }, "a whole number of train cases from 1 to 19, not NaN"],
      [{ blockCases: 0 }, "a whole number of cases from 1 on, not 0"],
      [{ blockCases: 1.5 }, "a whole number of cases from 1 on, not 1.5"],
      [{ replicas: [] }, "curvature is that of a network: give a replica"],
      [{ replicas: [{ seed: -1, theta }] }, "the seed must be an integer"],
    ] as const
  ) {
    const options = { ...whole, replicas: [{ seed: 1, theta }], ...given };
    await assertRejects(
      () => Curvature.open(gpu, options as Parameters<typeof Curvature.open>[1]),
      InputError,
      message,
    );
    assertEquals(gpu.allocatedBytes, before, message);
  }
  const { layout } = model;
  const noTest = { ...own(), layout, cases: { train: 19, test: 0 } };
  await assertRejects(
    () =>
      Curvature.open(gpu, {
        ...whole,
        split: "test",
        model: noTest,
        replicas: [{ seed: 1, theta }],
      }),
    InputError,
    "there are no test cases to take the curvature over",
  );
  await assertRejects(
    () => Curvature.open(gpu, { ...whole, replicas: [{ seed: 1, theta: [theta[0]] }] }),
    RangeError,
    "biases 1 holds 1 x 3 values; 0 were given",
  );
});
