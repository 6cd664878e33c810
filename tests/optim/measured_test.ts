import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { elementwise, InputError, type Measured, measured, type Optimizer } from "../../mod.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, oddShapes, openOn, train } from "./tensors.ts";

const plain: Measured = {
  sums: { square: "gradient * gradient", overlap: "gradient * mean" },
  initial: { norm: 0, updates: 0, before: -1 },
  body: `
    before = norm;
    norm = sqrt(square) + rate * 0 * overlap;
    updates += 1;`,
};

/** Steps of one length along a mean of the gradients, which a user may write. */
const mine = elementwise({
  name: "mine",
  states: { mean: "zeros" },
  scalars: ["rate", "beta"],
  measure: measured(plain),
  body: `
    mean = beta * mean + gradient / norm;
    parameters -= rate * mean;`,
});

const optimizer = (rate: number): Optimizer => ({
  name: "mine",
  family: mine,
  settings: { rate, beta: 0.5 },
});

gpuTest("a user's family measures, is reported, saved and gone on with", async (bench) => {
  const landscape = bowls(oddShapes);
  const trainer = await openOn(bench, landscape, [optimizer(0.1), optimizer(0.05)]);
  const theta = landscape.start.map(({ values }) => Float64Array.from(values));
  const mean = theta.map((t) => t.map(() => 0));
  const norms = [0];
  for await (const { update, replicas } of trainer.run({ updates: 6, every: 1, evalCases: 0 })) {
    const gradient = landscape.gradient(theta, update - 1);
    const norm = Math.hypot(...gradient.flatMap((t) => [...t]));
    gradient.forEach((t, k) =>
      t.forEach((g, i) => {
        mean[k][i] = 0.5 * mean[k][i] + g / norm;
        theta[k][i] -= 0.1 * mean[k][i];
      })
    );
    const { scalars } = replicas[0];
    assertAlmostEquals(scalars.norm, norm, 2e-6 * norm);
    assertAlmostEquals(scalars.before, norms[update - 1], 2e-6 * norm);
    assertEquals([scalars.updates, scalars.rate], [update, 0.1]);
    norms.push(norm);
  }
  const error = difference(await trainer.theta(0), theta);
  assertEquals(error < 2e-6, true, `${error}`);

  const former = await openOn(bench, landscape, [optimizer(0.1), optimizer(0.05)]);
  await train(former, 2);
  const from = await former.save();
  assertEquals(from.replicas[1].measured?.updates, 2);
  const resumed = await openOn(bench, landscape, [optimizer(0.1), optimizer(0.05)], { from });
  await train(resumed, 6);
  for (const r of [0, 1]) assertEquals(await resumed.theta(r), await trainer.theta(r));
  const alone = await openOn(bench, landscape, [optimizer(0.05)]);
  await train(alone, 6);
  assertEquals(await alone.theta(), await trainer.theta(1));
});

Deno.test("measured() refuses names that are taken, stand twice or are not used", () => {
  const refused = (given: Partial<Measured>, message: string) =>
    assertThrows(() => measured({ ...plain, ...given }), InputError, message);
  refused({ initial: { norm: 0, square: 0 } }, 'measured() names "square" twice');
  refused({ sums: { ...plain.sums, loop: "gradient" } }, "a word that WGSL keeps for itself");
  refused({ sums: { ...plain.sums, sqrt: "gradient" } }, "is a function that its body calls");
  refused(
    { sums: { ...plain.sums, total: "gradient" } },
    'does not use "total": use it, or leave it out of sums and initial numbers',
  );
  refused({ initial: { ...plain.initial, length: 0 } }, 'does not use "length"');
  refused({ initial: { ...plain.initial, norm: NaN } }, "norm must be a finite number at first");
  refused({ sums: {}, initial: {} }, "measured() has no number to measure");
  refused(
    { told: ["norm", "square"] },
    'tells of "square", which it does not measure: tell of norm',
  );
});

gpuTest("a family whose numbers cannot be measured is refused at open()", async (bench) => {
  const refused = async (given: Partial<Measured>, message: string) => {
    const family = { ...mine, measure: measured({ ...plain, ...given }) };
    const { allocatedBytes } = bench.gpu;
    await assertRejects(
      () => openOn(bench, bowls(oddShapes), [{ ...optimizer(0.1), family }]),
      InputError,
      message,
    );
    assertEquals(bench.gpu.allocatedBytes, allocatedBytes);
  };
  const { body } = plain;
  await refused({ body: `${body}\nnorm = missing;` }, "measured(): line 5, column 8 of its body");
  await refused({ sums: { ...plain.sums, overlap: "missing * mean" } }, "of its sums");
  await refused(
    { sums: { square: "gradient * gradient", overlap: "vec4f()", rate: "mean" }, body },
    'measured() names "rate" twice',
  );
});
