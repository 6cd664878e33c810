import { checkChoice } from "../checks.ts";
import { InputError } from "../errors.ts";
import { type Purpose, RandomStream } from "../random.ts";

/** One sequence of a problem, in float32. */
export interface Sequence {
  /** Steps that belong to it. */
  readonly length: number;
  /** [T, inputs] for the longest length T there is; zero after the end. */
  readonly inputs: Float32Array;
  /** [outputs] for the last step, or [T, outputs]. */
  readonly targets: Float32Array;
}

/** Settings of {@linkcode markedSequence}. */
export interface MarkedOptions {
  /** Whether the two marked values are added or multiplied. */
  problem: "add" | "mul";
  /** T, the shortest length; at least 10. */
  length: number;
  /** Subtracts the mean of the inputs. */
  centre: boolean;
  /** Marks the first and the last step with -1. */
  cue: boolean;
}

/** Settings of {@linkcode memorizationSequence}. */
export interface MemorizationOptions {
  /** Different symbols. */
  symbols: number;
  /** Symbols to be remembered. */
  items: number;
  /** Blank steps between the symbols and their recall; at least 1, since the last is the trigger. */
  length: number;
  /** Subtracts the mean of the inputs. */
  centre: boolean;
}

/** Steps of the longest sequence of a problem of shortest length T: floor(1.1 T). */
export function longestLength(length: number): number {
  return length + Math.floor(length / 10);
}

/** Steps of a memorization sequence: the symbols, the blanks, and the symbols again. */
export function memorizationSteps({ items, length }: MemorizationOptions): number {
  return length + 2 * items;
}

/**
 * Throws an {@linkcode InputError} for another problem, and where a sequence would have no room for
 * its two marks.
 */
export function checkMarked({ problem, length }: MarkedOptions): void {
  checkChoice("problem", problem, ["add", "mul"]);
  if (!Number.isInteger(length) || length < 10 || length > 100_000) {
    throw new InputError(
      `the length of ${problem} must be a whole number from 10 (its first tenth takes a mark) to ` +
        `100000, not ${length}`,
    );
  }
}

/** Throws an {@linkcode InputError} for numbers of symbols, items or blanks that make no problem. */
export function checkMemorization({ symbols, items, length }: MemorizationOptions): void {
  const bounds: [string, number, number, number][] = [
    ["number of symbols", symbols, 2, 1024],
    ["number of items", items, 1, 10_000],
    ["length of memorization", length, 1, 100_000],
  ];
  for (const [name, value, least, most] of bounds) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InputError(
        `the ${name} must be a whole number from ${least} to ${most}, not ${value}`,
      );
    }
  }
}

/** The inputs that stand for 0, 1 and -1 of a marker, and the mean of the values; see the shader. */
export function markedLevels({ length, centre }: MarkedOptions): {
  marker: { off: number; on: number; cue: number };
  valueMean: number;
} {
  // Two marks in (T + floor(1.1 T)) / 2 steps on average.
  const mean = centre ? 4 / (length + longestLength(length)) : 0;
  return {
    marker: { off: Math.fround(-mean), on: Math.fround(1 - mean), cue: Math.fround(-1 - mean) },
    valueMean: centre ? 0.5 : 0,
  };
}

/**
 * The adding or the multiplication problem (paper, section 4; Hochreiter and Schmidhuber 1997).
 * Two inputs a step: a value u, uniform in [0, 1), and a marker that is 1 at two steps, else 0. The
 * length T' is uniform in T ... floor(1.1 T), drawn for each sequence, not for each minibatch: a
 * sequence is then a function of its number alone, and a minibatch is a fair sample. The first mark
 * is uniform in the first tenth of the steps, the second in the rest of the first half. The target,
 * at the last step only, is (u_i + u_j)/2 or u_i u_j.
 *
 * Values are multiples of 2^-23 and targets of 2^-24, so that GPUs make the same bits; the product is
 * rounded down. The cue of the original authors' code is off in the paper's text: where both a mark
 * and the cue fall on a step, the mark wins.
 *
 * @param number Which sequence of the stream fixed by the seed and the purpose.
 */
export function markedSequence(
  options: MarkedOptions,
  { seed, purpose, number }: { seed: number; purpose: Purpose; number: number },
): Sequence {
  const { problem, length: shortest, cue } = options;
  const random = new RandomStream(seed, purpose, number);
  const [lengthWord, firstWord, secondWord] = Array.from({ length: 4 }, () => random.uint32());
  const steps = longestLength(shortest);
  const length = shortest + below(lengthWord, steps - shortest + 1);
  const tenth = Math.floor(length / 10);
  const first = below(firstWord, tenth);
  const second = tenth + below(secondWord, Math.floor(length / 2) - tenth);
  const { marker, valueMean } = markedLevels(options);
  const inputs = new Float32Array(2 * steps);
  const values = Array.from({ length }, () => random.uint32() >>> 9);
  values.forEach((value, t) => {
    inputs[2 * t] = value * 2 ** -23 - valueMean;
    const atEnd = t === 0 || t === length - 1;
    inputs[2 * t + 1] = t === first || t === second
      ? marker.on
      : cue && atEnd
      ? marker.cue
      : marker.off;
  });
  const [a, b] = [values[first], values[second]];
  const target = problem === "add" ? (a + b) * 2 ** -24 : Math.floor(a * b / 2 ** 22) * 2 ** -24;
  return { length, inputs, targets: Float32Array.of(target) };
}

/** Means of the one-hot inputs of memorization: of a symbol, the blank and the trigger. */
export function memorizationMeans(options: MemorizationOptions): {
  symbol: number;
  blank: number;
  trigger: number;
} {
  const { symbols, items, length, centre } = options;
  const steps = memorizationSteps(options);
  if (!centre) return { symbol: 0, blank: 0, trigger: 0 };
  return {
    symbol: items / symbols / steps,
    blank: (length - 1 + items) / steps,
    trigger: 1 / steps,
  };
}

/**
 * The memorization problems (paper, section 4): `items` random symbols, then T blanks, the last of
 * which is the trigger, then the same symbols must come out while the input is blank. Inputs are
 * one-hot: the symbols, blank, trigger. Targets are one-hot at every step: the symbols, blank.
 */
export function memorizationSequence(
  options: MemorizationOptions,
  { seed, purpose, number }: { seed: number; purpose: Purpose; number: number },
): Sequence {
  const { symbols, items, length } = options;
  const random = new RandomStream(seed, purpose, number);
  const drawn = Array.from({ length: items }, () => below(random.uint32(), symbols));
  const steps = memorizationSteps(options);
  const [blank, trigger] = [symbols, symbols + 1];
  const { symbol: symbolMean, ...means } = memorizationMeans(options);
  const inputs = new Float32Array(steps * (symbols + 2));
  const targets = new Float32Array(steps * (symbols + 1));
  for (let t = 0; t < steps; t++) {
    const input = t < items ? drawn[t] : t === items + length - 1 ? trigger : blank;
    for (let j = 0; j < symbols + 2; j++) {
      const mean = j < symbols ? symbolMean : j === blank ? means.blank : means.trigger;
      inputs[t * (symbols + 2) + j] = (j === input ? 1 : 0) - mean;
    }
    targets[t * (symbols + 1) + (t < items + length ? blank : drawn[t - items - length])] = 1;
  }
  return { length: steps, inputs, targets };
}

/** floor(word n / 2^32): uniform in 0..n-1 but for n / 2^32. */
function below(word: number, n: number): number {
  return Math.floor(word * n / 2 ** 32);
}
