import { checkChoice } from "../../core/checks.ts";
import { InputError } from "../../core/errors.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import { gatherSteps, type StepData } from "../../core/ops/gather_steps.ts";
import type { SequenceLoss, ZeroOneRule } from "../../core/ops/sequence_loss.ts";
import type { SequenceBuffers } from "../../core/data/fresh_sequences.ts";
import { Purpose } from "../../core/random.ts";
import type { Split } from "../../core/graph/model.ts";
import { checkCount, type SequenceTask, type TaskCases } from "./sequence_tasks.ts";

/** Your own sequences, all of one length; see {@linkcode SequenceData}. */
export interface SequenceDataOptions {
  /** Inputs a step. */
  inputs: number;
  /** Output units. */
  outputs: number;
  /** T. */
  steps: number;
  /** What is minimised. Default: the squared error. */
  loss?: SequenceLoss;
  /** The sequences to learn from. */
  train: SequenceSet;
  /** Others to be tested on. */
  test?: SequenceSet;
  /** Where the output biases begin, such as the mean of the targets. Default: 0. */
  outputBiases?: readonly number[];
  /** Squared error: an output further than this from its target counts as wrong. Default: 0.04. */
  tolerance?: number;
}

/** N sequences and their targets. */
export interface SequenceSet {
  /** [T, N, inputs] */
  inputs: Float32Array<ArrayBuffer>;
  /** [N, outputs] for the last step, or [T, N, outputs] for every one. */
  targets: Float32Array<ArrayBuffer>;
}

interface Uploaded {
  inputs: StepData;
  targets: StepData;
}

/**
 * Your own sequences as the task of a recurrent network, on the GPU: inputs [T, N, in], with targets
 * at the last step or at all steps. Minibatches are cut from a fresh permutation each epoch.
 *
 * Throws an {@linkcode InputError} where the numbers of values fit no whole number of sequences, and
 * for values that are no Float32Array, a loss, biases or a tolerance that is none.
 *
 * ```ts
 * import { echoState, nesterov, openGPU, rnn, runRnn, SequenceData, Trainer } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const [steps, cases] = [12, 40];
 * // The task: the sum of the inputs so far, at every step.
 * const inputs = new Float32Array(steps * cases).map((_, i) => Math.sin(i * i) / 10);
 * const targets = inputs.slice();
 * for (let i = cases; i < targets.length; i++) targets[i] += targets[i - cases];
 * const task = new SequenceData(gpu, { inputs: 1, outputs: 1, steps, train: { inputs, targets } });
 * const trainer = await Trainer.open(gpu, {
 *   model: rnn({ hidden: 20, task }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 1e-3, momentum: 0.9 }),
 *     initializer: echoState({ inputScale: 0.1 }),
 *   }],
 *   batchSize: 20,
 * });
 * for await (const { replicas } of trainer.run({ updates: 20, evalCases: cases })) {
 *   console.log(replicas[0].figures.loss);
 * }
 * const outputs = await runRnn(gpu, { theta: await trainer.theta(), inputs, batch: cases });
 * console.log(outputs.length); // 480: [T, N, 1]
 * ```
 */
export class SequenceData implements SequenceTask {
  readonly inputs: number;
  readonly outputs: number;
  readonly steps: number;
  readonly targets: "last" | "all";
  readonly loss: SequenceLoss;
  readonly zeroOne: ZeroOneRule;
  readonly outputBiases: readonly number[];
  readonly #gpu: Gpu;
  readonly #splits: Record<Split, Uploaded | undefined>;

  /** Uploads the sequences. */
  constructor(gpu: Gpu, options: SequenceDataOptions) {
    const { inputs, outputs, steps, train, test, loss = "squared-error" } = options;
    checkCount("number of inputs", inputs);
    checkCount("number of outputs", outputs);
    checkCount("number of steps", steps);
    checkChoice("loss", loss, ["squared-error", "cross-entropy"]);
    const { outputBiases = Array(outputs).fill(0), tolerance = 0.04 } = options;
    if (outputBiases.length !== outputs) {
      throw new InputError(
        `${outputBiases.length} output biases were given for ${outputs} outputs`,
      );
    }
    if (!outputBiases.every(Number.isFinite)) {
      throw new InputError(
        `the output biases must be finite numbers, not ${outputBiases.join(", ")}`,
      );
    }
    if (!(Number.isFinite(tolerance) && tolerance >= 0)) {
      throw new InputError(
        `the tolerance must be a finite number of at least 0, not ${tolerance}; the paper takes 0.04`,
      );
    }
    this.inputs = inputs;
    this.outputs = outputs;
    this.steps = steps;
    this.loss = loss;
    this.outputBiases = outputBiases;
    this.zeroOne = { tolerance, classes: outputs };
    this.targets = targetsOf(train, options);
    if (test && targetsOf(test, options) !== this.targets) {
      throw new InputError("train and test need targets at the same steps");
    }
    this.#gpu = gpu;
    this.#splits = { train: this.#upload(train), test: test && this.#upload(test) };
  }

  get cases(): Record<Split, number> {
    const { train, test } = this.#splits;
    return { train: train!.inputs.cases, test: test?.inputs.cases ?? 0 };
  }

  record(plan: Plan, buffers: SequenceBuffers, seeds: GPUBuffer, cases: TaskCases): void {
    const data = this.#splits[cases === "minibatch" ? "train" : cases.split];
    if (!data) throw new InputError("there are no test sequences");
    const isPart = cases !== "minibatch" && cases.cases < data.inputs.cases;
    const purpose = cases === "minibatch"
      ? Purpose.minibatch
      : isPart
      ? Purpose.evaluation
      : undefined;
    gatherSteps(plan, data.inputs, buffers.inputs, { seeds, purpose });
    gatherSteps(plan, data.targets, buffers.targets, { seeds, purpose });
  }

  #upload({ inputs, targets }: SequenceSet): Uploaded {
    const cases = inputs.length / (this.steps * this.inputs);
    return {
      inputs: { buffer: this.#gpu.upload("sequences", inputs), cases },
      targets: { buffer: this.#gpu.upload("targets of the sequences", targets), cases },
    };
  }

  /** Gives the sequences back. */
  free(): void {
    for (const data of Object.values(this.#splits)) {
      if (!data) continue;
      this.#gpu.free(data.inputs.buffer);
      this.#gpu.free(data.targets.buffer);
    }
  }
}

/** At which steps the targets of a set stand. */
function targetsOf(
  { inputs, targets }: SequenceSet,
  options: SequenceDataOptions,
): "last" | "all" {
  const { steps, inputs: width, outputs } = options;
  if (!(inputs instanceof Float32Array && targets instanceof Float32Array)) {
    throw new InputError(
      "sequences and their targets must be a Float32Array each: convert them by Float32Array.from()",
    );
  }
  const cases = inputs.length / (steps * width);
  if (!Number.isInteger(cases) || cases === 0) {
    throw new InputError(
      `${inputs.length} inputs are no whole number of sequences of ${steps} steps of ${width}: ` +
        `give them as [T, N, in]`,
    );
  }
  if (targets.length === cases * outputs && steps > 1) return "last";
  if (targets.length === steps * cases * outputs) return "all";
  throw new InputError(
    `${cases} sequences need ${cases * outputs} targets for the last step or ${
      steps * cases * outputs
    } for all of them, not ${targets.length}`,
  );
}
