/**
 * Nagare: training of neural networks by hand-written WebGPU compute shaders, for the study of
 * initialization and momentum.
 *
 * @module
 */

export * from "./core/errors.ts";
export { Gpu, openGPU, type OpenOptions } from "./core/gpu/gpu.ts";
export type { Constants } from "./core/gpu/compose.ts";
export type { BindingSlot, Kernel } from "./core/gpu/kernel.ts";
export { limitsOf } from "./core/gpu/limits.ts";
export { allocateMatrix, type Matrix, pad, unpad } from "./core/gpu/matrix.ts";
export { Mirrors } from "./core/gpu/mirror.ts";
export { type Binding, type DispatchSize, type EncodeOptions, Plan } from "./core/gpu/plan.ts";
export { Profile } from "./core/gpu/profile.ts";
export { type Choice, Tuning, type TuningStore } from "./core/gpu/tuning.ts";
export type { Rates } from "./core/gpu/step_table.ts";
export { type Activation, activations } from "./core/ops/activation.ts";
export { type TimeLoop, timeLoops } from "./core/ops/recurrence.ts";
export type { SequenceLoss, ZeroOneRule } from "./core/ops/sequence_loss.ts";
export type { SequenceBuffers } from "./core/ops/sequences.ts";
export type { Steps } from "./core/gpu/steps.ts";
export * from "./core/random.ts";
export * from "./core/init/echo_state.ts";
export * from "./core/init/initializer.ts";
export * from "./core/init/gaussian.ts";
export * from "./core/init/glorot.ts";
export * from "./core/init/he.ts";
export * from "./core/init/orthogonal.ts";
export * from "./core/init/sparse.ts";
export * from "./core/optim/learning_rate.ts";
export * from "./core/optim/optimizer.ts";
export * from "./core/optim/schedule.ts";
export * from "./core/optim/vector.ts";
export * from "./core/data/csv_matrix.ts";
export * from "./core/data/curves.ts";
export * from "./core/data/dataset.ts";
export {
  type FacesOptions,
  type FacesSet,
  generateFaces,
  generatePackedFaces,
} from "./core/data/faces.ts";
export * from "./core/data/gzip.ts";
export * from "./core/data/half.ts";
export * from "./core/data/idx.ts";
export * from "./core/data/mat.ts";
export * from "./core/data/npy.ts";
export type { NumericArray } from "./core/data/numeric.ts";
export * from "./core/data/originals.ts";
export * from "./core/data/safetensors.ts";
export * from "./core/data/sequences.ts";
export * from "./core/train/capacity.ts";
export * from "./core/train/checkpoint.ts";
export * from "./core/train/model.ts";
export * from "./core/train/network.ts";
export * from "./core/train/report.ts";
export type { ReplicaState, TrainerState } from "./core/train/state.ts";
export * from "./core/train/trainer.ts";
export * from "./models/autoencoder.ts";
export * from "./models/paper.ts";
export * from "./models/quadratic.ts";
export * from "./models/rnn.ts";
export * from "./models/sequence_data.ts";
export * from "./models/sequence_tasks.ts";
export * from "./models/time_loop.ts";
