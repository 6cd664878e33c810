// Where implementations of these methods are known to go wrong, or ours could.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { adamW } from "../../core/optim/adamw.ts";
import { adEMAMixFamily } from "../../core/optim/ademamix.ts";
import { lion } from "../../core/optim/lion.ts";
import { nadamW } from "../../core/optim/nadamw.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { bowls, difference, type Landscape, oddShapes, openOn, train } from "./tensors.ts";

gpuTest("Lion marks a gradient that is not finite, which its sign would hide", async (bench) => {
  const bowl = bowls([{ rows: 5, columns: 3 }, { rows: 1, columns: 3, bias: true }]);
  const broken: Landscape = {
    start: bowl.start,
    gradient: (point, t) => {
      const gradient = bowl.gradient(point, t);
      gradient[1][2] = Infinity;
      return gradient;
    },
  };
  const trainer = await openOn(bench, broken, [lion()]);
  await train(trainer, 2);
  assertEquals(await trainer.divergedAt(), [1]);
});

gpuTest("NAdamW goes on from AdamW's means with steps of AdamW's length", async (bench) => {
  const landscape = bowls(oddShapes);
  const settings = { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, weightDecay: 0 };
  const former = await openOn(bench, landscape, [adamW(settings)]);
  await train(former, 30);
  const before = await former.theta();
  const optimizer = nadamW({ ...settings, psi: 1 });
  const other = await openOn(bench, landscape, [optimizer], { from: await former.save() });
  await train(other, 31);
  // Far from the minimum both move by the learning rate.
  const step = difference(await other.theta(), before);
  assertLessOrEqual(step, 1.5 * settings.learningRate);
});

Deno.test("AdEMAMix's slow beta rises from beta1 to beta3, and never to 1", () => {
  const compute = (beta3: number, update: number) => {
    const settings = { learningRate: 1, beta1: 0.9, beta2: 0.99, alpha: 5, warmUp: 4 };
    const all = { ...settings, beta3, epsilon: 1e-8, weightDecay: 0 };
    return adEMAMixFamily.compute(all, all, adEMAMixFamily.running!, update).scalars;
  };
  for (const beta3 of [0.999, 1 - 1e-9, 1 - 2 ** -53]) {
    const rising = [0, 1, 2, 3].map((update) => compute(beta3, update));
    const betas = [0.9, ...rising.map(({ beta3 }) => beta3)];
    assertEquals(betas, betas.toSorted((a, b) => a - b));
    assertEquals(betas.every((beta) => beta < 1), true, `${betas}`);
    assertEquals(rising.every(({ rest3 }) => rest3 > 0), true);
    assertEquals(betas.at(-1), beta3);
  }
});
