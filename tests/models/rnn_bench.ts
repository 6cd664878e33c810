// A recurrent network with sequences at random, on the GPU and for the float64 reference alike.

import { echoState } from "../../core/init/echo_state.ts";
import { pad, type Tensor } from "../../core/gpu/tensor.ts";
import type { RecurrenceLayout, TimeLoop } from "../../core/ops/recurrence.ts";
import { sequenceLoss } from "../../core/ops/sequence_loss.ts";
import { Vector } from "../../core/gpu/vector.ts";
import { Purpose, RandomStream } from "../../core/random.ts";
import { recurrentTape } from "../../models/rnn.ts";
import { SequenceNetwork } from "../../models/sequence_network.ts";
import { type Bench, draw } from "../gpu/fixture.ts";
import type { Rnn, SequenceBatch } from "../../core/reference/rnn.ts";

/** Sizes of the network and its sequences. */
export interface RnnCase extends Rnn {
  steps: number;
  batch: number;
  replicas: number;
  targets: "last" | "all";
}

/** Parameters of a replica, exact in float32: echo-state weights, and biases that differ. */
export function parametersOf({ inputs, hidden, outputs }: Rnn, replica: number): Float64Array[] {
  const initializer = echoState({ fanIn: Math.min(15, hidden), inputScale: 0.3, outputScale: 0.3 });
  const layer = (role: "input" | "recurrent" | "output", fanIn: number, fanOut: number) =>
    initializer({ role, fanIn, fanOut, random: new RandomStream(7, Purpose.weights, replica) })
      .weights;
  return [
    layer("input", inputs, hidden),
    layer("recurrent", hidden, hidden),
    Float64Array.from(draw(hidden, 10 + replica), (bias) => 0.1 * bias),
    layer("output", hidden, outputs),
    Float64Array.from(draw(outputs, 20 + replica)),
  ].map((tensor) => tensor.map(Math.fround));
}

/** Sequences of a replica: of different lengths, with one-hot targets. */
export function batchOf(given: RnnCase, replica: number): SequenceBatch {
  const { steps, batch, inputs, outputs, targets } = given;
  const rows = targets === "last" ? batch : steps * batch;
  const wanted = draw(rows, 40 + replica);
  return {
    inputs: Float64Array.from(draw(steps * batch * inputs, 30 + replica)),
    targets: new Float64Array(rows * outputs).map((_, i) =>
      i % outputs === Math.floor((wanted[Math.floor(i / outputs)] + 1) / 2 * outputs) ? 1 : 0
    ),
    lengths: Array.from({ length: batch }, (_, i) => Math.max(1, steps - i % 3)),
  };
}

/** A network whose sequences and targets are those of {@linkcode batchOf}. */
export function networkOf(
  bench: Bench,
  given: RnnCase,
  timeLoop: TimeLoop | RecurrenceLayout,
): SequenceNetwork {
  const { gpu } = bench;
  const { replicas, batch } = given;
  const network = bench.take(
    new SequenceNetwork(gpu, recurrentTape(given, timeLoop), given, { replicas, batch }),
  );
  const batches = Array.from({ length: replicas }, (_, r) => batchOf(given, r));
  const fill = (to: Tensor, values: number[]) => gpu.write(to.buffer, pad(to, values));
  fill(network.inputs, batches.flatMap(({ inputs }) => [...inputs]));
  fill(network.targets, batches.flatMap(({ targets }) => [...targets]));
  const rows = network.inputs.stepStride / network.inputs.stride;
  gpu.write(
    network.lengths,
    Uint32Array.from(
      batches.flatMap(({ lengths }) => Array.from({ length: rows }, (_, i) => lengths[i] ?? 0)),
    ),
  );
  return network;
}

/** Losses [R, B] and the tensors of each replica's gradient. */
export async function gradientsOf(
  bench: Bench,
  given: RnnCase,
  timeLoop: TimeLoop | RecurrenceLayout,
): Promise<{ losses: Float32Array; gradients: Float32Array[][] }> {
  const { replicas, batch, loss } = given;
  const network = networkOf(bench, given, timeLoop);
  const [parameters, gradient] = ["parameters", "gradient"]
    .map((label) => bench.take(new Vector(bench.gpu, label, network.tape.layout, replicas)));
  const all = Array.from({ length: replicas }, (_, r) => r);
  all.forEach((r) => parameters.write(r, parametersOf(given, r)));
  const caseLoss = bench.buffer(new Float32Array(replicas * batch));
  bench.run((plan) => {
    const recording = network.at(parameters, network.lengths);
    recording.forward(plan);
    const { outputs: z, targets, lengths, outputDeltas: delta } = network;
    sequenceLoss(plan, { loss, z, targets, lengths }, { delta, caseLoss });
    recording.backward(plan, gradient);
  });
  return {
    losses: (await bench.floats(caseLoss)).subarray(0, replicas * batch),
    gradients: await Promise.all(all.map((r) => gradient.read(r))),
  };
}
