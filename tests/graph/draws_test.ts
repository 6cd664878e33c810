// What layers draw is a case's own: the same in every pass of an update, in blocks of any size, and
// beside any other network.

import { assertEquals, assertNotEquals } from "@std/assert";
import { examples } from "../../core/data/examples.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { BlockedBatch } from "../../core/graph/blocked_batch.ts";
import { squaredError } from "../../core/graph/losses.ts";
import { network } from "../../core/graph/network.ts";
import type { Layer } from "../../core/graph/tape.ts";
import { dense } from "../../core/layers/dense.ts";
import { dropout } from "../../core/layers/dropout.ts";
import { noise } from "../../core/layers/noise.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { seedKey } from "../../core/random.ts";
import { type Bench, draw, gpuTest } from "../gpu/fixture.ts";

const [cases, width] = [24, 40];

/** Cases that are all alike: they differ by what is drawn alone. */
function modelOf(layer: Layer) {
  const inputs = { data: new Float32Array(cases * width).fill(1), width };
  return network({
    source: examples({ train: { inputs, targets: new Float32Array(cases) } }),
    layers: sequential(layer, dense({ units: 1 })),
    loss: squaredError,
  });
}

interface Setting {
  layer: Layer;
  seeds: readonly number[];
  update: number;
  blockCases: number;
  pass: "recordLoss" | "recordGradient";
}

/** The losses of all cases by network. */
async function losses(bench: Bench, setting: Setting): Promise<Float32Array[]> {
  const { layer, seeds, update, blockCases, pass } = setting;
  const { gpu } = bench;
  const replicas = seeds.length;
  const model = modelOf(layer);
  const vector = (layout = model.layout) => bench.take(new Vector(gpu, "test", layout, replicas));
  const [parameters, gradient] = [vector(), vector()];
  seeds.forEach((_, r) => parameters.write(r, [draw(width, 1), [0]]));
  const batch = bench.take(
    new BlockedBatch(gpu, model, { replicas, cases, blockCases, keeps: false }),
  );
  const list = vector(batch.listLayout);
  const keys = bench.buffer(Uint32Array.from(seeds.flatMap(seedKey)));
  const plans = batch.plans((plan, block) => {
    block.graph.recordCases(plan, { seeds: keys });
    batch.recordLosses(plan, block, list, (caseLoss) => {
      block.graph[pass](plan, { parameters, gradient, seeds: keys, caseLoss });
    });
  });
  for (const plan of new Set(plans)) bench.take(plan.seal());
  batch.blocks.forEach(({ first }, b) => {
    bench.step(plans[b], { update, slot: first, position: first });
  });
  return await Promise.all(seeds.map(async (_, r) => (await list.read(r))[0]));
}

for (const [name, layer] of [["noise", noise(0.5)], ["dropout", dropout(0.5)]] as const) {
  gpuTest(`${name}: the draws of an update are a case's own, in every pass`, async (bench) => {
    const batch = { blockCases: cases, pass: "recordLoss" } as const;
    const one: Setting = { layer, seeds: [7, 8, 7], update: 3, ...batch };
    const all = await losses(bench, one);
    assertEquals(all[2], all[0]);
    assertNotEquals(all[1], all[0]);
    assertEquals(new Set(all[0]).size, cases, "cases that are alike");
    for (const blockCases of [1, 7, 10]) {
      assertEquals(await losses(bench, { ...one, blockCases }), all, `blocks of ${blockCases}`);
    }
    assertEquals(await losses(bench, { ...one, pass: "recordGradient" }), all);
    assertEquals(await losses(bench, { ...one, seeds: [8] }), [all[1]]);
    const later = await losses(bench, { ...one, update: 4 });
    assertEquals(later[0].filter((loss) => all[0].includes(loss)).length, 0);
  });
}
