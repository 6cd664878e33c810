// Small networks that are trained wherever a compiler or a driver is tried, in a page too.

import * as nagare from "../../mod.ts";

/** Those that are trained. */
export const networkNames = ["autoencoder", "rnn"] as const;

/** Their learning rate. */
export const learningRate = 0.05;

/** The settings of AdamW; by so large an epsilon no step hangs on the sign of a vanishing gradient. */
export const adamSettings = { beta1: 0.9, beta2: 0.999, epsilon: 0.1, weightDecay: 0 };

/** Where networks stand after an update: of each replica its loss and theta, tensor by tensor. */
export interface Standing {
  readonly losses: number[];
  readonly theta: number[][][];
  /** All states, as a checkpoint. */
  readonly state: number[];
}

/** Trains networks, from the start or from a state, and tells how they stand after so many updates. */
export async function train(
  name: typeof networkNames[number],
  updates: readonly number[],
  from?: readonly number[],
): Promise<Standing[]> {
  using gpu = await nagare.openGPU();
  return await trainOn(gpu, name, updates, from);
}

/** The same on a GPU that is open. */
export async function trainOn(
  gpu: nagare.Gpu,
  name: typeof networkNames[number],
  updates: readonly number[],
  from?: readonly number[],
): Promise<Standing[]> {
  const momentum = { learningRate, momentum: 0.9 };
  const moving = [nagare.classicalMomentum(momentum), nagare.nesterov(momentum)];
  const optimizers = name === "rnn" ? moving : [
    ...[nagare.sgd({ learningRate }), ...moving],
    nagare.adamW({ learningRate, ...adamSettings }),
  ];
  const initializer = name === "rnn" ? nagare.echoState({ fanIn: 4 }) : nagare.sparse({ fanIn: 4 });
  const trainer = await nagare.Trainer.open(gpu, {
    model: name === "rnn"
      ? nagare.rnn({ hidden: 9, task: nagare.markedTask({ problem: "add", length: 10 }) })
      : autoencoder(gpu),
    replicas: optimizers.map((optimizer) => ({ seed: 1, optimizer, initializer })),
    batchSize: 10,
    ...from && { from: (await nagare.decodeCheckpoint(Uint8Array.from(from))).state },
  });
  const standings: Standing[] = [];
  for (const end of updates) {
    let losses: number[] = [];
    for await (const { replicas } of trainer.run({ updates: end, evalCases: 0 })) {
      losses = replicas.map(({ trainLoss }) => trainLoss);
    }
    const thetas = await Promise.all(optimizers.map((_, r) => trainer.theta(r)));
    standings.push({
      losses,
      theta: thetas.map((tensors) => tensors.map((values) => [...values])),
      state: [...await nagare.encodeCheckpoint(await trainer.save())],
    });
  }
  trainer.free();
  return standings;
}

function autoencoder(gpu: nagare.Gpu): nagare.Model {
  const data = Float32Array.from({ length: 40 * 17 }, (_, i) => (7 * i % 55 + i % 17) / 72);
  return nagare.autoencoder({
    layers: [17, 9, 3],
    train: new nagare.Dataset(gpu, data, { width: 17 }),
  });
}
