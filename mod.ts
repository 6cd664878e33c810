/**
 * Nagare: training of neural networks by hand-written WebGPU compute shaders, for the study of
 * initialization and momentum.
 *
 * @module
 */

export * from "./core/errors.ts";
export { Gpu, type Tuner } from "./core/gpu/gpu.ts";
export { openGPU, type OpenOptions } from "./core/gpu/open.ts";
export type { Constants } from "./core/gpu/compose.ts";
export type { BindingSlot, Kernel } from "./core/gpu/kernel.ts";
export { limitsOf } from "./core/gpu/limits.ts";
export { allocateMatrix, type Matrix, pad, unpad } from "./core/gpu/matrix.ts";
export { Memory } from "./core/gpu/memory.ts";
export {
  type Binding,
  type Choice,
  type DispatchSize,
  type EncodeOptions,
  Plan,
} from "./core/gpu/plan.ts";
export { Profile } from "./core/gpu/profile.ts";
export { Tuning, type TuningStore } from "./core/gpu/tuning.ts";
export { type StepRow, type StepScalars, StepTable } from "./core/gpu/scalars.ts";
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
export * from "./core/optim/family.ts";
export * from "./core/optim/elementwise.ts";
export { sgd, type SGDOptions } from "./core/optim/sgd.ts";
export { type MomentumOptions, nesterov } from "./core/optim/nesterov.ts";
export { classicalMomentum } from "./core/optim/classical_momentum.ts";
export {
  partialMomentum,
  type PartialMomentumOptions,
  type TensorChoice,
} from "./core/optim/partial_momentum.ts";
export { lowRankMomentum, type LowRankMomentumOptions } from "./core/optim/low_rank_momentum.ts";
export { muon, type MuonMatrices, type MuonOptions } from "./core/optim/muon.ts";
export { qhm, type QHMOptions } from "./core/optim/qhm.ts";
export { adamW, type AdamWOptions } from "./core/optim/adamw.ts";
export * from "./core/optim/learning_rate.ts";
export * from "./core/optim/schedule.ts";
export * from "./core/gpu/vector.ts";
export * from "./core/formats/csv_matrix.ts";
export * from "./models/problems/curves.ts";
export * from "./core/data/dataset.ts";
export {
  type FacesOptions,
  type FacesSet,
  generateFaces,
  generatePackedFaces,
} from "./models/problems/faces.ts";
export * from "./core/formats/gzip.ts";
export * from "./core/formats/half.ts";
export * from "./core/formats/idx.ts";
export * from "./core/formats/mat.ts";
export * from "./core/formats/npy.ts";
export type { NumericArray } from "./core/formats/numeric.ts";
export * from "./models/problems/originals.ts";
export * from "./core/formats/safetensors.ts";
export * from "./core/data/sequences.ts";
export * from "./core/train/capacity.ts";
export * from "./core/train/checkpoint.ts";
export * from "./core/train/model.ts";
export * from "./core/train/network.ts";
export * from "./core/train/report.ts";
export type { ReplicaState, TrainerState } from "./core/train/state.ts";
export * from "./core/train/trainer.ts";
export * from "./models/autoencoder.ts";
export * from "./models/problems/paper.ts";
export * from "./models/quadratic.ts";
export * from "./models/rnn.ts";
export * from "./models/problems/sequence_data.ts";
export * from "./models/problems/sequence_tasks.ts";
export * from "./models/time_loop.ts";
