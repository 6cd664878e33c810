/**
 * Nagare: training of neural networks by hand-written WebGPU compute shaders, for the study of
 * initialization and momentum. Networks are trained side by side, each with the bits that it would
 * have alone.
 *
 * @example Two autoencoders by Nesterov's gradient
 * ```ts
 * import * as nagare from "jsr:@nagare/nagare";
 *
 * using gpu = await nagare.openGPU();
 * const { train } = nagare.generateCurves({ seed: 1, train: 2000, test: 1 });
 * const data = new nagare.Dataset(gpu, train, { width: 784 });
 * const optimizer = nagare.nesterov({ learningRate: 0.05, momentum: 0.9 });
 * const trainer = await nagare.Trainer.open(gpu, {
 *   model: nagare.autoencoder({ layers: [784, 50, 6], train: data }),
 *   batchSize: 100,
 *   replicas: [1, 2].map((seed) => ({ seed, optimizer, initializer: nagare.sparse() })),
 * });
 * for await (const { update, replicas } of trainer.run({ updates: 100, every: 50 })) {
 *   console.log(update, replicas.map(({ figures }) => figures.squaredError));
 * }
 * ```
 *
 * @module
 */

// Train: a GPU, networks side by side, reports, states and the files that hold them.
export * from "./core/errors.ts";
export { openGPU, type OpenOptions } from "./core/gpu/open.ts";
export type { Gpu, Tuner } from "./core/gpu/gpu.ts";
export type { Memory } from "./core/gpu/memory.ts";
export { Tuning, type TuningStore } from "./core/gpu/tuning.ts";
export { limitsOf } from "./core/gpu/limits.ts";
export { Profile } from "./core/gpu/profile.ts";
export { type Replica, Trainer, type TrainerOptions } from "./core/train/trainer.ts";
export type { ReplicaReport, Report, RunOptions } from "./core/train/report.ts";
export type { GroupState, ReplicaState, StateVector, TrainerState } from "./core/train/state.ts";
export { decodeCheckpoint, encodeCheckpoint } from "./core/train/checkpoint.ts";
export {
  exportNetwork,
  importNetwork,
  type Network,
  networkState,
  withoutStates,
} from "./core/train/network.ts";
export type { CaseOptions, ReplicaPoint } from "./core/train/case_passes.ts";
export { Curvature, type CurvatureOptions, type Probe } from "./core/train/curvature.ts";
export { MeanGradient } from "./core/train/mean_gradient.ts";
export {
  legSchedules,
  race,
  raceCost,
  type RaceOptions,
  type RaceReport,
  type RaceWinner,
  type RateAndMomentum,
  usualFinish,
} from "./core/train/race.ts";
export {
  type RaceBox,
  type RaceEntry,
  type RaceLeg,
  type RaceSetting,
  type Runner,
  usualBox,
} from "./core/train/race_rules.ts";
export { curvatureMatrices, type CurvatureMatrix } from "./core/train/curvature_matrix.ts";
export { lanczos, type LanczosOptions, type Spectrum } from "./core/train/lanczos.ts";
export { hutchinson, type TraceEstimate } from "./core/train/hutchinson.ts";
export {
  type CapacityOptions,
  curvatureBytes,
  replicaBytes,
  replicasThatFit,
} from "./core/train/capacity.ts";

// Networks, and the problems of the paper.
export type { Extent, Footprint, Graph, Model, Split } from "./core/graph/model.ts";
export { Autoencoder, autoencoder, type AutoencoderOptions } from "./models/autoencoder.ts";
export type { ReconstructionLoss } from "./models/autoencoder.ts";
export {
  Classifier,
  classifier,
  type ClassifierOptions,
  type HiddenLayer,
} from "./models/classifier.ts";
export { rnn, type RnnOptions, type RnnRun, runRnn } from "./models/rnn.ts";
export {
  SequenceModel,
  sequenceNetwork,
  type SequenceNetworkOptions,
} from "./models/sequence_network.ts";
export {
  blockActivations,
  type BlockOptions,
  transformer,
  type TransformerOptions,
  visionTransformer,
  type VisionTransformerOptions,
} from "./models/transformer.ts";
export { fastestTimeLoop } from "./models/time_loop.ts";
export {
  quadratic,
  QuadraticModel,
  type QuadraticModelOptions,
  type QuadraticObjective,
} from "./models/quadratic.ts";
export { type TimeLoop, timeLoops } from "./core/ops/recurrence.ts";
export {
  type SequenceLoss,
  sequenceLosses,
  type UnitError,
  type ZeroOneRule,
} from "./core/ops/sequence_loss.ts";
export { type AutoencoderProblem, paperProblems } from "./models/problems/paper.ts";
export {
  markedTask,
  type MarkedTaskOptions,
  memorizationTask,
  type MemorizationTaskOptions,
  type SequenceTask,
  type TaskCases,
} from "./models/problems/sequence_tasks.ts";
export {
  LabelledSequences,
  type LabelledSequencesOptions,
  type LabelledSet,
} from "./models/problems/labelled_sequences.ts";
export { SequenceData, type SequenceDataOptions } from "./models/problems/sequence_data.ts";
export {
  bigramEntropy,
  charactersOf,
  TextData,
  type TextDataOptions,
  type TokenizedText,
} from "./models/problems/text_data.ts";
export type { SequenceSet, Series } from "./models/problems/sequence_data.ts";

// Layers, losses and figures, and one's own.
export { network, NetworkModel, type NetworkOptions } from "./core/graph/network.ts";
export type {
  Image,
  Operation,
  Pass,
  Rules,
  Share,
  SharedProduct,
  Value,
} from "./core/graph/operation.ts";
export { type Draw, type InitialValues, type Layer, Tape } from "./core/graph/tape.ts";
export type { Figure, Loss, OutputUnits } from "./core/graph/loss.ts";
export * from "./core/graph/losses.ts";
export { activation } from "./core/layers/activation.ts";
export { add, residual } from "./core/layers/add.ts";
export { attention, type AttentionOptions } from "./core/layers/attention.ts";
export type { Extents } from "./core/layers/images.ts";
export { convolution, type ConvolutionOptions } from "./core/layers/convolution.ts";
export { batchNorm } from "./core/layers/batch_norm.ts";
export { dense, type DenseOptions } from "./core/layers/dense.ts";
export { dropout } from "./core/layers/dropout.ts";
export { elementwiseLayer } from "./core/layers/elementwise_layer.ts";
export { embedding, type EmbeddingOptions, positions } from "./core/layers/embedding.ts";
export { gelu } from "./core/layers/gelu.ts";
export { layerNorm } from "./core/layers/layer_norm.ts";
export { noise } from "./core/layers/noise.ts";
export { type Patches, patches, stepMean } from "./core/layers/patches.ts";
export { averagePool, maxPool, type PoolOptions } from "./core/layers/pool.ts";
export { recurrent, type RecurrentOptions } from "./core/layers/recurrent.ts";
export { sequential } from "./core/layers/sequential.ts";
export { type Activation, activations } from "./core/ops/activation.ts";
export type { LossOut, LossRows, OutputRows } from "./core/ops/loss_rows.ts";
export type { UnitLoss } from "./core/ops/unit_loss.ts";
export type { UnitMap } from "./core/ops/unit_map.ts";

// Optimizers: those that are shipped, one's own from a few lines, and schedules.
export type {
  DrivenFamily,
  Driver,
  DriverParts,
  Family,
  FamilyTraits,
  Group,
  InitialState,
  Measure,
  Numbers,
  Optimizer,
  RecordedFamily,
  Setting,
  Settings,
  SettingValue,
  State,
  Update,
} from "./core/optim/family.ts";
export { type Elementwise, elementwise } from "./core/optim/elementwise.ts";
export { type Measured, measured } from "./core/optim/measured.ts";
export { type GroupOptions, optimizerOf } from "./core/optim/optimizer.ts";
export { sgd, type SGDOptions } from "./core/optim/sgd.ts";
export { classicalMomentum } from "./core/optim/classical_momentum.ts";
export {
  linearBody,
  linearScalars,
  type MomentumOptions,
  nesterov,
} from "./core/optim/nesterov.ts";
export { momentumWithLead, type MomentumWithLeadOptions } from "./core/optim/momentum_with_lead.ts";
export { qhm, type QHMOptions } from "./core/optim/qhm.ts";
export { adamW, type AdamWOptions } from "./core/optim/adamw.ts";
export { nadamW, type NAdamWOptions } from "./core/optim/nadamw.ts";
export { adan, type AdanOptions } from "./core/optim/adan.ts";
export { adEMAMix, type AdEMAMixOptions } from "./core/optim/ademamix.ts";
export {
  simplifiedAdEMAMix,
  type SimplifiedAdEMAMixOptions,
} from "./core/optim/simplified_ademamix.ts";
export type { AveragingOptions } from "./core/optim/schedule_free.ts";
export { scheduleFreeSGD, type ScheduleFreeSGDOptions } from "./core/optim/schedule_free_sgd.ts";
export {
  scheduleFreeAdamW,
  type ScheduleFreeAdamWOptions,
} from "./core/optim/schedule_free_adamw.ts";
export { lion, type LionOptions } from "./core/optim/lion.ts";
export {
  adaptiveHeavyBall,
  type AdaptiveHeavyBallOptions,
} from "./core/optim/adaptive_heavy_ball.ts";
export { restartedNesterov, type RestartOptions } from "./core/optim/restart.ts";
export { aggMo, type AggMoOptions } from "./core/optim/aggmo.ts";
export { lookahead } from "./core/optim/lookahead.ts";
export type { LookaheadOptions, LookaheadVelocity } from "./core/optim/lookahead.ts";
export {
  partialMomentum,
  type PartialMomentumOptions,
  type TensorChoice,
} from "./core/optim/partial_momentum.ts";
export { lowRankMomentum, type LowRankMomentumOptions } from "./core/optim/low_rank_momentum.ts";
export { muon, type MuonMatrices, type MuonOptions } from "./core/optim/muon.ts";
export {
  hessianFree,
  hessianFreeDagger,
  type HessianFreeOptions,
} from "./core/optim/hessian_free.ts";
export {
  conjugateGradient,
  type ConjugateGradientOptions,
  type ConjugateGradientResult,
} from "./core/optim/conjugate_gradient.ts";
export * from "./core/optim/schedule.ts";
export * from "./core/optim/learning_rate.ts";

// Initial weights.
export * from "./core/init/echo_state.ts";
export * from "./core/init/gaussian.ts";
export * from "./core/init/glorot.ts";
export * from "./core/init/he.ts";
export {
  type InitializedLayer,
  type Initializer,
  type LayerParameters,
  type LayerToInitialize,
  tanhFromSigmoid,
  tanhRecipe,
  type TanhSides,
} from "./core/init/initializer.ts";
export * from "./core/init/lsuv.ts";
export * from "./core/init/orthogonal.ts";
export * from "./core/init/sparse.ts";
export { permute, philox4x32, Purpose, RandomStream, seedKey } from "./core/random.ts";

// Data: on the GPU, generated, and cut from what others published.
export {
  type MarkedOptions,
  markedSequence,
  type MemorizationOptions,
  memorizationSequence,
  type Sequence,
} from "./core/data/sequences.ts";
export {
  Dataset,
  type DatasetArray,
  type DatasetFormat,
  type DatasetOptions,
} from "./core/data/dataset.ts";
export { examples, type ExampleSet } from "./core/data/examples.ts";
export type { CaseBuffers, Cases, OpenSource, Source } from "./core/data/source.ts";
export type { Table } from "./core/data/table.ts";
export * from "./models/problems/curves.ts";
export {
  type FacesOptions,
  type FacesSet,
  generateFaces,
  generatePackedFaces,
} from "./models/problems/faces.ts";
export * from "./models/problems/originals.ts";

// Files: bytes in, arrays out.
export { printable } from "./core/formats/wording.ts";
export * from "./core/formats/csv_matrix.ts";
export * from "./core/formats/gzip.ts";
export * from "./core/formats/half.ts";
export * from "./core/formats/idx.ts";
export * from "./core/formats/mat.ts";
export { readMAT73, type ReadMAT73Options } from "./core/formats/hdf5.ts";
export * from "./core/formats/npy.ts";
export type { NumericArray } from "./core/formats/numeric.ts";
export * from "./core/formats/safetensors.ts";

// Your own kernels: plans of dispatches, the operations that models are made of, and WGSL texts.
export type { Constants } from "./core/gpu/compose.ts";
export type { Defect, Kernel } from "./core/gpu/kernel.ts";
export type { Uniform, UniformValue } from "./core/gpu/uniform.ts";
export { type Binding, type Choice, type DispatchSize, Plan } from "./core/gpu/plan.ts";
export type { EncodeOptions } from "./core/gpu/plan.ts";
export { type StepRow, type StepScalars, StepTable } from "./core/gpu/scalars.ts";
export {
  allocateTensor,
  rowsOf,
  stepsOf,
  type Tensor,
  type TensorSizes,
} from "./core/gpu/tensor.ts";
export { type TensorPlace, type TensorShape, Vector, VectorLayout } from "./core/gpu/vector.ts";
export { finiteSource, randomSource, stepSource } from "./core/ops/texts.ts";
export { axpy } from "./core/ops/axpy.ts";
export { caseMean, type Slot } from "./core/ops/case_mean.ts";
export { clipNorm } from "./core/ops/clip_norm.ts";
export { columnSum } from "./core/ops/column_sum.ts";
export { dot } from "./core/ops/dot.ts";
export { gather, type GatheredCases } from "./core/ops/gather.ts";
export { type GaussianNoise, gaussianNoise } from "./core/ops/gaussian_noise.ts";
export { gatherSteps, type StepData } from "./core/ops/gather_steps.ts";
export type { Epilogue, Then } from "./core/ops/epilogue.ts";
export { matmul, type Product } from "./core/ops/matmul.ts";
export { type Sum, sum } from "./core/ops/sum.ts";
export type { SharingWorkgroup, Tile } from "./core/ops/tile.ts";
export { norm } from "./core/ops/norm.ts";
export { type Pointwise, pointwise, type VectorsByName } from "./core/ops/pointwise.ts";
export {
  type Driven,
  type Recurrence,
  recurrence,
  type RecurrenceLayout,
} from "./core/ops/recurrence.ts";
export {
  sequenceBits,
  sequenceCurvature,
  sequenceLoss,
  type SequenceLossInputs,
  unitError,
  zeroOneLoss,
} from "./core/ops/sequence_loss.ts";
export type { SequenceBuffers } from "./core/data/fresh_sequences.ts";

// References in float64, to hold results to.
/** The same in float64, to hold results to. */
export * as reference from "./core/reference/mod.ts";
