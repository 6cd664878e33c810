import type { Gpu } from "../core/gpu/gpu.ts";
import { Plan } from "../core/gpu/plan.ts";
import { type TimeLoop, timeLoops } from "../core/ops/recurrence.ts";
import { Vector } from "../core/gpu/vector.ts";
import type { Extent } from "../core/graph/model.ts";
import { recurrentTape } from "./rnn.ts";
import { checkTask, SequenceNetwork } from "./sequence_network.ts";
import { checkCount, type SequenceTask } from "./problems/sequence_tasks.ts";

/** Replays that are timed, of which the fastest counts. */
const REPLAYS = 3;

/**
 * The {@linkcode TimeLoop} that is faster on this adapter for so many networks and sequences, found
 * by timing both. It changes no bit of what a network learns.
 *
 * Throws an {@linkcode InputError} for a number of units, networks or sequences that is none.
 *
 * ```ts
 * import { fastestTimeLoop, markedTask, openGPU } from "../mod.ts";
 *
 * using gpu = await openGPU();
 * const task = markedTask({ problem: "add", length: 10 });
 * const extent = { replicas: 1, batch: 8 };
 * console.log(await fastestTimeLoop(gpu, { hidden: 8, task }, extent)); // kernel or dispatch
 * ```
 */
export async function fastestTimeLoop(
  gpu: Gpu,
  network: { hidden: number; task: SequenceTask },
  extent: Extent,
): Promise<TimeLoop> {
  checkCount("number of hidden units", network.hidden);
  checkTask(network.task);
  checkCount("number of replicas", extent.replicas);
  checkCount("batch size", extent.batch);
  const times: { timeLoop: TimeLoop; time: number }[] = [];
  for (const timeLoop of timeLoops) {
    times.push({ timeLoop, time: await timeOf(gpu, network, extent, timeLoop) });
  }
  return times.toSorted((a, b) => a.time - b.time)[0].timeLoop;
}

/** Milliseconds of a pass forward and backward. */
async function timeOf(
  gpu: Gpu,
  { hidden, task }: { hidden: number; task: SequenceTask },
  extent: Extent,
  timeLoop: TimeLoop,
): Promise<number> {
  const tape = recurrentTape({ ...task, hidden }, timeLoop);
  const network = new SequenceNetwork(gpu, tape, task, extent);
  const vector = () => new Vector(gpu, "timed", tape.tape.layout, extent.replicas);
  const [parameters, gradient, plan] = [vector(), vector(), new Plan(gpu)];
  try {
    const recording = network.at(parameters, network.lengths);
    recording.forward(plan);
    recording.backward(plan, gradient);
    plan.seal();
    let fastest = Infinity;
    for (let replay = 0; replay <= REPLAYS; replay++) {
      const start = performance.now();
      plan.submit();
      await gpu.settle();
      // The first one compiles.
      if (replay > 0) fastest = Math.min(fastest, performance.now() - start);
    }
    return fastest;
  } finally {
    for (const part of [network, parameters, gradient, plan]) part.free();
  }
}
