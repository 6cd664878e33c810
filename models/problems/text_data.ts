import { InputError } from "../../core/errors.ts";
import type { SequenceBuffers } from "../../core/data/fresh_sequences.ts";
import { textWindows } from "../../core/data/text_windows.ts";
import type { Gpu } from "../../core/gpu/gpu.ts";
import type { Plan } from "../../core/gpu/plan.ts";
import type { Split } from "../../core/graph/model.ts";
import type { UnitError } from "../../core/ops/sequence_loss.ts";
import { longestPermutation, Purpose } from "../../core/random.ts";
import { checkCount, type SequenceTask, type TaskCases } from "./sequence_tasks.ts";

/** The characters of a text in the order of their numbers, and the numbers of those in it. */
export interface TokenizedText {
  /** In the order of their code points. */
  readonly characters: readonly string[];
  /** Of each character of the text the place in `characters`. */
  readonly tokens: Uint16Array<ArrayBuffer>;
}

/** Different tokens at most. */
const mostTokens = 2 ** 16;

/**
 * The characters of a text, by code points, as tokens.
 *
 * Throws an {@linkcode InputError} for a text of more than 65,536 different characters.
 *
 * ```ts
 * import { charactersOf } from "../../mod.ts";
 *
 * const { characters, tokens } = charactersOf("to be or not");
 * console.log(characters.join(""), tokens); // " benort", 6, 4, 0, ...
 * ```
 */
export function charactersOf(text: string): TokenizedText {
  const codes = Uint32Array.from(text, (character) => character.codePointAt(0)!);
  const different = [...new Set(codes)].toSorted((a, b) => a - b);
  if (different.length > mostTokens) {
    throw new InputError(
      `the text has ${different.length} different characters, of at most ${mostTokens}: give another`,
    );
  }
  const numbers = new Map(different.map((code, i) => [code, i]));
  return {
    characters: different.map((code) => String.fromCodePoint(code)),
    tokens: Uint16Array.from(codes, (code) => numbers.get(code)!),
  };
}

/**
 * The entropy of a text's bigrams, of a token given the one before it, in bits: what the best model that
 * sees one token has on the pairs of the text itself, H = - sum over pairs of n(ab)/n log2 n(ab)/n(a).
 *
 * ```ts
 * import { bigramEntropy, charactersOf } from "../../mod.ts";
 *
 * console.log(bigramEntropy(charactersOf("abababac").tokens)); // 0.46 bits a character
 * ```
 */
export function bigramEntropy(tokens: ArrayLike<number>): number {
  const pairs = new Map<number, number>(), firsts = new Map<number, number>();
  for (let i = 0; i + 1 < tokens.length; i++) {
    const pair = tokens[i] * mostTokens + tokens[i + 1];
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    firsts.set(tokens[i], (firsts.get(tokens[i]) ?? 0) + 1);
  }
  let bits = 0;
  for (const [pair, count] of pairs) {
    bits -= count * Math.log2(count / firsts.get(Math.floor(pair / mostTokens))!);
  }
  return bits / (tokens.length - 1);
}

/** A text to learn; see {@linkcode TextData}. */
export interface TextDataOptions {
  /** How many tokens there are; they are the whole numbers from 0 on. At most 65,536. */
  vocabulary: number;
  /** T, the tokens of a window. */
  steps: number;
  /** The text to learn from. */
  train: Uint16Array;
  /** Text that is held out. */
  test?: Uint16Array;
}

/** A text on the GPU. */
interface Uploaded {
  buffer: GPUBuffer;
  tokens: number;
}

/**
 * A text whose next token is learned, on the GPU: the task of a `sequenceNetwork()` whose first layer is
 * an `embedding()`, or of a `transformer()`. A case is a window of T tokens, with the one behind each of
 * them as its target; its loss is the cross-entropy of a softmax in nats, averaged over the window.
 *
 * Windows to learn from begin anywhere, as the network's seed, the update and the case say. Those of
 * text that is held out follow one another, so that each of its tokens is told once.
 *
 * Throws an {@linkcode InputError} for a text shorter than a window and the token behind it, for tokens
 * outside the vocabulary, and for a vocabulary or a number of steps that is none.
 *
 * ```ts
 * import {
 *   charactersOf, dense, embedding, gaussian, nesterov, openGPU, recurrent, sequenceNetwork,
 *   sequential, TextData, Trainer,
 * } from "../../mod.ts";
 *
 * using gpu = await openGPU();
 * const { characters, tokens } = charactersOf("so much depends upon ".repeat(50));
 * const vocabulary = characters.length;
 * const [train, test] = [tokens.subarray(0, 900), tokens.subarray(900)];
 * const task = new TextData(gpu, { vocabulary, steps: 16, train, test });
 * const layers = sequential(
 *   embedding({ vocabulary, units: 16 }),
 *   recurrent({ units: 32 }),
 *   dense({ units: vocabulary }),
 * );
 * const trainer = await Trainer.open(gpu, {
 *   model: sequenceNetwork({ task, layers }),
 *   replicas: [{
 *     seed: 1,
 *     optimizer: nesterov({ learningRate: 0.5, momentum: 0.9 }),
 *     initializer: gaussian(),
 *   }],
 *   batchSize: 8,
 * });
 * for await (const { update } of trainer.run({ updates: 100, every: 50, evalCases: 0 })) {
 *   const [{ bits }] = await trainer.evaluate("test");
 *   console.log(update, bits, "bits a character");
 * }
 * ```
 */
export class TextData implements SequenceTask {
  readonly inputs = 1;
  readonly outputs: number;
  readonly steps: number;
  readonly targets = "all";
  readonly hasLabels = true;
  readonly loss = "mean-cross-entropy";
  readonly zeroOne: { tolerance: number; classes: number };
  readonly unitErrors: readonly UnitError[] = [];
  readonly outputBiases: readonly number[];
  readonly cases: Readonly<Record<Split, number>>;
  readonly #gpu: Gpu;
  readonly #texts: Readonly<Record<Split, Uploaded | undefined>>;

  /** Uploads the text. */
  constructor(gpu: Gpu, { vocabulary, steps, train, test }: TextDataOptions) {
    checkCount("vocabulary", vocabulary);
    checkCount("number of steps", steps);
    if (vocabulary < 2 || vocabulary > mostTokens) {
      throw new InputError(`the vocabulary has 2 to ${mostTokens} tokens, not ${vocabulary}`);
    }
    for (const [name, tokens] of Object.entries({ train, ...test && { test } })) {
      checkTokens(gpu, name, tokens, { vocabulary, steps });
    }
    this.outputs = vocabulary;
    this.steps = steps;
    this.zeroOne = { tolerance: 0, classes: vocabulary };
    this.outputBiases = Array(vocabulary).fill(0);
    this.cases = { train: Infinity, test: test ? Math.floor((test.length - 1) / steps) : 0 };
    if (this.cases.test > longestPermutation) {
      throw new InputError(
        `the text held out has ${this.cases.test} windows, of at most ${longestPermutation}: hold ` +
          "less out",
      );
    }
    this.#gpu = gpu;
    const upload = (tokens: Uint16Array): Uploaded => {
      // Whole words.
      const pairs = new Uint16Array(2 * Math.ceil(tokens.length / 2));
      pairs.set(tokens);
      return { buffer: gpu.upload("text", pairs), tokens: tokens.length };
    };
    this.#texts = gpu.takeAll(() => ({ train: upload(train), test: test && upload(test) }));
  }

  record(plan: Plan, buffers: SequenceBuffers, seeds: GPUBuffer, cases: TaskCases): void {
    const split = cases === "minibatch" ? "train" : cases.split;
    const { buffer: text, tokens } = this.#texts[split]!;
    if (split === "train") {
      const purpose = cases === "minibatch" ? Purpose.sequence : Purpose.evaluation;
      const places = tokens - this.steps;
      return textWindows(plan, { text, from: "drawn", places, seeds, purpose }, buffers);
    }
    const places = this.cases.test;
    const isPart = cases !== "minibatch" && cases.cases < places;
    const purpose = isPart ? Purpose.evaluation : undefined;
    textWindows(plan, { text, from: "consecutive", places, seeds, purpose }, buffers);
  }

  /** Gives the text back. */
  free(): void {
    for (const text of Object.values(this.#texts)) if (text) this.#gpu.free(text.buffer);
  }
}

function checkTokens(
  gpu: Gpu,
  name: string,
  tokens: Uint16Array,
  { vocabulary, steps }: { vocabulary: number; steps: number },
): void {
  if (!(tokens instanceof Uint16Array)) {
    throw new InputError(
      `the tokens of ${name} must be a Uint16Array: take those of charactersOf()`,
    );
  }
  if (tokens.length <= steps) {
    throw new InputError(
      `${name} has ${tokens.length} tokens, and a window of ${steps} takes one more: give a longer ` +
        "text, or fewer steps",
    );
  }
  if (2 * tokens.length > gpu.maxBinding) {
    throw new InputError(
      `${name} has ${tokens.length} tokens, of at most ${
        gpu.maxBinding / 2
      } on this adapter: give a ` +
        "shorter text",
    );
  }
  const wrong = tokens.findIndex((token) => token >= vocabulary);
  if (wrong < 0) return;
  throw new InputError(
    `token ${wrong} of ${name} is ${
      tokens[wrong]
    }: with a vocabulary of ${vocabulary} it may be 0 to ` +
      `${vocabulary - 1}`,
  );
}
