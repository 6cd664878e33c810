import { InputError } from "./errors.ts";

/**
 * What a draw is for. Every draw is keyed by (seed, purpose, position), so that two parts of a run
 * never share numbers. A number once given keeps its meaning: results depend on it.
 */
export const Purpose = {
  /** Initial weights. The stream is the layer. */
  weights: 0,
  /** The order of the training cases, and the minibatches cut from it. */
  minibatch: 1,
  /** The training cases on which a figure is reported. */
  evaluation: 2,
  /** Images of the Curves problem. The stream is the image. */
  curves: 3,
  /** Training sequences of the recurrent problems. The stream is the sequence. */
  sequence: 4,
  /** Test sequences of the recurrent problems. The stream is the sequence. */
  testSequence: 5,
  /** Vectors that probe a matrix: power iteration, curvature. */
  probe: 6,
  /** Noise that a model adds to its gradient. The stream is the update. */
  noise: 7,
  /** The units that a layer drops. The stream is the update. */
  dropout: 8,
  /** Noise that a layer adds to units. The stream is the update. */
  unitNoise: 9,
  /** Settings of a race. The stream is the rung and the place. */
  race: 10,
  /** Settings that are drawn at random. The stream is the draw. */
  tuning: 11,
  /** Labels that are changed. The stream is the case. */
  labelNoise: 12,
} as const;

/** One of the values of {@linkcode Purpose}. */
export type Purpose = typeof Purpose[keyof typeof Purpose];

/** The longest list that {@linkcode permute} permutes: 2^24. */
export const longestPermutation = 2 ** 24;

/**
 * In the counter's third word the high half of a stream stays below 2^21, so this value marks
 * counters that belong to a permutation.
 */
const permutationMark = 0xffffffff;

/** 2^32 divided by the golden ratio: steps the key of Philox and the keys of the permutation. */
const goldenStep = 0x9e3779b9;

/** The high 32 bits of the 64-bit product of two 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16;
  const bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + aLow * bHigh + ((aLow * bLow) >>> 16);
  return aHigh * bHigh + Math.floor(middle / 65536);
}

/**
 * Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
 * (2011): four random 32-bit integers, a function of the counter and the key alone.
 * `shaders/common/random.wgsl` holds its twin with the same integers.
 *
 * @param counter Four integers 0..2^32-1.
 * @param key Two integers 0..2^32-1.
 * @returns Four integers 0..2^32-1.
 *
 * @example
 * ```ts
 * import { philox4x32 } from "../mod.ts";
 *
 * console.log(philox4x32([0, 0, 0, 0], [0, 0])[0]); // 0x6627e8d5
 * ```
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0), low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2), low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + goldenStep) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * The key of a seed: its low and its high 32 bits, as the generator's WGSL functions take it.
 *
 * @throws {InputError} If the seed is not an integer from 0 to 2^53 - 1.
 *
 * @example
 * ```ts
 * import { seedKey } from "../mod.ts";
 *
 * console.log(new Uint32Array(seedKey(42))); // [42, 0], the vec2u of permute() in WGSL
 * ```
 */
export function seedKey(seed: number): [number, number] {
  return words("the seed", seed);
}

/** The low and high 32 bits of an integer that float64 holds exactly. */
function words(name: string, value: number): [number, number] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InputError(
      `${name} must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, not ${value}; ` +
        `choose one in this range`,
    );
  }
  return [value >>> 0, Math.floor(value / 2 ** 32)];
}

/**
 * A sequence of random numbers, fixed by (seed, purpose, stream): Philox4x32-10 with the seed as
 * its key and (block, stream, purpose) as its counter. It repeats after 2^34 integers.
 *
 * Integers and uniform numbers are the same on every machine. Normal numbers go through the
 * logarithm and the cosine of the JavaScript engine, which may differ in the last bit.
 *
 * @example
 * ```ts
 * import { Purpose, RandomStream } from "../mod.ts";
 *
 * const random = new RandomStream(42, Purpose.weights);
 * console.log(random.uniform(), random.normal(), random.integer(6));
 * ```
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #stream: readonly [number, number];
  readonly #purpose: Purpose;
  #block = 0;
  #words: readonly number[] = [];
  #used = 0;
  #spareNormal: number | undefined;

  /**
   * @param seed An integer 0..2^53-1.
   * @param purpose What the numbers are for.
   * @param stream An integer 0..2^53-1: the layer, the case, whatever has a sequence of its own.
   * @throws {InputError} If the seed or the stream is not such an integer.
   */
  /** The stream of a seed and a purpose; `stream` tells apart several of one purpose. */
  constructor(seed: number, purpose: Purpose, stream: number = 0) {
    this.#key = seedKey(seed);
    this.#purpose = purpose;
    this.#stream = words("the stream", stream);
  }

  /** An integer, uniform in 0..2^32-1. */
  uint32(): number {
    if (this.#used === this.#words.length) {
      const [low, high] = this.#stream;
      this.#words = philox4x32([this.#block++ >>> 0, low, high, this.#purpose], this.#key);
      this.#used = 0;
    }
    return this.#words[this.#used++];
  }

  /** A multiple of 2^-53, uniform in [0, 1). */
  uniform(): number {
    const high = this.uint32() >>> 5, low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A number of the standard normal distribution, by the method of Box and Muller. */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform())); // 1 - u is never 0
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * An integer, exactly uniform in 0..n-1.
   *
   * @throws {InputError} If n is not an integer from 1 to 2^32.
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new InputError(
        `an integer can be drawn from 1 to 4294967296 values, not ${n}; change their number`,
      );
    }
    const fair = 2 ** 32 - 2 ** 32 % n; // beyond it the remainders are not equally likely
    let word = this.uint32();
    while (word >= fair) word = this.uint32();
    return word % n;
  }

  /**
   * k different integers of 0..n-1 in random order, every such list equally likely: the first k
   * steps of the shuffle of Fisher and Yates.
   *
   * @throws {InputError} If k is not an integer from 0 to n, or n is above 2^32.
   */
  sample(n: number, k: number): number[] {
    if (!Number.isInteger(k) || k < 0 || k > n) {
      throw new InputError(
        `${k} different integers cannot be drawn from ${n}; draw from 0 to ${n} of them`,
      );
    }
    const moved = new Map<number, number>(); // the places that no longer hold their own index
    return Array.from({ length: k }, (_, place) => {
      const other = place + this.integer(n - place);
      const drawn = moved.get(other) ?? other;
      moved.set(other, moved.get(place) ?? place);
      return drawn;
    });
  }
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function scramble(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

/**
 * Where a position of 0..length-1 goes in the permutation fixed by (seed, purpose, epoch). No list
 * is kept: each position is computed alone, here and in `shaders/common/random.wgsl` alike.
 *
 * An index is written as row * 2^h + column, with 2^h <= sqrt(2 length) columns and as many rows as
 * are needed. The rounds of a Feistel network add to the row a random function of the column, and
 * to the column one of the row; the round keys come from Philox. This permutes all rows * 2^h
 * indices, fewer than 2^h of which lie at or beyond `length`: from one of these the network is
 * applied again (cycle walking), so at most 2^h times in all. That is 256 times for 103,500 cases
 * and 4096 for the longest list; the average is below 1 + 2^h / length.
 *
 * There are 24 rounds because short lists need them: with 8, the frequencies of the 5040 orders of
 * seven cases scatter by 46 percent about their mean.
 *
 * @param position An integer 0..length-1.
 * @param length An integer 1..2^24.
 * @param seed An integer 0..2^53-1.
 * @param epoch An integer 0..2^32-1.
 * @throws {InputError} If one of these is out of its range.
 *
 * @example
 * ```ts
 * import { permute, Purpose } from "../mod.ts";
 *
 * // The training case at place 7 of the third epoch of 20,000 cases.
 * console.log(permute(7, 20000, 42, Purpose.minibatch, 2));
 * ```
 */
export function permute(
  position: number,
  length: number,
  seed: number,
  purpose: Purpose,
  epoch: number,
): number {
  checkInteger("the length of a permutation", length, 1, longestPermutation);
  checkInteger("the position in a permutation", position, 0, length - 1);
  checkInteger("the epoch of a permutation", epoch, 0, 0xffffffff);
  const keys = philox4x32([0, epoch, permutationMark, purpose], seedKey(seed));
  const columnBits = (32 - Math.clz32(length - 1)) >>> 1;
  const rows = ((length - 1) >>> columnBits) + 1;
  let index = position;
  do {
    index = feistel(index, rows, columnBits, keys);
  } while (index >= length);
  return index;
}

/**
 * The most loop iterations that `permute` in WGSL takes in one invocation, the test that ends an
 * inner loop counted as one: 8 for each time the network is applied, and 11 for Philox.
 */
export function longestWalk(length: number): number {
  return 8 * 2 ** ((32 - Math.clz32(length - 1)) >>> 1) + 11;
}

/** 24 rounds: six passes over the four words of the key, which change from pass to pass. */
function feistel(
  index: number,
  rows: number,
  columnBits: number,
  [key0, key1, key2, key3]: readonly [number, number, number, number],
): number {
  const mask = 2 ** columnBits - 1;
  // Twenty random bits times at most 2^12 rows stay within 32 bits.
  const addToRow = (row: number, column: number, key: number) => {
    const sum = row + (((scramble(column ^ key) >>> 12) * rows) >>> 20);
    return sum < rows ? sum : sum - rows;
  };
  const addToColumn = (row: number, column: number, key: number) =>
    (column + scramble(row ^ key)) & mask;
  let row = index >>> columnBits;
  let column = index & mask;
  for (let pass = 0; pass < 6; pass++) {
    const step = Math.imul(pass, goldenStep);
    row = addToRow(row, column, key0 + step);
    column = addToColumn(row, column, key1 + step);
    row = addToRow(row, column, key2 + step);
    column = addToColumn(row, column, key3 + step);
  }
  return (row << columnBits) + column;
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(
      `${name} must be an integer from ${least} to ${most}, not ${value}; choose one in this range`,
    );
  }
}
