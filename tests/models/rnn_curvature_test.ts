import { assertAlmostEquals, assertLessOrEqual } from "@std/assert";
import { Vector } from "../../core/gpu/vector.ts";
import { Recording } from "../../core/graph/recording.ts";
import { sequenceCurvature } from "../../core/ops/sequence_loss.ts";
import * as reference from "../../core/reference/layers.ts";
import { softmaxCurvature, squaredErrorCurvature } from "../../core/reference/losses.ts";
import { draw, gpuTest } from "../gpu/fixture.ts";
import { batchOf, networkOf, parametersOf, type RnnCase } from "./rnn_bench.ts";

const lastStep = { inputs: 2, outputs: 1, loss: "squared-error", targets: "last" } as const;
const everyStep = { inputs: 4, outputs: 3, loss: "cross-entropy", targets: "all" } as const;

/** Networks, and the factor of their structural damping. */
const cases: (RnnCase & { damping?: number })[] = [
  { ...lastStep, steps: 17, hidden: 9, batch: 7, replicas: 1 },
  { ...lastStep, steps: 17, hidden: 9, batch: 7, replicas: 1, damping: 0.75 },
  { ...everyStep, steps: 12, hidden: 129, batch: 3, replicas: 1, damping: 0.5 },
  { ...everyStep, steps: 17, hidden: 9, batch: 7, replicas: 1 },
  { ...lastStep, targets: "all", steps: 3, hidden: 5, batch: 1, replicas: 1 },
  { ...everyStep, targets: "last", steps: 5, hidden: 17, batch: 3, replicas: 1 },
  { ...everyStep, loss: "mean-squared-error", steps: 17, hidden: 9, batch: 3, replicas: 1 },
];

for (const given of cases) {
  const { steps, hidden, batch, loss, targets, damping = 0 } = given;
  const name = `${loss}, targets ${targets}, T ${steps}, damping ${damping}`;
  gpuTest(`v'Gv of a recurrent network against float64, and symmetric: ${name}`, async (bench) => {
    const network = networkOf(bench, given, "kernel");
    const { layout } = network.tape;
    const take = () => bench.take(new Vector(bench.gpu, "test", layout, 1));
    const [parameters, direction, product] = [take(), take(), take()];
    parameters.write(0, parametersOf(given, 0));
    const recording = new Recording(network.tape, network.output, network.buffers, {
      ...{ parameters, seeds: network.lengths, isTraining: true, leavesOutput: true },
      ...damping > 0 && { structuralDamping: bench.buffer(Float32Array.of(damping)) },
    });
    bench.run((plan) => recording.forward(plan));
    const drawn = [1, 2].map((stream) =>
      layout.tensors.map(({ rows, columns }, t) => draw(rows * columns, 100 * stream + t))
    );
    const made: Float32Array[][] = [];
    for (const tensors of drawn) {
      direction.write(0, tensors);
      bench.run((plan) => {
        recording.tangents(plan, direction);
        const { outputs: z, outputDeltas: out, buffers, output } = network;
        const tangent = buffers.tangent(output)!;
        const { targets, lengths } = network;
        sequenceCurvature(plan, { z, loss, targets, lengths }, { tangent, out });
        recording.backward(plan, product);
      });
      made.push(await product.read(0));
    }
    const dot = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]) =>
      a.reduce((sum, values, t) => sum + dotOf(values, b[t]), 0);
    const layer = reference.recurrent(hidden, { steps });
    const layers = reference.sequential(layer, reference.dense(given.outputs));
    const batchData = batchOf(given, 0);
    const x = Float64Array.from(batchData.inputs, Math.fround);
    const point = layers.at(x, steps * batch, parametersOf(given, 0));
    const v = drawn[0].map((values) => Float64Array.from(values));
    const Jv = point.tangent(new Float64Array(x.length), v);
    const curved = loss === "cross-entropy"
      ? softmaxCurvature(point.y, Jv, steps * batch).map((value) => value * steps)
      : squaredErrorCurvature(point.y, Jv, "linear", batch);
    const terms = (length: number) => loss === "mean-squared-error" ? length * given.outputs : 1;
    // Of all steps (1 - h^2) dz^2 with dh = (1 - h^2) dz.
    const below = layer.at(x, steps * batch, parametersOf(given, 0));
    const dh = below.tangent(new Float64Array(x.length), v);
    const structural = dh.reduce((sum, dh, i) => sum + dh * dh / (1 - below.y[i] ** 2), 0);
    // Of the steps that have a target.
    const wanted = damping / batch * structural + curved.reduce((sum, value, i) => {
      const row = Math.floor(i / given.outputs);
      const [t, length] = [Math.floor(row / batch), batchData.lengths[row % batch]];
      const counts = targets === "last" ? t + 1 === length : t < length;
      return sum + (counts ? value * Jv[i] / terms(length) : 0);
    }, 0);
    assertLessOrEqual(Math.abs(dot(drawn[0], made[0]) - wanted), 1e-5 * wanted);
    const norms = Math.sqrt(dot(drawn[1], drawn[1]) * dot(made[0], made[0]));
    assertAlmostEquals(dot(drawn[1], made[0]), dot(drawn[0], made[1]), 1e-5 * norms);
  });
}

function dotOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
}
