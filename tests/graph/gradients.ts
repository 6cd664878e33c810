// A network of one replica with its first parameters, and its gradient as a trainer records it.

import { network, type NetworkOptions } from "../../core/graph/network.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { glorot } from "../../core/init/glorot.ts";
import { seedKey } from "../../core/random.ts";
import type { Bench } from "../gpu/fixture.ts";

/** Gradients at one point, recorded by a graph as a trainer does. */
export async function gradientOf(bench: Bench, options: NetworkOptions, batch = 12) {
  const { gpu } = bench;
  const model = network(options);
  const [parameters, gradient] = [0, 1].map(() =>
    bench.take(new Vector(gpu, "test", model.layout, 1))
  );
  parameters.write(0, model.initialValues(3, glorot()));
  const graph = bench.take(model.build(gpu, { replicas: 1, batch }));
  const seeds = bench.buffer(Uint32Array.from(seedKey(3)));
  const caseLoss = bench.buffer(new Float32Array(batch));
  bench.run((plan) => {
    graph.recordCases(plan, { seeds });
    graph.recordGradient(plan, { parameters, gradient, seeds, caseLoss });
  }, { position: 0 });
  return {
    ...{ model, graph, parameters, seeds },
    gradient: (await gradient.read(0)).map((tensor) => [...tensor]).flat(),
    losses: (await bench.floats(caseLoss)).subarray(0, batch),
  };
}
