import { InputError } from "../../core/errors.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

// The same bytes on every machine: nothing here but + - * / and the square root, which IEEE 754
// rounds in one way only, on random integers.

const side = 28;
/** An image is drawn on a grid with a margin of one empty pixel, where a kernel finds zeros. */
const stride = side + 2;
const mostImages = 2 ** 20;

/** A place in the image plane: pixel (row, column) covers the square from (column, row) on. */
export interface Point {
  /** To the right, in pixels. */
  x: number;
  /** Downward, in pixels. */
  y: number;
}

/** Settings of {@linkcode generateCurves}. */
export interface CurvesOptions {
  /** The seed of the data, an integer 0..2^53-1. It is no part of a run's seed. */
  seed: number;
  /** Training images, at most 2^20. Default: 20,000. */
  train?: number;
  /** Test images, at most 2^20. Default: 10,000. */
  test?: number;
}

/**
 * A data set like Curves (Hinton and Salakhutdinov, 2006), which the paper's section 3 trains on:
 * images of 28 x 28 pixels in [0, 1], each one smooth stroke, as {@linkcode curvesImage} draws
 * them. Images 0..train-1 are the training set, the next `test` ones the test set. Over the full
 * set the total variance is 16.0, as published; the mean sum of an image's pixels is 40.7 and the
 * squared error that 18 principal components leave 6.0 (published: 5.90).
 *
 * @returns `train` as [train, 784] and `test` as [test, 784], row-major.
 * @throws {InputError} If the seed or a number of images is out of its range.
 *
 * @example
 * ```ts
 * import { generateCurves } from "../../mod.ts";
 *
 * const { train, test } = generateCurves({ seed: 1 });
 * console.log(train.length / 784, test.length / 784); // 20000 10000
 * ```
 */
export function generateCurves(
  { seed, train = 20_000, test = 10_000 }: CurvesOptions,
): { train: Float32Array<ArrayBuffer>; test: Float32Array<ArrayBuffer> } {
  checkCount(train);
  checkCount(test);
  return { train: images(seed, 0, train), test: images(seed, train, test) };
}

function checkCount(count: number): void {
  if (!Number.isInteger(count) || count < 0 || count > mostImages) {
    throw new InputError(
      `the number of Curves images must be an integer from 0 to ${mostImages}, not ${count}; ` +
        `the paper trains on 20000 and tests on 10000`,
    );
  }
}

function images(seed: number, first: number, count: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(count * side * side);
  for (let i = 0; i < count; i++) rows.set(curvesImage(seed, first + i), i * side * side);
  return rows;
}

/**
 * One image of the Curves problem, fixed by (seed, index) alone. Three points uniform in
 * [2, 26]^2, whose x are at least 2 apart, are joined by a natural cubic spline y(x). Sixty dots
 * of ink, evenly spaced along its length from end to end, are shared out bilinearly among the
 * nearest four pixels, blurred twice, multiplied by 0.7 and clipped to 1. Ink beyond the border
 * (a spline may swing past its points) is lost.
 *
 * @param seed The seed of the data, an integer 0..2^53-1.
 * @param index The number of the image, an integer 0..2^53-1.
 * @returns 784 pixels in [0, 1], row by row.
 * @throws {InputError} If the seed or the index is not such an integer.
 *
 * @example
 * ```ts
 * import { curvesImage } from "../../mod.ts";
 *
 * console.log(curvesImage(1, 0).reduce((ink, pixel) => ink + pixel)); // 40.7 on average
 * ```
 */
export function curvesImage(seed: number, index: number): Float32Array<ArrayBuffer> {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new InputError(
      `the number of a Curves image must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, ` +
        `not ${index}; choose one in this range`,
    );
  }
  const points = drawPoints(new RandomStream(seed, Purpose.curves, index));
  const spline = naturalSpline(points);
  const grid = new Float64Array(stride * stride);
  for (const x of evenlySpaced(spline, points[0].x, points[2].x)) splat(grid, x, spline(x));
  return pixels(blur(blur(grid)));
}

/** Three points from left to right. */
export type ThreePoints = readonly [Point, Point, Point];

function drawPoints(random: RandomStream): ThreePoints {
  const draw = () => ({ x: 2 + 24 * random.uniform(), y: 2 + 24 * random.uniform() });
  for (;;) {
    const [a, b, c] = [draw(), draw(), draw()].sort((p, q) => p.x - q.x) as [Point, Point, Point];
    if (b.x - a.x >= 2 && c.x - b.x >= 2) return [a, b, c];
  }
}

/**
 * The natural cubic spline y(x) through three points in order of x: two cubics with a common slope
 * and second derivative m in the middle, and second derivative 0 at both ends, so that
 * m = 3 (s2 - s1) / (x3 - x1) for the slopes s1, s2 of the two chords.
 *
 * @example
 * ```ts
 * import { naturalSpline } from "./curves.ts";
 *
 * const spline = naturalSpline([{ x: 0, y: 0 }, { x: 1, y: 1 }, { x: 2, y: 0 }]);
 * console.log(spline(0.5)); // 0.6875
 * ```
 */
export function naturalSpline([a, b, c]: ThreePoints): (x: number) => number {
  const left = b.x - a.x, right = c.x - b.x;
  const leftSlope = (b.y - a.y) / left, rightSlope = (c.y - b.y) / right;
  const bend = 3 * (rightSlope - leftSlope) / (left + right);
  return (x) => {
    if (x <= b.x) {
      const t = x - a.x;
      return a.y + t * (leftSlope + bend * (t * t - left * left) / (6 * left));
    }
    const t = x - c.x;
    return c.y + t * (rightSlope + bend * (right * right - t * t) / (6 * right));
  };
}

/** The x of 60 dots evenly spaced along the curve, whose length is that of 256 chords. */
function evenlySpaced(curve: (x: number) => number, first: number, last: number): Float64Array {
  const chords = 256, dots = 60;
  const step = (last - first) / chords;
  const lengths = new Float64Array(chords + 1);
  let y = curve(first);
  for (let i = 1; i <= chords; i++) {
    const next = curve(first + i * step);
    lengths[i] = lengths[i - 1] + Math.sqrt(step * step + (next - y) * (next - y));
    y = next;
  }
  let chord = 0;
  return new Float64Array(dots).map((_, dot) => {
    const target = lengths[chords] * dot / (dots - 1);
    while (chord < chords - 1 && lengths[chord + 1] < target) chord++;
    const share = (target - lengths[chord]) / (lengths[chord + 1] - lengths[chord]);
    return first + (chord + share) * step;
  });
}

/** Shares one dot of ink among the four pixels whose centres surround it. */
function splat(grid: Float64Array, x: number, y: number): void {
  const column = Math.floor(x - 0.5), row = Math.floor(y - 0.5);
  const right = x - 0.5 - column, below = y - 0.5 - row;
  addPair(grid, row, column, 1 - below, right);
  addPair(grid, row + 1, column, below, right);
}

function addPair(grid: Float64Array, row: number, column: number, ink: number, right: number) {
  if (row < 0 || row >= side) return;
  const at = (row + 1) * stride + column + 1;
  grid[at] += ink * (1 - right);
  grid[at + 1] += ink * right;
}

/** Convolves with [[a/12, a/6, a/12], [a/6, 1 - a, a/6], [a/12, a/6, a/12]], a = 0.65. */
function blur(grid: Float64Array): Float64Array {
  const amount = 0.65;
  const result = new Float64Array(grid.length);
  for (let row = 1; row <= side; row++) {
    for (let i = row * stride + 1; i <= row * stride + side; i++) {
      const above = i - stride, below = i + stride;
      const edges = grid[above] + grid[i - 1] + grid[i + 1] + grid[below];
      const corners = grid[above - 1] + grid[above + 1] + grid[below - 1] + grid[below + 1];
      result[i] = amount / 12 * corners + amount / 6 * edges + (1 - amount) * grid[i];
    }
  }
  return result;
}

/** The pixels of a grid without its margin, darkened as the published images are. */
function pixels(grid: Float64Array): Float32Array<ArrayBuffer> {
  const image = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = 0.7 * grid[(row + 1) * stride + column + 1];
      image[row * side + column] = value < 1 ? value : 1;
    }
  }
  return image;
}
