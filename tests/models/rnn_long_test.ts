import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Plan } from "../../core/gpu/plan.ts";
import { recurrentTape } from "../../models/rnn.ts";
import { sequenceFootprint, SequenceNetwork } from "../../models/sequence_network.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { gpuTest } from "../gpu/fixture.ts";
import { rnnLossAndGradient } from "../../core/reference/rnn.ts";
import { longGradientTolerance, relativeDifference } from "../../core/reference/tolerance.ts";
import { batchOf, gradientsOf, parametersOf, type RnnCase } from "./rnn_bench.ts";

const long: RnnCase = {
  ...{ inputs: 4, outputs: 3, loss: "cross-entropy", targets: "all" },
  ...{ steps: 1000, hidden: 100, batch: 2, replicas: 1 },
};

// In one piece the loop of a kernel would have more than 65,535 iterations: its end comes out wrong.
for (const timeLoop of ["kernel", "dispatch"] as const) {
  gpuTest(`SequenceNetwork gives the gradient over 1000 steps by a ${timeLoop}`, async (bench) => {
    const { gradients, losses } = await gradientsOf(bench, long, timeLoop);
    const exact = rnnLossAndGradient(long, parametersOf(long, 0), batchOf(long, 0));
    assertLessOrEqual(relativeDifference(losses, exact.caseLosses), longGradientTolerance);
    exact.gradient.forEach((tensor, i) =>
      assertLessOrEqual(relativeDifference(gradients[0][i], tensor), longGradientTolerance)
    );
  });
}

gpuTest("SequenceNetwork records as many dispatches for 20 steps as for 80", (bench) => {
  const dispatches = ([20, 80] as const).map((steps) => {
    const shape = { ...long, steps };
    const tape = recurrentTape(shape, "kernel");
    const { layout } = tape.tape;
    const extent = { replicas: 1, batch: 100 };
    const network = bench.take(new SequenceNetwork(bench.gpu, tape, { targets: "all" }, extent));
    const vector = () => bench.take(new Vector(bench.gpu, "test", layout, 1));
    const [parameters, gradient] = [vector(), vector()];
    const plan = new Plan(bench.gpu);
    const recording = network.at(parameters, network.lengths);
    recording.forward(plan);
    recording.backward(plan, gradient);
    return plan.length;
  });
  assertEquals(dispatches, [6, 6]);
});

gpuTest("sequenceFootprint() is what a network takes", ({ gpu }) => {
  if (gpu.operands === "textures") return; // whose buffers are whole rows of a mirror
  const before = gpu.allocatedBytes;
  const tape = recurrentTape(long, "kernel");
  const network = new SequenceNetwork(gpu, tape, { targets: "all" }, { replicas: 1, batch: 9 });
  assertEquals(gpu.allocatedBytes - before, sequenceFootprint(tape, { targets: "all" }, 9).total);
  network.free();
});
