import { checkChoice } from "../../core/checks.ts";
import { InputError } from "../../core/errors.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import { gatherSteps, type StepData } from "../../core/ops/gather_steps.ts";
import {
  type SequenceLoss,
  sequenceLosses,
  type UnitError,
  type ZeroOneRule,
} from "../../core/ops/sequence_loss.ts";
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
  train: SequenceSet | Series;
  /** Others to be tested on. */
  test?: SequenceSet | Series;
  /** Where the output biases begin, such as the mean of the targets. Default: 0. */
  outputBiases?: readonly number[];
  /** Squared error: an output further than this from its target counts as wrong. Default: 0.04. */
  tolerance?: number;
  /** Errors of single outputs, which an evaluation tells in place of the zero-one loss. */
  unitErrors?: readonly UnitError[];
}

/** N sequences and their targets. */
export interface SequenceSet {
  /** [T, N, inputs] */
  inputs: Float32Array<ArrayBuffer>;
  /** [N, outputs] for the last step, or [T, N, outputs] for every one. */
  targets: Float32Array<ArrayBuffer>;
}

/**
 * A series whose next row is learned: its sequences are all windows of T + 1 rows, the first T of which
 * are inputs, and all but the first targets. Inputs and outputs are the values of a row.
 */
export interface Series {
  /** [rows, inputs] */
  series: Float32Array<ArrayBuffer>;
}

interface Uploaded {
  inputs: StepData;
  targets: StepData;
}

/**
 * Your own sequences as the task of a recurrent network, on the GPU: inputs [T, N, in], with targets
 * at the last step or at all steps, or the windows of a series. Minibatches are cut from a fresh
 * permutation each epoch.
 *
 * Throws an {@linkcode InputError} where the numbers of values fit no whole number of sequences, for a
 * series without a window, and for values that are no Float32Array, a loss, biases, a tolerance or
 * errors that are none.
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
  readonly unitErrors?: readonly UnitError[];
  readonly #gpu: Gpu;
  readonly #splits: Record<Split, Uploaded | undefined>;

  /** Uploads the sequences. */
  constructor(gpu: Gpu, options: SequenceDataOptions) {
    const { inputs, outputs, steps, train, test, loss = "squared-error", unitErrors } = options;
    checkCount("number of inputs", inputs);
    checkCount("number of outputs", outputs);
    checkCount("number of steps", steps);
    checkChoice("loss", loss, sequenceLosses);
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
    if (unitErrors) {
      checkUnitErrors(unitErrors, outputs);
      this.unitErrors = unitErrors;
    }
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

  #upload(set: SequenceSet | Series): Uploaded {
    if ("series" in set) {
      const buffer = this.#gpu.upload("series", set.series);
      const cases = set.series.length / this.inputs - this.steps;
      return { inputs: { buffer, cases, firstRow: 0 }, targets: { buffer, cases, firstRow: 1 } };
    }
    const { inputs, targets } = set;
    const cases = inputs.length / (this.steps * this.inputs);
    return {
      inputs: { buffer: this.#gpu.upload("sequences", inputs), cases },
      targets: { buffer: this.#gpu.upload("targets of the sequences", targets), cases },
    };
  }

  /** Gives the sequences back. */
  free(): void {
    const data = Object.values(this.#splits).flatMap((of) => of ? [of.inputs, of.targets] : []);
    for (const buffer of new Set(data.map(({ buffer }) => buffer))) this.#gpu.free(buffer);
  }
}

/** At which steps the targets of a set stand. */
function targetsOf(set: SequenceSet | Series, options: SequenceDataOptions): "last" | "all" {
  const { steps, inputs: width, outputs } = options;
  if ("series" in set) {
    checkSeries(set, options);
    return "all";
  }
  const { inputs, targets } = set;
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

function checkSeries({ series }: Series, { steps, inputs, outputs }: SequenceDataOptions): void {
  if (!(series instanceof Float32Array)) {
    throw new InputError("a series must be a Float32Array: convert it by Float32Array.from()");
  }
  if (outputs !== inputs) {
    throw new InputError(
      `the next row of a series has as many values as a row: give outputs: ${inputs}, not ${outputs}`,
    );
  }
  const rows = series.length / inputs;
  if (Number.isInteger(rows) && rows > steps) return;
  throw new InputError(
    `${series.length} values are no ${
      steps + 1
    } rows of ${inputs} or more, as a window of ${steps} ` +
      "steps and its next row take: give a longer series, or fewer steps",
  );
}

function checkUnitErrors(errors: readonly UnitError[], outputs: number): void {
  const names = ["loss", ...errors.map(({ name }) => name)];
  for (const { name, unit } of errors) {
    if (!(Number.isInteger(unit) && unit >= 0 && unit < outputs)) {
      throw new InputError(`the error ${name} is of unit ${unit}: it may be 0 to ${outputs - 1}`);
    }
    if (names.indexOf(name) !== names.lastIndexOf(name)) {
      throw new InputError(`two figures are called ${name}: call each error otherwise`);
    }
  }
}
