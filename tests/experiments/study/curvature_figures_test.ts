import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { dot } from "../../../core/reference/conjugate_gradient.ts";
import { eigenvectorsOf } from "../../../core/reference/curvature.ts";
import { gradientTolerance } from "../../../core/reference/tolerance.ts";
import { angleFigures, meanAbsCosine } from "../../../experiments/study/angle_figures.ts";
import { minibatchFigures } from "../../../experiments/study/minibatch_figures.ts";
import { theoremFigures } from "../../../experiments/study/theorem_figures.ts";
import { gpuTest } from "../../gpu/fixture.ts";
import { exactMatrix, join, networks, probeOf, split } from "../../train/curved.ts";

/** What differences of gradients are off by, relative to the product. */
const productTolerance = 1e-3;

Deno.test("meanAbsCosine() is over the pairs of columns", () => {
  // Columns (1, 0), (1, 1), (-2, 0): 45 degrees, 180 and 135.
  const weights = [1, 1, -2, 0, 1, 0];
  assertAlmostEquals(
    meanAbsCosine(weights, { units: 3, inputs: 2 }),
    (1 + 2 * Math.SQRT1_2) / 3,
    1e-12,
  );
});

Deno.test("figures of angles leave biases and single units out", async () => {
  const tensors = [
    { name: "w", rows: 2, columns: 2 },
    { name: "b", rows: 1, columns: 2, isBias: true },
    { name: "last", rows: 2, columns: 1 },
    { name: "kernels 1", rows: 2, columns: 3 },
  ];
  const of = { gpu: undefined, model: { layout: { tensors } }, cases: 1, batchSize: 1, update: 0 };
  // A kernel a row: 60 degrees.
  const theta = [[3, 4, 0, 3], [5, 5], [1, 1], [1, 1, 0, 0, 1, 1]];
  const [figures] = await angleFigures.measure({ ...of, networks: [{ seed: 1, theta }] } as never);
  assertAlmostEquals(figures.meanAbsCosine, (4 / 5 + 1 / 2) / 2, 1e-12);
});

gpuTest("figures of theorem 2.1 are those of float64", async (bench) => {
  const curved = networks.autoencoder, seeds = [1, 2], mu = 0.9;
  const model = curved.model(bench), cases = curved.all;
  const drawn = seeds.map((seed) => {
    const theta = curved.theta(seed), probe = probeOf(model, seed, 5);
    // Longer than the step of a difference, so that the gradient is not linear along it.
    const v = probe.map((value) => Math.fround(value * 2 / Math.hypot(...probe)));
    return { seed, theta, v, momentum: { mu, velocity: model.layout.pack(split(v, theta)) } };
  });
  const still = { seed: 3, theta: curved.theta(3) };
  const found = await theoremFigures.measure({
    ...{ gpu: bench.gpu, model, cases, batchSize: 8, update: 7 },
    networks: [drawn[0], still, drawn[1]],
  });
  assertEquals(found[1], {});
  drawn.forEach(({ seed, theta, v }, r) => {
    const { theoremGap, sharpShare } = found[2 * r], start = join(theta);
    const gradient = curved.gradient(seed), linear = curved.product("hessian", seed)(v);
    const [ahead, here] = [gradient(start.map((x, i) => x + mu * v[i])), gradient(start)];
    const beyond = ahead.map((value, i) => value - here[i] - mu * linear[i]);
    const size = mu * Math.hypot(...linear), gap = Math.hypot(...beyond) / size;
    const off = gradientTolerance * (Math.hypot(...ahead) + Math.hypot(...here)) / size +
      productTolerance * (1 + gap);
    assertAlmostEquals(theoremGap, gap, off);
    assertLessOrEqual(off, gap / 4); // so that the test can fail
    const sharpest = eigenvectorsOf(exactMatrix("autoencoder", "hessian", seed)).slice(0, 10);
    const share = sharpest.reduce((sum, y) => sum + dot(v, y) ** 2 / dot(v, v), 0);
    // What the steps are enough for.
    assertAlmostEquals(sharpShare, share, 0.01 * share);
  });
});

gpuTest("figures of minibatches are those of float64", async (bench) => {
  const curved = networks.classifier, seeds = [1, 2], batchSize = 6, update = 10, n = 8;
  const found = await minibatchFigures.measure({
    ...{ gpu: bench.gpu, model: curved.model(bench), cases: curved.all, batchSize, update },
    networks: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
  });
  seeds.forEach((seed, r) => {
    const start = join(curved.theta(seed));
    const batches = Array.from(
      { length: n },
      (_, i) => ({ cases: batchSize, minibatch: update + i }),
    );
    const all = batches.map((batch) => curved.gradient(seed, batch)(start));
    const squares = all.map((g) => dot(g, g)), q = squares.reduce((a, b) => a + b) / n;
    const sharpness = batches.map((batch, i) =>
      dot(all[i], curved.product("hessian", seed, batch)(all[i])) / squares[i]
    );
    const mean = sharpness.reduce((a, b) => a + b) / n;
    assertAlmostEquals(found[r].batchSharpness, mean, productTolerance * Math.max(...sharpness));
    const pairs = all.flatMap((g, i) => all.map((other, j) => i === j ? 0 : dot(g, other)));
    const correlation = pairs.reduce((a, b) => a + b) / (n * q);
    const off = 2 * gradientTolerance * n;
    assertAlmostEquals(found[r].gradientCorrelation, correlation, off);
    const h = q * (1 + correlation) / n, variance = (q - h) * n / (n - 1);
    const signal = h - variance / n, scale = batchSize * variance / signal;
    assertAlmostEquals(found[r].noiseScale, scale, off * q / signal * (1 + Math.abs(scale)));
    assert(correlation > 10 * off && Math.abs(scale) > 10 * off);
  });
});

gpuTest("minibatches of all cases agree, and have no noise", async (bench) => {
  const curved = networks.classifier;
  const [figures] = await minibatchFigures.measure({
    ...{ gpu: bench.gpu, model: curved.model(bench), cases: 1, batchSize: curved.all, update: 3 },
    networks: [{ seed: 1, theta: curved.theta(1) }],
  });
  assertAlmostEquals(figures.gradientCorrelation, 7, 14 * gradientTolerance);
  assertAlmostEquals(figures.noiseScale, 0, 4 * gradientTolerance * curved.all);
});

gpuTest("figures of a network are those that it has alone; NaN harms none", async (bench) => {
  const curved = networks.classifier, model = curved.model(bench);
  const drawn = [1, 2, 3].map((seed) => {
    const theta = curved.theta(seed), v = probeOf(model, seed, 5);
    return { seed, theta, momentum: { mu: 0.9, velocity: model.layout.pack(split(v, theta)) } };
  });
  const odd = { ...drawn[1], theta: drawn[1].theta.map((values) => values.with(0, NaN)) };
  for (const group of [theoremFigures, minibatchFigures]) {
    const measure = (...networks: typeof drawn) =>
      group.measure({
        gpu: bench.gpu,
        model,
        cases: curved.all,
        batchSize: 5,
        update: 2,
        networks,
      });
    const together = await measure(...drawn);
    assertEquals(Object.keys(together[0]), Object.values(group.columns));
    for (const [r, one] of drawn.entries()) assertEquals(await measure(one), [together[r]]);
    const [first, second, third] = await measure(drawn[0], odd, drawn[2]);
    assertEquals([first, third], [together[0], together[2]]);
    assert(Object.values(second).every(Number.isNaN));
  }
});
