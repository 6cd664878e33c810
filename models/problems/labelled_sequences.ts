import { examples, type ExampleSet } from "../../core/data/examples.ts";
import type { SequenceBuffers } from "../../core/data/fresh_sequences.ts";
import type { OpenSource, Split } from "../../core/data/source.ts";
import { InputError } from "../../core/errors.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import { checkCount, type SequenceTask, type TaskCases } from "./sequence_tasks.ts";

/** A row a sequence, the values of its first step first, and the number of its class from 0 on. */
export type LabelledSet = Required<Pick<ExampleSet, "inputs" | "targets">>;

/** Sequences of which each is of a class; see {@linkcode LabelledSequences}. */
export interface LabelledSequencesOptions {
  /** T; it divides the values of a sequence. */
  steps: number;
  /** How many classes there are. */
  classes: number;
  /** The sequences to learn from. */
  train: LabelledSet;
  /** Others to be tested on. */
  test?: LabelledSet;
}

/**
 * Sequences that are told apart by their classes, on the GPU: the task of an `rnn()`, which tells the
 * class behind the last step. Its loss is the cross-entropy of a softmax in nats, its zero-one loss the
 * share of cases taken for another class. Images are sequences of their rows. A `Dataset` is shared, and
 * freed by who made it.
 *
 * Throws an {@linkcode InputError} for steps that do not divide the values of a sequence, for labels that
 * are no classes, and for inputs and labels of unlike number.
 *
 * ```ts
 * import { echoState, LabelledSequences, nesterov, openGPU, rnn, Trainer } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * // Does the louder half come first?
 * const data = new Float32Array(100 * 6).map((_, i) => Math.sin(i * i));
 * const sum = (from: number) => data.slice(from, from + 3).reduce((sum, x) => sum + x * x, 0);
 * const targets = Uint8Array.from({ length: 100 }, (_, i) => sum(6 * i) > sum(6 * i + 3) ? 1 : 0);
 * const train = { inputs: { data, width: 6 }, targets };
 * const task = new LabelledSequences(gpu, { steps: 6, classes: 2, train });
 * const trainer = await Trainer.open(gpu, {
 *   model: rnn({ hidden: 20, task }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.05, momentum: 0.9 }),
 *     initializer: echoState({ inputScale: 0.5 }),
 *   }],
 *   batchSize: 20,
 * });
 * for await (const { replicas } of trainer.run({ updates: 100, every: 50, evalCases: 100 })) {
 *   console.log(replicas[0].figures.zeroOneLoss);
 * }
 * ```
 */
export class LabelledSequences implements SequenceTask {
  readonly inputs: number;
  readonly outputs: number;
  readonly steps: number;
  readonly targets = "last";
  readonly hasLabels = true;
  readonly loss = "cross-entropy";
  readonly zeroOne: { tolerance: number; classes: number };
  readonly outputBiases: readonly number[];
  readonly cases: Readonly<Record<Split, number>>;
  readonly #source: OpenSource;

  /** Uploads what is no `Dataset`. */
  constructor(gpu: Gpu, { steps, classes, train, test }: LabelledSequencesOptions) {
    checkCount("number of steps", steps);
    checkCount("number of classes", classes);
    if (classes < 2) {
      throw new InputError(`there are 2 classes or more to be told apart, not ${classes}`);
    }
    const source = examples({ train, ...test && { test } });
    if (source.inputs % steps !== 0) {
      throw new InputError(
        `sequences of ${source.inputs} values are not of ${steps} steps: give a number of steps that ` +
          "divides them",
      );
    }
    if (source.targets !== 1) {
      throw new InputError(
        `a sequence is of one class, and there are ${
          source.targets ?? "no"
        } targets of each: give ` +
          "the number of its class, from 0 on",
      );
    }
    source.checkLabels?.(classes);
    this.inputs = source.inputs / steps;
    this.outputs = classes;
    this.steps = steps;
    this.zeroOne = { tolerance: 0, classes };
    this.outputBiases = Array(classes).fill(0);
    this.cases = source.cases;
    this.#source = source.open(gpu);
  }

  record(
    plan: Plan,
    { inputs, targets }: SequenceBuffers,
    seeds: GPUBuffer,
    cases: TaskCases,
  ): void {
    this.#source.record(plan, { inputs, targets }, seeds, cases);
  }

  /** Gives back what it uploaded. */
  free(): void {
    this.#source.free();
  }
}
