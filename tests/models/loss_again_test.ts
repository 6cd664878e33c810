// A second pass over the same cases: the loss alone is that of the gradient's pass, to the bit.

import { assert, assertEquals } from "@std/assert";
import { Vector } from "../../core/gpu/vector.ts";
import type { Model } from "../../core/graph/model.ts";
import { examples } from "../../core/data/examples.ts";
import { labelSmoothing } from "../../core/graph/losses.ts";
import { network } from "../../core/graph/network.ts";
import { glorot } from "../../core/init/glorot.ts";
import { dense } from "../../core/layers/dense.ts";
import { noise } from "../../core/layers/noise.ts";
import { sequential } from "../../core/layers/sequential.ts";
import { seedKey } from "../../core/random.ts";
import { classifier } from "../../models/classifier.ts";
import { quadratic } from "../../models/quadratic.ts";
import { rnn } from "../../models/rnn.ts";
import { markedTask, memorizationTask } from "../../models/problems/sequence_tasks.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";

const targets = Array.from({ length: 20 }, (_, i) => i % 3);
const models: Record<string, () => Model> = {
  "a classifier that drops units": () =>
    classifier({
      ...{ hidden: [16], dropout: 0.5 },
      train: { inputs: { data: draw(20 * 4, 1), width: 4 }, targets },
    }),
  "a network with noise": () =>
    network({
      source: examples({ train: { inputs: { data: draw(20 * 4, 1), width: 4 }, targets } }),
      layers: sequential(noise(0.5), dense({ units: 7 }), noise(0.5), dense({ units: 3 })),
      loss: labelSmoothing(0.1),
    }),
  "rnn(), squared error": () =>
    rnn({ hidden: 5, task: markedTask({ problem: "add", length: 10 }) }),
  "rnn(), cross-entropy": () =>
    rnn({ hidden: 5, task: memorizationTask({ symbols: 2, items: 3, length: 5 }) }),
  quadratic: () => quadratic([{ matrix: [2, 1, 1, 3], linear: [1, -1] }]),
};

for (const [name, make] of Object.entries(models)) {
  gpuTest(`recordLoss() is the loss of recordGradient(): ${name}`, async (bench) => {
    const { gpu } = bench;
    const [replicas, batch] = [2, name === "quadratic" ? 1 : 9];
    const model = make();
    const [parameters, gradient] = [0, 1].map(() =>
      bench.take(new Vector(gpu, "test", model.layout, replicas))
    );
    for (let r = 0; r < replicas; r++) parameters.write(r, model.initialValues(r + 1, glorot()));
    const graph = bench.take(model.build(gpu, { replicas, batch, order: [0, 0] }));
    const seeds = bench.buffer(Uint32Array.from([1, 2].flatMap(seedKey)));
    const [first, second] = [0, 1].map(() => bench.buffer(new Float32Array(replicas * batch)));
    const row = { position: 9, update: 3 };
    bench.run((plan) => {
      graph.recordCases(plan, { seeds });
      graph.recordGradient(plan, { parameters, gradient, seeds, caseLoss: first });
    }, row);
    bench.run((plan) => graph.recordLoss(plan, { parameters, seeds, caseLoss: second }), row);
    const losses = await bench.floats(first);
    assertEquals(await bench.floats(second), losses);
    assert(losses.subarray(0, replicas * batch).every((loss) => loss !== 0));
  });
}
