// An autoencoder task in TensorFlow.js on WebGPU:
// deno run -A --config tests/bench/deno.json tests/bench/peers/tensorflow_js.ts FOLDER

import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { type Engine, serve } from "../engine.ts";
import { type AutoencoderTask, codeLayer, measured } from "../task.ts";

await serve(async (task, { parameters, inputs }): Promise<Engine> => {
  if (task.kind !== "autoencoder") throw new Error("only autoencoders are written for it");
  if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js opens no WebGPU here");
  await tf.ready();
  const minibatches = inputs.map((values) => tf.tensor2d(values, [task.batchSize, task.sizes[0]]));
  const update = makeUpdate(task);
  let phi = parameters.map((values, i) => tf.tensor(values, [...task.shapes[i]]));
  let velocity = phi.map((p) => tf.zerosLike(p));
  let done = 0;
  const advance = () => {
    const { loss, phi: nextPhi, velocity: nextVelocity } = tf.tidy(() =>
      update(phi, velocity, minibatches[done++ % minibatches.length])
    );
    tf.dispose([phi, velocity]);
    [phi, velocity] = [nextPhi, nextVelocity];
    return loss;
  };
  const step = async () => {
    const loss = advance();
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
  return {
    step,
    async run(count) {
      for (let i = 1; i < count; i++) advance().dispose();
      await step();
    },
    async error() {
      const error = tf.tidy(() => {
        const theta = phi.map((p, i) => tf.sub(p, tf.mul(velocity[i], task.momentum)));
        return tf.mean(tf.stack(measured(minibatches).map((x) => errorOf(task, theta, x))));
      });
      const [value] = await error.data();
      error.dispose();
      return value;
    },
  };
});

/** v' = mu v - eps g(phi), phi' = phi - mu v + (1 + mu) v'. */
function makeUpdate(task: AutoencoderTask) {
  const { learningRate, momentum } = task;
  return (phi: tf.Tensor[], velocity: tf.Tensor[], x: tf.Tensor2D) => {
    const gradient = tf.valueAndGrads((...parameters: tf.Tensor[]) => lossOf(task, parameters, x));
    const { value: loss, grads } = gradient(phi);
    const moved = velocity.map((v) => tf.mul(v, momentum));
    const next = moved.map((v, i) => tf.sub(v, tf.mul(grads[i], learningRate)));
    return {
      loss,
      phi: phi.map((p, i) => tf.add(tf.sub(p, moved[i]), tf.mul(next[i], 1 + momentum))),
      velocity: next,
    };
  };
}

/** The output units of a minibatch, before a sigmoid. */
function outputsOf(task: AutoencoderTask, parameters: tf.Tensor[], x: tf.Tensor2D): tf.Tensor {
  const layers = task.sizes.length - 1;
  let y: tf.Tensor = x;
  for (let i = 0; i < layers; i++) {
    const z = tf.add(tf.matMul(y, parameters[2 * i]), parameters[2 * i + 1]);
    y = i === layers - 1 || i === codeLayer(task) ? z : tf.sigmoid(z);
  }
  return y;
}

function lossOf(task: AutoencoderTask, parameters: tf.Tensor[], x: tf.Tensor2D): tf.Scalar {
  const z = outputsOf(task, parameters, x);
  const losses = task.loss === "squared-error"
    ? tf.square(tf.sub(z, x))
    : tf.sub(tf.softplus(z), tf.mul(z, x));
  return tf.div(tf.sum(losses), task.batchSize);
}

function errorOf(task: AutoencoderTask, parameters: tf.Tensor[], x: tf.Tensor2D): tf.Scalar {
  const z = outputsOf(task, parameters, x);
  const y = task.loss === "squared-error" ? z : tf.sigmoid(z);
  return tf.div(tf.sum(tf.square(tf.sub(y, x))), task.batchSize);
}
