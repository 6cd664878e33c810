import { assert, assertEquals, assertLessOrEqual, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { glorot } from "../../core/init/glorot.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { gradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { MeanGradient } from "../../core/train/mean_gradient.ts";
import { quadratic } from "../../models/quadratic.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";
import { join, networks } from "./curved.ts";
import { open as openTrainer, replica } from "./training.ts";

/** A gradient that is freed after the test. */
async function open(bench: Bench, options: Parameters<typeof MeanGradient.open>[1]) {
  return bench.take(await MeanGradient.open(bench.gpu, options));
}

/** The gradients of all networks, as one vector each. */
async function take(gradient: MeanGradient): Promise<Float64Array[]> {
  await gradient.take();
  const { replicas: length } = gradient.vector;
  return await Promise.all(
    Array.from({ length }, async (_, r) => join(await gradient.vector.read(r))),
  );
}

gpuTest("MeanGradient of a quadratic is A theta + b", async (bench) => {
  for (const n of [1, 3, 17]) {
    // Eighths of small numbers: float32 has their sums and products as they are.
    const eighths = (length: number, stream: number) =>
      Array.from(draw(length, stream), (value) => Math.round(8 * value) / 8);
    const half = eighths(n * n, n), linear = eighths(n, n + 1);
    const matrix = Float64Array.from(half, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      return half[Math.max(i, j) * n + Math.min(i, j)];
    });
    const thetas = [eighths(n, n + 2), eighths(n, n + 3)];
    const gradient = await open(bench, {
      ...{ model: quadratic([{ matrix, linear }]), cases: 1 },
      replicas: thetas.map((theta) => ({ seed: 1, theta: [theta] })),
    });
    const exact = thetas.map((theta) =>
      Float64Array.from(
        linear,
        (b, i) => theta.reduce((sum, value, j) => sum + matrix[n * i + j] * value, b),
      )
    );
    assertEquals(await take(gradient), exact);
  }
});

for (const [name, curved] of Object.entries(networks)) {
  gpuTest(`MeanGradient of the ${name} is that of float64, wherever it is moved`, async (bench) => {
    for (const blockCases of [curved.all, 5]) {
      const gradient = await open(bench, {
        ...{ model: curved.model(bench), cases: curved.all, blockCases },
        replicas: [{ seed: 1, theta: curved.theta(1) }],
      });
      for (const at of [curved.theta(1), curved.theta(2)]) {
        gradient.move(0, at);
        const [made] = await take(gradient);
        const exact = curved.gradient(1)(join(at));
        assertLessOrEqual(relativeDifference(made, exact), gradientTolerance);
      }
    }
  });

  gpuTest(`MeanGradient of the ${name} has the bits that it has alone`, async (bench) => {
    const model = curved.model(bench), options = { model, cases: curved.all, blockCases: 3 };
    const replicas = [1, 2, 3].map((seed) => ({ seed, theta: curved.theta(seed) }));
    const together = await take(await open(bench, { ...options, replicas }));
    for (const [r, one] of replicas.entries()) {
      assertEquals(await take(await open(bench, { ...options, replicas: [one] })), [together[r]]);
    }
    const odd = replicas.map(({ seed, theta }, r) => (
      { seed, theta: theta.map((values) => r === 1 ? values.with(0, Infinity) : values) }
    ));
    const [first, second, third] = await take(await open(bench, { ...options, replicas: odd }));
    assertEquals([first, third], [together[0], together[2]]);
    assert(second.some(Number.isNaN));
  });
}

gpuTest("MeanGradient over some of the cases takes those that the seed chooses", async (bench) => {
  const { autoencoder: curved } = networks, seeds = [1, 2];
  const gradient = await open(bench, {
    ...{ model: curved.model(bench), cases: 13, blockCases: 4 },
    replicas: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
  });
  const made = await take(gradient);
  seeds.forEach((seed, r) => {
    const exact = curved.gradient(seed, 13)(join(curved.theta(seed)));
    assertLessOrEqual(relativeDifference(made[r], exact), gradientTolerance);
  });
});

gpuTest(
  "MeanGradient of minibatches takes those of the updates, past an epoch's end too",
  async (bench) => {
    const { classifier: curved } = networks, cases = 5, seeds = [1, 2];
    for (const blockCases of [cases, 2]) {
      const gradient = await open(bench, {
        ...{ model: curved.model(bench), cases, blockCases, minibatch: 0 },
        replicas: seeds.map((seed) => ({ seed, theta: curved.theta(seed) })),
      });
      // Update 3 takes the last two of 17 cases and three of the next epoch.
      for (const minibatch of [0, 3, 100]) {
        gradient.turnTo(minibatch);
        const made = await take(gradient);
        seeds.forEach((seed, r) => {
          const exact = curved.gradient(seed, { cases, minibatch })(join(curved.theta(seed)));
          assertLessOrEqual(relativeDifference(made[r], exact), gradientTolerance, `${minibatch}`);
        });
      }
    }
  },
);

gpuTest("MeanGradient.of() a trainer is what its next update goes along", async (bench) => {
  const { classifier: curved } = networks, model = curved.model(bench), learningRate = 0.5;
  const trainer = await openTrainer(bench, {
    ...{ model, batchSize: 5 },
    replicas: [1, 2].map((seed) => replica(seed, sgd({ learningRate }), glorot())),
  });
  for await (const { update } of trainer.run({ updates: 5, every: 4, evalCases: 0 })) {
    if (update > 4) break;
    const gradient = bench.take(await MeanGradient.of(trainer, { cases: 5, minibatch: update }));
    const before = await Promise.all([0, 1].map((r) => trainer.theta(r)));
    const made = await take(gradient);
    for await (const _ of trainer.run({ updates: update + 1, evalCases: 0 }));
    for (const r of [0, 1]) {
      const after = join(await trainer.theta(r)), start = join(before[r]);
      const moved = start.map((value, i) => Math.fround(value - learningRate * made[r][i]));
      assertLessOrEqual(relativeDifference(after, moved), gradientTolerance);
      assert(relativeDifference(after, start) > 100 * gradientTolerance);
    }
  }
});

gpuTest("MeanGradient refuses what it cannot take", async ({ gpu }) => {
  const model = quadratic([{ matrix: [1], linear: [0] }]);
  const whole = { model, cases: 1, replicas: [{ seed: 1, theta: [[1]] }] };
  for (
    const [given, message] of [
      [{ cases: 2 }, "gradient is taken over a whole number of train cases from 1 to 1, not 2"],
      [{ replicas: [] }, "gradient is that of a network: give a replica"],
      [{ blockCases: 0 }, "a block of the gradient has a whole number of cases from 1 on, not 0"],
      [{ minibatch: -1 }, "that of a whole number of an update from 0 on, not -1"],
      [{ minibatch: 0, split: "test" }, "no test cases to take the gradient over"],
    ] as const
  ) {
    const options = { ...whole, ...given };
    await assertRejects(() => MeanGradient.open(gpu, options), InputError, message);
  }
  const gradient = await MeanGradient.open(gpu, whole);
  assertThrows(() => gradient.turnTo(1), InputError, "open it with a minibatch");
  gradient.free();
});
