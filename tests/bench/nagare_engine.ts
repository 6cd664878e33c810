// The task in Nagare: deno run -A --config tests/bench/deno.json tests/bench/nagare_engine.ts FOLDER
// A recurrent one takes the kind of its time loop before the folder: kernel or dispatch.

import {
  autoencoder,
  Dataset,
  type Gpu,
  type Initializer,
  type Model,
  nesterov,
  openGPU,
  permute,
  Purpose,
  rnn,
  Trainer,
} from "../../mod.ts";
import { pad } from "../../core/gpu/tensor.ts";
import type { TimeLoop } from "../../core/ops/recurrence.ts";
import type { SequenceTask } from "../../models/problems/sequence_tasks.ts";
import { ensureAdapter } from "../../experiments/study/adapter.ts";
import { tuningFiles } from "../../experiments/files/tuning_files.ts";
import { type Engine, serve } from "./engine.ts";
import {
  type AutoencoderTask,
  codeLayer,
  type RecurrentTask,
  type Task,
  type TaskValues,
} from "./task.ts";

const seed = 1;

await serve(async (task, values): Promise<Engine> => {
  const gpu = await openGPU({ adapter: await ensureAdapter(), tuning: tuningFiles() });
  const { learningRate, momentum, batchSize, replicas } = task;
  const trainer = await Trainer.open(gpu, {
    model: modelOf(gpu, task, values),
    batchSize,
    replicas: Array.from({ length: replicas }, () => ({
      seed,
      optimizer: nesterov({ learningRate, momentum }),
      initializer: given(task, values),
    })),
  });
  const advance = async (count: number) => {
    let loss = NaN;
    for await (const report of trainer.run({ updates: trainer.update + count, evalCases: 0 })) {
      loss = report.replicas[0].trainLoss;
    }
    return loss;
  };
  return { step: () => advance(1), run: async (count) => void await advance(count) };
});

function modelOf(gpu: Gpu, task: Task, values: TaskValues): Model {
  if (task.kind === "autoencoder") {
    const train = new Dataset(gpu, casesOf(task, values), { width: task.sizes[0] });
    const outputUnit = task.loss === "cross-entropy" ? "sigmoid" : "linear";
    const layers = task.sizes.slice(0, codeLayer(task) + 2);
    return autoencoder({ layers, train, outputUnit, loss: task.loss });
  }
  const [, [, hidden]] = task.shapes;
  return rnn({ hidden, task: sequencesOf(task, values), timeLoop: Deno.args[0] as TimeLoop });
}

/** The data set whose first epoch, in the order of the seed, is the task's minibatches. */
function casesOf(
  { minibatches, batchSize, sizes: [width] }: AutoencoderTask,
  { inputs }: TaskValues,
): Float32Array<ArrayBuffer> {
  const count = minibatches * batchSize;
  const cases = new Float32Array(count * width);
  for (let place = 0; place < count; place++) {
    const row = place % batchSize * width;
    const values = inputs[Math.floor(place / batchSize)].subarray(row, row + width);
    cases.set(values, width * permute(place, count, seed, Purpose.minibatch, 0));
  }
  return cases;
}

/** The task's one minibatch, which lies on the GPU from the start and stays. */
function sequencesOf(task: RecurrentTask, { parameters, ...values }: TaskValues): SequenceTask {
  const { steps, shapes: [[inputs], , , [, outputs]] } = task;
  return {
    inputs,
    outputs,
    steps,
    targets: "last",
    loss: "squared-error",
    zeroOne: { tolerance: 0, classes: 0 },
    cases: { train: Infinity, test: 0 },
    outputBiases: [...parameters[4]],
    record({ gpu }, buffers) {
      for (
        const [all, numbers] of [
          [buffers.inputs, values.inputs[0]],
          [buffers.targets, values.targets[0]],
        ] as const
      ) {
        const contents = pad({ ...all, replicas: 1 }, numbers);
        for (let r = 0; r < all.replicas; r++) {
          gpu.write(all.buffer, contents, 4 * r * all.replicaStride);
        }
      }
    },
  };
}

/** An initializer that hands the task's parameters out. */
function given(task: Task, { parameters }: TaskValues): Initializer {
  const doubles = parameters.map((values) => Float64Array.from(values));
  if (task.kind === "recurrent") {
    const first = { input: 0, recurrent: 1, output: 3 };
    return ({ role = "recurrent" }) => ({
      weights: doubles[first[role as keyof typeof first]],
      biases: doubles[2],
    });
  }
  let next = 0;
  return () => ({ weights: doubles[next++], biases: doubles[next++] });
}
