import { InputError } from "../../core/errors.ts";
import {
  checkMarked,
  checkMemorization,
  longestLength,
  type MarkedOptions,
  type MemorizationOptions,
  memorizationSteps,
} from "../../core/data/sequences.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import type { SequenceLoss, UnitError, ZeroOneRule } from "../../core/ops/sequence_loss.ts";
import {
  markedSequences,
  memorizationSequences,
  type SequenceBuffers,
  type SequenceStream,
} from "../../core/data/fresh_sequences.ts";
import { Purpose } from "../../core/random.ts";
import type { Cases, Split } from "../../core/data/source.ts";

/** Which cases of a task are wanted: the minibatch of the step, or `cases` of a split. */
export type TaskCases = Cases;

/** Sequences and what a recurrent network is to make of them. */
export interface SequenceTask {
  /** Inputs a step. */
  readonly inputs: number;
  /** Linear output units. */
  readonly outputs: number;
  /** T, of the longest sequence. */
  readonly steps: number;
  /** Whether targets stand at the last step of a sequence or at all of them. */
  readonly targets: "last" | "all";
  /** Whether a target is the number of a class, in place of a value for each output. Default: no. */
  readonly hasLabels?: boolean;
  /** What is minimised. */
  readonly loss: SequenceLoss;
  /** What counts as wrong. */
  readonly zeroOne: ZeroOneRule;
  /** Errors of single outputs, which an evaluation tells in place of the zero-one loss. */
  readonly unitErrors?: readonly UnitError[];
  /** Sequences of each split; Infinity where they are made fresh. */
  readonly cases: Readonly<Record<Split, number>>;
  /** Where the output biases begin: they centre the targets. */
  readonly outputBiases: readonly number[];
  /** The zero-one loss of the output biases alone, the hidden state ignored; where it is known. */
  readonly biasesBaseline?: number;
  /** Records the sequences of the step in force into `buffers`. */
  record(plan: Plan, buffers: SequenceBuffers, seeds: GPUBuffer, cases: TaskCases): void;
}

/** An output further than this from its target is wrong (paper, section 4). */
const TOLERANCE = 0.04;

/** Fresh test sequences; not stated in the paper. */
const TEST_CASES = 10_000;

/** Settings of {@linkcode markedTask}: what is not given has its default. */
export type MarkedTaskOptions =
  & Pick<MarkedOptions, "problem" | "length">
  & Partial<MarkedOptions>
  & { testCases?: number };

/**
 * The adding or the multiplication problem (paper, section 4): `markedSequence()`, the squared error
 * at the last step, output biases at the mean target. By default the inputs are centred and there is
 * no cue.
 *
 * Throws an {@linkcode InputError} for another problem, where the length has no room for two marks
 * and for a number of test cases that is none.
 *
 * ```ts
 * import { markedTask } from "../../mod.ts";
 *
 * const task = markedTask({ problem: "add", length: 80 });
 * console.log(task.steps, task.biasesBaseline); // 88, 0.8464
 * ```
 */
export function markedTask(given: MarkedTaskOptions): SequenceTask {
  const { problem, length, centre = true, cue = false, testCases = TEST_CASES } = given;
  const options = { problem, length, centre, cue };
  checkMarked(options);
  checkTestCases(testCases);
  const mean = problem === "add" ? 1 / 2 : 1 / 4;
  return {
    inputs: 2,
    outputs: 1,
    steps: longestLength(length),
    targets: "last",
    loss: "squared-error",
    zeroOne: { tolerance: TOLERANCE, classes: 0 },
    cases: { train: Infinity, test: testCases },
    outputBiases: [mean],
    biasesBaseline: problem === "add"
      ? (1 - 2 * TOLERANCE) ** 2
      : 1 - productBelow(mean + TOLERANCE) + productBelow(mean - TOLERANCE),
    record: (plan, buffers, seeds, cases) =>
      markedSequences(plan, options, buffers, streamOf(seeds, cases)),
  };
}

/** Settings of {@linkcode memorizationTask}: what is not given has its default. */
export type MemorizationTaskOptions =
  & Omit<MemorizationOptions, "centre">
  & Partial<MemorizationOptions>
  & { testCases?: number };

/**
 * A memorization problem (paper, section 4): `memorizationSequence()`, the cross-entropy of a softmax
 * over the symbols and the blank, summed over all steps; output biases at the logarithm of how often
 * each is the target. mem-5 has 5 items of 2 symbols, mem-20 has 10 of 5.
 *
 * Throws an {@linkcode InputError} for numbers that make no problem, or no test cases.
 *
 * ```ts
 * import { memorizationTask } from "../../mod.ts";
 *
 * const task = memorizationTask({ symbols: 2, items: 5, length: 200 });
 * console.log(task.steps, task.biasesBaseline); // 210, 2.5
 * ```
 */
export function memorizationTask(given: MemorizationTaskOptions): SequenceTask {
  const { symbols, items, length, centre = true, testCases = TEST_CASES } = given;
  const options = { symbols, items, length, centre };
  checkMemorization(options);
  checkTestCases(testCases);
  const steps = memorizationSteps(options);
  return {
    inputs: symbols + 2,
    outputs: symbols + 1,
    steps,
    targets: "all",
    loss: "cross-entropy",
    zeroOne: { tolerance: 0, classes: symbols },
    cases: { train: Infinity, test: testCases },
    outputBiases: [
      ...Array(symbols).fill(Math.log(items / symbols / steps)),
      Math.log((steps - items) / steps),
    ],
    biasesBaseline: items * (1 - 1 / symbols),
    record: (plan, buffers, seeds, cases) =>
      memorizationSequences(plan, options, buffers, streamOf(seeds, cases)),
  };
}

/** The cases evaluated have streams of their own, apart from the minibatches. */
function streamOf(seeds: GPUBuffer, cases: TaskCases): SequenceStream {
  if (cases === "minibatch") return { seeds, purpose: Purpose.sequence };
  return { seeds, purpose: cases.split === "test" ? Purpose.testSequence : Purpose.evaluation };
}

/** The probability that the product of two uniform numbers is below x. */
function productBelow(x: number): number {
  return x - x * Math.log(x);
}

function checkTestCases(cases: number): void {
  if (!Number.isSafeInteger(cases) || cases < 0) {
    throw new InputError(
      `the number of test cases must be a whole number of at least 0, not ${cases}; leave it out ` +
        `for ${TEST_CASES}`,
    );
  }
}

/** Refuses a number that is not a whole one above 0. */
export function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new InputError(`the ${name} must be a whole number above 0, not ${value}`);
  }
}
