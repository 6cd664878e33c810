// The task in jax-js, one jitted function for a whole update; the loop over time is unrolled in it:
// deno run -A --config tests/bench/deno.json tests/bench/peers/jax_js.ts webgpu|wasm FOLDER

import {
  type Array as Tensor,
  blockUntilReady,
  defaultDevice,
  type Device,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  valueAndGrad,
} from "@jax-js/jax";
import { type Engine, serve } from "../engine.ts";
import {
  type AutoencoderTask,
  codeLayer,
  type ConvolutionalTask,
  measured,
  type RecurrentTask,
  type Task,
  tolerance,
  type TransformerTask,
} from "../task.ts";

const device = Deno.args[0] as Device;

await serve(async (task, { parameters, inputs, targets }): Promise<Engine> => {
  const devices = await init(device);
  if (!devices.includes(device)) throw new Error(`jax-js has no ${device} here`);
  defaultDevice(device);
  const tensor = (values: Float32Array<ArrayBuffer>, shape: readonly number[]) =>
    np.array(values).reshape([...shape]);
  const oneHot = (tokens: Float32Array<ArrayBuffer>, [[vocabulary], [steps]]: Task["shapes"]) =>
    nn.oneHot(tensor(tokens, [steps, -1]).astype(np.int32), vocabulary).transpose([1, 0, 2]);
  const minibatches = inputs.map((values, i) => {
    if (task.kind === "autoencoder") return [tensor(values, [task.batchSize, -1])];
    if (task.kind === "transformer") {
      return [values, targets[i]].map((tokens) => oneHot(tokens, task.shapes));
    }
    if (task.kind === "convolutional") {
      const { batchSize, side, shapes } = task, [classes] = shapes[shapes.length - 1];
      const wanted = tensor(targets[i], [batchSize]).astype(np.int32);
      return [tensor(values, [batchSize, 1, side, side]), nn.oneHot(wanted, classes)];
    }
    const { steps, batchSize } = task;
    return [tensor(values, [steps, batchSize, -1]), tensor(targets[i], [batchSize, -1])];
  });
  let phi = parameters.map((values, i) => tensor(values, task.shapes[i]));
  let velocity = phi.map(({ shape }) => np.zeros(shape));
  const update = jit(makeUpdate(task));
  const errorOf = jit(makeError(task));
  let done = 0;
  const step = () => {
    const data = minibatches[done++ % minibatches.length].map((part) => part.ref);
    const [loss, nextPhi, nextVelocity] = update(phi, velocity, data);
    [phi, velocity] = [nextPhi, nextVelocity];
    return loss;
  };
  return {
    step: async () => (await step().data())[0],
    async run(count) {
      for (let i = 0; i < count; i++) step().dispose();
      await blockUntilReady(phi);
    },
    async error() {
      const errors: number[] = [];
      for (const data of measured(minibatches)) {
        const theta = phi.map((p, i) => p.ref.sub(velocity[i].ref.mul(task.momentum)));
        errors.push((await errorOf(theta, data.map((part) => part.ref)).data())[0]);
      }
      return errors.reduce((sum, error) => sum + error) / errors.length;
    },
  };
});

/** v' = mu v - eps g(phi), phi' = phi - mu v + (1 + mu) v'. Every use but the last takes a `ref`. */
function makeUpdate(task: Task) {
  const { learningRate, momentum } = task;
  const gradient = valueAndGrad(makeLoss(task));
  return (phi: Tensor[], velocity: Tensor[], data: Tensor[]): [Tensor, Tensor[], Tensor[]] => {
    const [value, gradients] = gradient(phi.map((p) => p.ref), data);
    const moved = velocity.map((v) => v.mul(momentum));
    const next = moved.map((v, i) => v.ref.sub(gradients[i].mul(learningRate)));
    const nextPhi = phi.map((p, i) => p.sub(moved[i]).add(next[i].ref.mul(1 + momentum)));
    return [value, nextPhi, next];
  };
}

/** Takes the output units of a minibatch, before a sigmoid. */
function makeOutputs(task: Task) {
  if (task.kind === "transformer") return transformerOutputs(task);
  if (task.kind === "convolutional") return convolutionalOutputs(task);
  return task.kind === "autoencoder" ? autoencoderOutputs(task) : recurrentOutputs(task);
}

function autoencoderOutputs(task: AutoencoderTask) {
  const layers = task.sizes.length - 1;
  return (parameters: Tensor[], x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < layers; i++) {
      const z = np.matmul(y, parameters[2 * i]).add(parameters[2 * i + 1]);
      y = i === layers - 1 || i === codeLayer(task) ? z : nn.sigmoid(z);
    }
    return y;
  };
}

function recurrentOutputs({ steps }: RecurrentTask) {
  return ([v, w, b, u, c]: Tensor[], x: Tensor): Tensor => {
    const drives = np.unstack(np.matmul(x, v).add(b), 0);
    let h = np.tanh(drives[0]);
    for (let t = 1; t < steps; t++) h = np.tanh(np.matmul(h, w.ref).add(drives[t]));
    w.dispose();
    return np.matmul(h, u).add(c);
  };
}

function transformerOutputs({ batchSize, blocks, heads, shapes }: TransformerTask) {
  const [[, width], [steps]] = shapes;
  return (parameters: Tensor[], x: Tensor): Tensor => {
    let next = 0;
    const take = () => parameters[next++];
    const dense = (y: Tensor) => np.matmul(y, take()).add(take());
    const norm = (y: Tensor) => nn.standardize(y, -1, { epsilon: 1e-5 }).mul(take()).add(take());
    let y = dense(x); // the positions in place of biases
    for (let block = 0; block < blocks; block++) {
      const [q, k, v] = np.split(dense(norm(y.ref)), 3, -1)
        .map((part) => part.reshape([batchSize, steps, heads, width / heads]));
      const attended = nn.dotProductAttention(q, k, v, { isCausal: true });
      y = y.add(dense(attended.reshape([batchSize, steps, width])));
      y = y.ref.add(dense(nn.relu(dense(norm(y)))));
    }
    return dense(norm(y));
  };
}

function convolutionalOutputs({ batchSize, channels, kernel }: ConvolutionalTask) {
  return (parameters: Tensor[], x: Tensor): Tensor => {
    let y = x;
    for (const [i, made] of channels.entries()) {
      const [, read] = y.shape, [weights, biases] = parameters.slice(2 * i);
      const kernels = weights.reshape([made, read, kernel, kernel]);
      const z = nn.relu(lax.conv(y, kernels, [1, 1], "VALID").add(biases.reshape([made, 1, 1])));
      const side = z.shape[2] / 2;
      y = np.max(z.reshape([batchSize, made, side, 2, side, 2]), [3, 5]);
    }
    const [weights, biases] = parameters.slice(-2);
    return np.matmul(y.reshape([batchSize, -1]), weights).add(biases);
  };
}

/** The cross-entropy of a softmax over a minibatch, averaged over cases. */
function makeClassLoss(task: ConvolutionalTask) {
  const outputsOf = makeOutputs(task);
  return (parameters: Tensor[], [x, targets]: Tensor[]): Tensor =>
    nn.logSoftmax(outputsOf(parameters, x), -1).mul(targets).sum().div(-task.batchSize);
}

function makeClassError(task: ConvolutionalTask) {
  const outputsOf = makeOutputs(task);
  return (parameters: Tensor[], [x, targets]: Tensor[]): Tensor => {
    const told = np.argmax(outputsOf(parameters, x), 1);
    return told.notEqual(np.argmax(targets, 1)).astype(np.float32).sum().div(task.batchSize);
  };
}

/** The cross-entropy of a minibatch, averaged over tokens, in nats or other units. */
function makeTokenLoss(task: TransformerTask, unit = 1) {
  const outputsOf = makeOutputs(task), [, [steps]] = task.shapes;
  return (parameters: Tensor[], [x, targets]: Tensor[]): Tensor =>
    nn.logSoftmax(outputsOf(parameters, x), -1).mul(targets).sum()
      .div(-unit * task.batchSize * steps);
}

function makeLoss(task: Task) {
  if (task.kind === "transformer") return makeTokenLoss(task);
  if (task.kind === "convolutional") return makeClassLoss(task);
  const outputsOf = makeOutputs(task);
  const isLogistic = task.kind === "autoencoder" && task.loss === "cross-entropy";
  return (parameters: Tensor[], [x, targets = x.ref]: Tensor[]): Tensor => {
    const z = outputsOf(parameters, x);
    const losses = isLogistic ? nn.softplus(z.ref).sub(z.mul(targets)) : np.square(z.sub(targets));
    return losses.sum().div(task.batchSize);
  };
}

function makeError(task: Task) {
  if (task.kind === "transformer") return makeTokenLoss(task, Math.LN2);
  if (task.kind === "convolutional") return makeClassError(task);
  const outputsOf = makeOutputs(task);
  const isLogistic = task.kind === "autoencoder" && task.loss === "cross-entropy";
  return (parameters: Tensor[], [x, targets = x.ref]: Tensor[]): Tensor => {
    const z = outputsOf(parameters, x);
    const difference = (isLogistic ? nn.sigmoid(z) : z).sub(targets);
    const errors = task.kind === "autoencoder"
      ? np.square(difference)
      : np.abs(difference).greater(tolerance).astype(np.float32);
    return errors.sum().div(task.batchSize);
  };
}
