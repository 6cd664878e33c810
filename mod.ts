/**
 * Nagare: training of neural networks by hand-written WebGPU compute shaders, for the study of
 * initialization and momentum.
 *
 * @module
 */

export * from "./core/errors.ts";
export { Gpu, openGPU, type OpenOptions } from "./core/gpu/gpu.ts";
export { Profile } from "./core/gpu/profile.ts";
export { type Activation, activations } from "./core/ops/activation.ts";
export * from "./core/random.ts";
export * from "./core/init/initializer.ts";
export * from "./core/init/gaussian.ts";
export * from "./core/init/glorot.ts";
export * from "./core/init/sparse.ts";
export * from "./core/optim/optimizer.ts";
export * from "./core/optim/schedule.ts";
export * from "./core/optim/vector.ts";
export * from "./core/data/curves.ts";
export * from "./core/data/dataset.ts";
export * from "./core/data/gzip.ts";
export * from "./core/data/idx.ts";
export * from "./core/train/model.ts";
export * from "./core/train/trainer.ts";
export * from "./models/autoencoder.ts";
