// The task in Nagare: deno run -A --config tests/bench/deno.json tests/bench/nagare_engine.ts FOLDER
// A recurrent one takes the kind of its time loop before the folder: kernel or dispatch.

import {
  autoencoder,
  classifier,
  Dataset,
  type Gpu,
  type Initializer,
  type Model,
  nesterov,
  openGPU,
  permute,
  Purpose,
  rnn,
  SequenceData,
  Trainer,
  transformer,
} from "../../mod.ts";
import type { TimeLoop } from "../../core/ops/recurrence.ts";
import { ensureAdapter } from "../../experiments/study/adapter.ts";
import { tuningFiles } from "../../experiments/files/tuning_files.ts";
import { type Engine, serve } from "./engine.ts";
import {
  codeLayer,
  joined,
  measured,
  type Task,
  type TaskValues,
  tolerance,
  type TransformerTask,
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
  return {
    step: () => advance(1),
    run: async (count) => void await advance(count),
    async error() {
      const [{ squaredError, bits, errorRate, zeroOneLoss }] = await trainer.evaluate("test");
      return squaredError ?? bits ?? errorRate ?? zeroOneLoss;
    },
  };
});

function modelOf(gpu: Gpu, task: Task, values: TaskValues): Model {
  if (task.kind === "autoencoder") {
    const dataset = (cases: Float32Array<ArrayBuffer>) =>
      new Dataset(gpu, cases, { width: task.sizes[0] });
    const outputUnit = task.loss === "cross-entropy" ? "sigmoid" : "linear";
    return autoencoder({
      layers: task.sizes.slice(0, codeLayer(task) + 2),
      train: dataset(inOrder(task, values.inputs, 1)),
      test: dataset(joined(measured(values.inputs))),
      ...{ outputUnit, loss: task.loss },
    });
  }
  if (task.kind === "transformer") {
    const { blocks, heads, shapes: [[, width]] } = task;
    return transformer({ task: tokensOn(gpu, task, values), blocks, width, heads });
  }
  if (task.kind === "convolutional") {
    const { side, kernel, channels, shapes } = task;
    const cases = (inputs: Float32Array<ArrayBuffer>, targets: Float32Array<ArrayBuffer>) => (
      { inputs: { data: inputs, width: side * side }, targets: [...targets] }
    );
    return classifier({
      image: [1, side, side],
      hidden: channels.flatMap((made) => [{ channels: made, size: kernel }, { pool: 2 }]),
      classes: shapes[shapes.length - 1][0],
      train: cases(inOrder(task, values.inputs, 1), inOrder(task, values.targets, 1)),
      test: cases(joined(measured(values.inputs)), joined(measured(values.targets))),
    });
  }
  const [[inputs], [, hidden], , [, outputs]] = task.shapes;
  const data = new SequenceData(gpu, {
    ...{ inputs, outputs, steps: task.steps, tolerance, outputBiases: [...values.parameters[4]] },
    train: {
      inputs: inOrder(task, values.inputs, task.steps),
      targets: inOrder(task, values.targets, 1),
    },
    test: {
      inputs: sideBySide(measured(values.inputs), task.steps),
      targets: joined(measured(values.targets)),
    },
  });
  return rnn({ hidden, task: data, timeLoop: Deno.args[0] as TimeLoop });
}

/** Windows of tokens; their targets are one-hot. */
function tokensOn(gpu: Gpu, task: TransformerTask, { inputs, targets }: TaskValues): SequenceData {
  const [[vocabulary], [steps]] = task.shapes;
  const wanted = targets.map((tokens) =>
    new Float32Array(tokens.length * vocabulary).map((_, i) =>
      tokens[Math.floor(i / vocabulary)] === i % vocabulary ? 1 : 0
    )
  );
  return new SequenceData(gpu, {
    ...{ inputs: 1, outputs: vocabulary, steps, loss: "mean-cross-entropy" },
    train: { inputs: inOrder(task, inputs, steps), targets: inOrder(task, wanted, steps) },
    test: {
      inputs: sideBySide(measured(inputs), steps),
      targets: sideBySide(measured(wanted), steps),
    },
  });
}

/**
 * Data whose first epoch, in the order of the seed, is the task's minibatches: [steps, cases, width] of
 * [steps, B, width] each.
 */
function inOrder(
  { batchSize }: Task,
  minibatches: readonly Float32Array<ArrayBuffer>[],
  steps: number,
): Float32Array<ArrayBuffer> {
  const count = minibatches.length * batchSize;
  const all = sideBySide(minibatches, steps);
  const width = all.length / count / steps;
  const out = new Float32Array(all.length);
  for (let place = 0; place < count; place++) {
    const to = permute(place, count, seed, Purpose.minibatch, 0);
    for (let t = 0; t < steps; t++) {
      const [from, into] = [place, to].map((i) => (t * count + i) * width);
      out.set(all.subarray(from, from + width), into);
    }
  }
  return out;
}

/** Minibatches [steps, B, width] each as [steps, all cases, width]. */
function sideBySide(
  minibatches: readonly Float32Array<ArrayBuffer>[],
  steps: number,
): Float32Array<ArrayBuffer> {
  const length = minibatches[0].length / steps;
  return joined(
    Array.from({ length: steps }, (_, t) => t)
      .flatMap((t) => minibatches.map((values) => values.subarray(t * length, (t + 1) * length))),
  );
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
  if (task.kind === "transformer") return givenMatrices(task, doubles);
  let next = 0;
  return () => {
    const i = next++;
    const isOfKernels = task.kind === "convolutional" && i < 2 * task.channels.length;
    const weights = isOfKernels ? turned(doubles[i], task.shapes[i]) : doubles[i];
    return { weights, biases: doubles[next++] };
  };
}

/** [rows, columns] as [columns, rows]. */
function turned(values: Float64Array, [rows, columns]: readonly number[]): Float64Array {
  return values.map((_, i) => values[i % rows * columns + Math.floor(i / rows)]);
}

/** The matrices of a Transformer one after another; where a branch ends the model scales them. */
function givenMatrices({ shapes, blocks }: TransformerTask, doubles: Float64Array[]): Initializer {
  const matrices = shapes.flatMap((shape, i) => shape.length > 1 ? [i] : []);
  let next = 0;
  return () => {
    const m = next++, i = matrices[m];
    const isScaled = m >= 2 && m < 2 + 4 * blocks && m % 2 === 1;
    const unscale = isScaled ? Math.sqrt(2 * blocks) : 1;
    return { weights: doubles[i].map((value) => unscale * value), biases: doubles[i + 1] };
  };
}
