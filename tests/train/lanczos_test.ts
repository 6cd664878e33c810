import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertLessOrEqual,
  assertRejects,
} from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { type TensorShape, Vector } from "../../core/gpu/vector.ts";
import type { Model } from "../../core/graph/model.ts";
import { dot } from "../../core/reference/conjugate_gradient.ts";
import { eigenvectorsOf } from "../../core/reference/curvature.ts";
import { orthonormal, Quadratic } from "../../core/reference/quadratic.ts";
import { gradientTolerance, unitRoundoff } from "../../core/reference/tolerance.ts";
import { Curvature } from "../../core/train/curvature.ts";
import { curvatureMatrices } from "../../core/train/curvature_matrix.ts";
import { lanczos, type Spectrum } from "../../core/train/lanczos.ts";
import { quadratic } from "../../models/quadratic.ts";
import { type Bench, gpuTest } from "../gpu/fixture.ts";
import { exactEigenvalues, exactMatrix, join, networks, probeOf, split } from "./curved.ts";

/** What lanczos() finds of a curvature that is freed after the test. */
async function spectra(
  bench: Bench,
  options: Parameters<typeof Curvature.open>[1],
  steps?: number,
): Promise<Spectrum[]> {
  const curvature = bench.take(await Curvature.open(bench.gpu, options));
  return await lanczos(curvature, { ...steps !== undefined && { steps } });
}

function product(matrix: Float64Array, v: Float64Array): Float64Array {
  const n = v.length;
  return v.map((_, i) => dot(matrix.subarray(n * i, n * i + n), v));
}

const names = Object.keys(networks) as (keyof typeof networks)[];

for (const name of names) {
  gpuTest(`lanczos() finds eigenvalues of the ${name} within its bounds`, async (bench) => {
    const curved = networks[name], model = curved.model(bench);
    for (const matrix of curvatureMatrices) {
      const exact = exactEigenvalues(name, matrix, 1);
      const size = Math.max(...exact.map(Math.abs));
      const [found] = await spectra(bench, {
        ...{ matrix, model, cases: curved.all },
        replicas: [{ seed: 1, theta: curved.theta(1) }],
      });
      // Seven cases of one output make a matrix of rank 7: eight different eigenvalues.
      const isLow = name === "recurrent" && matrix === "gauss-newton";
      assertEquals([found.matrix, found.values.length], [matrix, isLow ? 8 : 20]);
      // What the products are off by, relative to the matrix.
      const off = { "gauss-newton": gradientTolerance, hessian: 1e-3 }[matrix] * size;
      found.values.forEach((value, i) => {
        const distance = Math.min(...exact.map((other) => Math.abs(other - value)));
        assertLessOrEqual(distance, found.bounds[i] + off, `${matrix} ${i}`);
        if (i > 0) assert(value <= found.values[i - 1]);
      });
      // The ends of the spectrum are there after 20 steps.
      assertLessOrEqual(found.bounds[0], off / 10);
      assertAlmostEquals(found.values[0], exact[0], off);
      assertLessOrEqual(found.values.at(-1)!, exact.at(-1)! + found.bounds.at(-1)! + off);
    }
  });
}

gpuTest("lanczos() gives the largest eigenvalue of 599 parameters within 1e-3", async (bench) => {
  const { autoencoder: curved } = networks;
  const seeds = [2, 3];
  const found = await spectra(bench, {
    ...{ matrix: "hessian", model: curved.model(bench), cases: curved.all, blockCases: 8 },
    replicas: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
  });
  seeds.forEach((seed, r) => {
    const [largest] = exactEigenvalues("autoencoder", "hessian", seed);
    assertAlmostEquals(found[r].values[0], largest, 1e-3 * largest);
  });
});

gpuTest("lanczos() tells the density: it has the moments of its start vector", async (bench) => {
  const { autoencoder: curved } = networks;
  const model = curved.model(bench), matrix = exactMatrix("autoencoder", "gauss-newton", 1);
  const start = probeOf(model, 1, 0);
  const unit = start.map((value) => value / Math.hypot(...start));
  const [size] = exactEigenvalues("autoencoder", "gauss-newton", 1);
  for (const steps of [1, 3, 6]) {
    const [{ values, weights }] = await spectra(bench, {
      ...{ matrix: "gauss-newton", model, cases: curved.all },
      replicas: [{ seed: 1, theta: curved.theta(1) }],
    }, steps);
    assertEquals(values.length, steps);
    let powers: Float64Array = unit;
    for (let power = 0; power < 2 * steps; power++) {
      const moment = weights.reduce((sum, weight, i) => sum + weight * values[i] ** power, 0);
      const error = (power + 1) * gradientTolerance * size ** power;
      assertAlmostEquals(moment, dot(unit, powers), error, `${steps} steps, power ${power}`);
      powers = product(matrix, powers);
    }
  }
});

/** Vectors of every network, which are freed after the test. */
function vectorsOf(bench: Bench, { layout }: Model, all: readonly (readonly Float64Array[])[]) {
  return all.map((of) => {
    const vector = bench.take(new Vector(bench.gpu, "vector", layout, of.length));
    of.forEach((values, r) => vector.write(r, split(values, layout.tensors.map(sizeOf))));
    return vector;
  });
}

function sizeOf({ rows, columns }: TensorShape): Float64Array {
  return new Float64Array(rows * columns);
}

gpuTest("lanczos() tells how much of vectors lies along eigenvectors", async (bench) => {
  const spectrum = [8, 4, 2, 1, 0.5, 0.25, -0.5, -3];
  const { model, replicas, cases } = bowl(spectrum);
  const eigenvectors = spectrum.map((_, i) => rotation.subarray(8 * i, 8 * i + 8));
  const parts = [1, -2, 3, 0, 0, 4, 0.5, 0];
  const sum = new Float64Array(8).map((_, k) =>
    parts.reduce((sum, part, i) => sum + part * eigenvectors[i][k], 0)
  );
  for (const matrix of curvatureMatrices) {
    const curvature = bench.take(
      await Curvature.open(bench.gpu, { ...{ model, replicas, cases }, matrix }),
    );
    const vectors = vectorsOf(bench, model, [[sum], [eigenvectors[1].map((v) => 1e-6 * v)]]);
    const [{ values, shares }] = await lanczos(curvature, { vectors });
    assertEquals(values.length, 8);
    const squares = parts.reduce((sum, part) => sum + part ** 2, 0);
    // An eigenvector is off by what products are, over the distance to the next eigenvalue.
    const off = (matrix === "hessian" ? 16 : 20) * unitRoundoff * 8 * 8 / 0.25;
    parts.forEach((part, i) => assertAlmostEquals(shares[0][i], part ** 2 / squares, off));
    shares[1].forEach((share, i) => assertAlmostEquals(share, i === 1 ? 1 : 0, off));
  }
});

gpuTest("lanczos() tells the share of vectors in the ten sharpest directions", async (bench) => {
  const curved = networks.autoencoder, model = curved.model(bench), seeds = [1, 2];
  const curvature = bench.take(
    await Curvature.open(bench.gpu, {
      ...{ matrix: "hessian", model, cases: curved.all, blockCases: 8 },
      replicas: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
    }),
  );
  const along = seeds.map((seed) => curved.gradient(seed)(join(curved.theta(seed))));
  const drawn = seeds.map((seed) => probeOf(model, seed, 3));
  const given = [along, drawn];
  const found = await lanczos(curvature, { steps: 60, vectors: vectorsOf(bench, model, given) });
  seeds.forEach((seed, r) => {
    const eigenvectors = eigenvectorsOf(exactMatrix("autoencoder", "hessian", seed)).slice(0, 10);
    given.forEach((vectors, k) => {
      const v = vectors[r], squares = dot(v, v);
      const exact = eigenvectors.reduce((sum, y) => sum + dot(v, y) ** 2 / squares, 0);
      const share = found[r].shares[k].slice(0, 10).reduce((a, b) => a + b);
      assertAlmostEquals(share, exact, 0.01 * exact, `seed ${seed}, vector ${k}`);
    });
  });
});

const rotation = orthonormal([1, 1, 1, 1, 1, 1, 1, 1], [1, -1, 1, 1, 1, -1, 1, 1]);

/** A quadratic with these eigenvalues, and one of as many parameters that is no neighbour's. */
function bowl(spectrum: readonly number[]) {
  const { matrix, linear } = new Quadratic({
    spectrum,
    ...spectrum.length === 8 && { rotation },
  });
  return {
    model: quadratic([{ matrix, linear }]),
    replicas: [{ seed: 1, theta: [new Float64Array(spectrum.length)] }],
    cases: 1,
  };
}

gpuTest("lanczos() takes a step for each different eigenvalue, and finds all", async (bench) => {
  for (
    const spectrum of [
      [7],
      [2, 2, 2, 2, 2, 2, 2, 2],
      [4, 3, 2, 1, 1, 0.5, -0.5, -3],
      [4, 4, 4, 1, 1, 0, 0, 0],
      [0, 0, 0],
    ]
  ) {
    const different = [...new Set(spectrum)];
    for (const matrix of curvatureMatrices) {
      const [{ values, bounds, weights }] = await spectra(bench, { ...bowl(spectrum), matrix });
      // Those of numbers that differences round go on, in vectors that the start does not lead to.
      if (matrix === "gauss-newton") assertEquals(values.length, different.length, `${spectrum}`);
      assertLessOrEqual(values.length, spectrum.length);
      // A product rounds n + 2 times, its difference n + 8 times over half a step of 0.003.
      const n = spectrum.length, size = Math.max(...spectrum.map(Math.abs));
      const off = (matrix === "hessian" ? n + 8 : 2 * n + 4) * unitRoundoff * n * size;
      values.forEach((value, i) => {
        const distance = Math.min(...different.map((other) => Math.abs(other - value)));
        assertLessOrEqual(distance, bounds[i] + off, `${matrix} of ${spectrum}`);
      });
      assertAlmostEquals(values[0], spectrum[0], off);
      assertAlmostEquals(weights.reduce((a, b) => a + b), 1, 1e-12);
    }
  }
});

gpuTest(
  "lanczos() finds no eigenvalue twice where some lie far apart from others",
  async (bench) => {
    // Products are nearly within the vectors so far: what is left of them has lost most of its digits.
    const spectrum = [1024, 1023, 1022, 4, 3, 2, 1, 0.5];
    const [{ values }] = await spectra(bench, { ...bowl(spectrum), matrix: "gauss-newton" });
    const off = (2 * 8 + 4) * unitRoundoff * 8 * 1024;
    assertEquals(values.length, 8);
    values.forEach((value, i) => assertAlmostEquals(value, spectrum[i], off));
  },
);

gpuTest("lanczos() of more steps than parameters takes as many as these", async (bench) => {
  const n = 17;
  const spectrum = Array.from({ length: n }, (_, i) => 2 ** (1 - i / 4));
  const [{ values, bounds }] = await spectra(
    bench,
    { ...bowl(spectrum), matrix: "gauss-newton" },
    2 ** 40,
  );
  assertEquals(values.length, n);
  const off = (2 * n + 4) * unitRoundoff * n * spectrum[0];
  values.forEach((value, i) => assertAlmostEquals(value, spectrum[i], bounds[i] + off));
});

gpuTest("lanczos() of a network has the bits that it has alone; NaN harms none", async (bench) => {
  for (const name of names) {
    const curved = networks[name];
    const options = { model: curved.model(bench), cases: curved.all, blockCases: 4 };
    const replicas = [1, 2, 3].map((seed) => ({ seed, theta: curved.theta(seed) }));
    for (const matrix of curvatureMatrices) {
      const together = await spectra(bench, { ...options, matrix, replicas }, 6);
      for (const [r, one] of replicas.entries()) {
        const alone = await spectra(bench, { ...options, matrix, replicas: [one] }, 6);
        assertEquals(alone, [together[r]]);
      }
      const odd = replicas.map(({ seed, theta }, r) => (
        { seed, theta: theta.map((values) => r === 1 ? values.with(0, Infinity) : values) }
      ));
      const [first, second, third] = await spectra(bench, { ...options, matrix, replicas: odd }, 6);
      assertEquals([first, third], [together[0], together[2]]);
      const none = Array(6).fill(NaN);
      assertEquals(second, { matrix, values: none, bounds: none, weights: none, shares: [] });
    }
  }
});

gpuTest("lanczos() that no vector was left to leaves a curvature as it was", async (bench) => {
  const curvature = bench.take(
    await Curvature.open(bench.gpu, { ...bowl([0, 0, 0]), matrix: "gauss-newton" }),
  );
  await lanczos(curvature);
  curvature.draw(0, "uniform");
  await curvature.multiply();
  assertEquals(await curvature.product.read(0), [new Float32Array(3)]);
});

gpuTest("lanczos() gives its vectors back, and is the same again", async (bench) => {
  const { classifier: curved } = networks;
  const curvature = bench.take(
    await Curvature.open(bench.gpu, {
      ...{ matrix: "gauss-newton", model: curved.model(bench), cases: curved.all, blockCases: 5 },
      replicas: [{ seed: 1, theta: curved.theta(1) }],
    }),
  );
  const before = bench.gpu.allocatedBytes;
  const first = await lanczos(curvature);
  assertEquals(bench.gpu.allocatedBytes, before);
  assertEquals(await lanczos(curvature), first);
  for (const steps of [0, -1, 1.5, NaN, Infinity]) {
    await assertRejects(
      () => lanczos(curvature, { steps }),
      InputError,
      `a whole number of steps from 1 on, not ${steps}`,
    );
  }
});
