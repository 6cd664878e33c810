// Small networks of every kind, trained by SGD, classical momentum and Nesterov's gradient side by
// side: what the engine computes of them is frozen in frozen.json.

import { Dataset } from "../../core/data/dataset.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import { echoState } from "../../core/init/echo_state.ts";
import { glorot } from "../../core/init/glorot.ts";
import type { Initializer } from "../../core/init/initializer.ts";
import { classicalMomentum } from "../../core/optim/classical_momentum.ts";
import { nesterov } from "../../core/optim/nesterov.ts";
import { sgd } from "../../core/optim/sgd.ts";
import { paperMomentum } from "../../core/optim/schedule.ts";
import type { Model } from "../../core/graph/model.ts";
import { Trainer } from "../../core/train/trainer.ts";
import { autoencoder, type AutoencoderOptions } from "../../models/autoencoder.ts";
import { quadratic } from "../../models/quadratic.ts";
import { rnn } from "../../models/rnn.ts";
import { markedTask, memorizationTask } from "../../models/problems/sequence_tasks.ts";
import { draw } from "../gpu/fixture.ts";

/** Updates of each network. */
export const updates = 50;

/** Updates between two reports. */
const every = 10;

/** What came of one network, replica by replica. */
export interface Outcome {
  /** At each report the loss of the minibatch and the figures at theta, in one order. */
  readonly reports: readonly (readonly number[])[];
  /** theta after the last update, all tensors one after another. */
  readonly theta: Float32Array<ArrayBuffer>;
}

interface Trained {
  readonly model: Model;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly initializer: Initializer;
  readonly clipNorm?: number;
}

/** The networks by name. */
export const networks: Readonly<Record<string, (gpu: Gpu, data: Dataset) => Trained>> = {
  "autoencoder, sigmoid, cross-entropy": ofImages({}),
  "autoencoder, tanh, cross-entropy, l2": ofImages({ activation: "tanh", l2: 2 ** -9 }),
  "autoencoder, relu, squared error": ofImages({
    activation: "relu",
    outputUnit: "linear",
    loss: "squared-error",
  }),
  "rnn, add, kernel": ofSequences("add", "kernel"),
  "rnn, add, dispatch": ofSequences("add", "dispatch"),
  "rnn, mem, kernel": ofSequences("mem", "kernel"),
  "rnn, mem, dispatch": ofSequences("mem", "dispatch"),
  quadratic: () => ({
    model: quadratic([{
      matrix: [
        10,
        1,
        0,
        0,
        0,
        1,
        4,
        0,
        0,
        0,
        0,
        0,
        1,
        0.25,
        0,
        0,
        0,
        0.25,
        0.5,
        0,
        0,
        0,
        0,
        0,
        0.1,
      ],
      linear: [1, -2, 0.5, 3, -0.1],
    }]),
    batchSize: 1,
    learningRate: 0.08,
    initializer: glorot(),
  }),
};

function ofImages(options: Partial<AutoencoderOptions>) {
  return (_: Gpu, train: Dataset): Trained => ({
    model: autoencoder({ layers: [12, 7, 3], train, ...options }),
    batchSize: 13,
    learningRate: options.activation === "relu" ? 0.005 : 0.1,
    initializer: glorot({ scale: 2 }),
  });
}

function ofSequences(problem: "add" | "mem", timeLoop: "kernel" | "dispatch") {
  const task = problem === "add"
    ? markedTask({ problem: "add", length: 10 })
    : memorizationTask({ symbols: 2, items: 3, length: 5 });
  return (): Trained => ({
    model: rnn({ hidden: 9, task, timeLoop }),
    batchSize: 11,
    learningRate: 0.02,
    initializer: echoState({ fanIn: 4, inputScale: 0.1 }),
    clipNorm: 0.5,
  });
}

/** Trains the network of that name. */
export async function train(gpu: Gpu, name: string): Promise<Outcome[]> {
  const pixels = draw(40 * 12, 77).map((value) => (value + 1) / 2);
  const data = new Dataset(gpu, pixels, { width: 12 });
  const { learningRate: first, initializer, ...options } = networks[name](gpu, data);
  const learningRate = (step: number) => first / (1 + step / 20);
  const momentum = paperMomentum({ cap: 0.9, period: 10 });
  const optimizers = [
    sgd({ learningRate }),
    classicalMomentum({ learningRate, momentum }),
    nesterov({ learningRate, momentum }),
  ];
  const trainer = await Trainer.open(gpu, {
    ...options,
    replicas: optimizers.map((optimizer, r) => ({ seed: r + 1, optimizer, initializer })),
  });
  try {
    const reports: number[][][] = optimizers.map(() => []);
    for await (const { replicas } of trainer.run({ updates, every, evalCases: 40 })) {
      replicas.forEach(({ trainLoss, figures }, r) =>
        reports[r].push([trainLoss, ...Object.values(figures)])
      );
    }
    const outcomes: Outcome[] = [];
    for (const [r, reportsOf] of reports.entries()) {
      const tensors = await trainer.theta(r);
      const theta = Float32Array.from(tensors.flatMap((tensor) => [...tensor]));
      outcomes.push({ reports: reportsOf, theta });
    }
    return outcomes;
  } finally {
    trainer.free();
    data.free();
  }
}
