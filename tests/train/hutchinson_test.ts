import { assertAlmostEquals, assertEquals, assertLessOrEqual, assertRejects } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { dot } from "../../core/reference/conjugate_gradient.ts";
import { gradientTolerance } from "../../core/reference/tolerance.ts";
import { Curvature } from "../../core/train/curvature.ts";
import { curvatureMatrices } from "../../core/train/curvature_matrix.ts";
import { hutchinson, type TraceEstimate } from "../../core/train/hutchinson.ts";
import { quadratic } from "../../models/quadratic.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { exactMatrix, networks, probeOf } from "./curved.ts";

/** What hutchinson() tells of a curvature that is freed after the test. */
async function traces(
  bench: Bench,
  options: Parameters<typeof Curvature.open>[1],
  samples?: number,
): Promise<TraceEstimate[]> {
  const curvature = bench.take(await Curvature.open(bench.gpu, options));
  return await hutchinson(curvature, { ...samples !== undefined && { samples } });
}

gpuTest("hutchinson() of a diagonal matrix is its trace, without error", async (bench) => {
  const n = 17;
  const eighths = Array.from(draw(n, 1), (value) => Math.round(8 * value) / 8);
  const matrix = new Float64Array(n * n).map((_, at) => at % (n + 1) === 0 ? eighths[at % n] : 0);
  const [estimate] = await traces(bench, {
    ...{ matrix: "gauss-newton", cases: 1 },
    model: quadratic([{ matrix, linear: new Float64Array(n) }]),
    replicas: [{ seed: 1, theta: [new Float64Array(n)] }],
  });
  const trace = eighths.reduce((a, b) => a + b);
  assertEquals(estimate, { matrix: "gauss-newton", trace, standardError: 0 });
});

gpuTest("hutchinson() is the mean of z'Az over the signs of probes", async (bench) => {
  const samples = 7;
  for (const name of ["classifier", "recurrent"] as const) {
    const curved = networks[name], model = curved.model(bench);
    for (const matrix of curvatureMatrices) {
      const A = exactMatrix(name, matrix, 1);
      const forms = Array.from({ length: samples }, (_, sample) => {
        const z = probeOf(model, 1, sample).map(Math.sign);
        return dot(z, z.map((_, i) => dot(A.subarray(z.length * i, z.length * (i + 1)), z)));
      });
      const mean = forms.reduce((a, b) => a + b) / samples;
      const variance = forms.reduce((sum, form) => sum + (form - mean) ** 2, 0) / (samples - 1);
      const [found] = await traces(bench, {
        ...{ matrix, model, cases: curved.all, blockCases: 4 },
        replicas: [{ seed: 1, theta: curved.theta(1) }],
      }, samples);
      // A product is off by so much of its norm, at most |A|, and a form so by |z|^2 as much.
      const norm = Math.sqrt(dot(A, A)), n = Math.sqrt(A.length);
      const off = { "gauss-newton": gradientTolerance, hessian: 1e-3 }[matrix] * norm * n;
      assertAlmostEquals(found.trace, mean, off, `${name}, ${matrix}`);
      assertAlmostEquals(found.standardError, Math.sqrt(variance / samples), off);
    }
  }
});

gpuTest("hutchinson() comes as near to the trace as its error says", async (bench) => {
  const samples = 100;
  const curved = networks.classifier, model = curved.model(bench);
  const seeds = [1, 2, 3];
  const found = await traces(bench, {
    ...{ matrix: "gauss-newton", model, cases: curved.all },
    replicas: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
  }, samples);
  seeds.forEach((seed, r) => {
    const A = exactMatrix("classifier", "gauss-newton", seed), n = Math.sqrt(A.length);
    const trace = A.reduce((sum, value, at) => at % (n + 1) === 0 ? sum + value : sum, 0);
    const beside = A.reduce((sum, value, at) => at % (n + 1) === 0 ? sum : sum + value ** 2, 0);
    const deviation = Math.sqrt(2 * beside / samples);
    // The seeds are fixed; five standard deviations, and an error that is itself good to 1/sqrt(2 n).
    assertAlmostEquals(found[r].trace, trace, 5 * deviation);
    assertAlmostEquals(found[r].standardError, deviation, 5 * deviation / Math.sqrt(samples));
    assertLessOrEqual(deviation, trace / 20); // so that the test can fail
  });
});

gpuTest(
  "hutchinson() of a network has the bits that it has alone; NaN harms none",
  async (bench) => {
    for (const curved of Object.values(networks)) {
      const options = { model: curved.model(bench), cases: curved.all, blockCases: 4 };
      const replicas = [1, 2, 3].map((seed) => ({ seed, theta: curved.theta(seed) }));
      for (const matrix of curvatureMatrices) {
        const together = await traces(bench, { ...options, matrix, replicas }, 3);
        for (const [r, one] of replicas.entries()) {
          const alone = await traces(bench, { ...options, matrix, replicas: [one] }, 3);
          assertEquals(alone, [together[r]]);
        }
        const odd = replicas.map(({ seed, theta }, r) => (
          { seed, theta: theta.map((values) => r === 1 ? values.with(0, NaN) : values) }
        ));
        const [first, second, third] = await traces(
          bench,
          { ...options, matrix, replicas: odd },
          3,
        );
        assertEquals([first, third], [together[0], together[2]]);
        assertEquals(second, { matrix, trace: NaN, standardError: NaN });
      }
    }
  },
);

gpuTest("hutchinson() refuses fewer than two samples", async (bench) => {
  const curved = networks.classifier;
  const curvature = bench.take(
    await Curvature.open(bench.gpu, {
      ...{ matrix: "hessian", model: curved.model(bench), cases: curved.all, blockCases: 5 },
      replicas: [{ seed: 1, theta: curved.theta(1) }],
    }),
  );
  for (const samples of [0, 1, 2.5, NaN, Infinity]) {
    await assertRejects(
      () => hutchinson(curvature, { samples }),
      InputError,
      `a whole number of samples from 2 on, not ${samples}`,
    );
  }
});
