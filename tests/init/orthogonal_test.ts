import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { spectralRadius } from "../../core/init/echo_state.ts";
import { orthogonal } from "../../core/init/orthogonal.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const draw = (options: Parameters<typeof orthogonal>[0], fanIn: number, fanOut: number, seed = 1) =>
  orthogonal(options)({ fanIn, fanOut, random: new RandomStream(seed, Purpose.weights) });

/** W'W where W is tall, WW' where it is wide. */
function gram(weights: Float64Array, fanIn: number, fanOut: number): number[][] {
  const isTall = fanIn >= fanOut, n = Math.min(fanIn, fanOut), length = Math.max(fanIn, fanOut);
  const at = (t: number, i: number) => weights[isTall ? t * fanOut + i : i * fanOut + t];
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let t = 0; t < length; t++) sum += at(t, i) * at(t, j);
      return sum;
    }));
}

Deno.test("orthogonal() is orthogonal, of every shape", () => {
  for (const gain of [1, 4, 0.25]) {
    for (
      const [fanIn, fanOut] of [[60, 25], [25, 60], [40, 40], [1, 1], [1, 17], [17, 1], [129, 3]]
    ) {
      const { weights, biases } = draw({ gain }, fanIn, fanOut);
      assertEquals([weights.length, biases], [fanIn * fanOut, new Float64Array(fanOut)]);
      gram(weights, fanIn, fanOut).forEach((row, i) =>
        row.forEach((value, j) => {
          const error = Math.abs(value - (i === j ? gain ** 2 : 0));
          assertLess(error, 1e-12 * gain ** 2, `${fanIn} x ${fanOut}: [${i}, ${j}]`);
        })
      );
    }
  }
});

Deno.test("orthogonal() is Gram and Schmidt's basis of the draws of its stream", () => {
  const shapes = [[30, 7], [7, 30], [12, 12], [1, 1], [1, 17]];
  for (const [fanIn, fanOut] of shapes) {
    const random = new RandomStream(1, Purpose.weights);
    const [rows, columns] = [Math.max(fanIn, fanOut), Math.min(fanIn, fanOut)];
    const drawn = new Float64Array(rows * columns).map(() => random.normal());
    // R's diagonal is positive in it, as in what the signs make of Householder's.
    const basis: Float64Array[] = [];
    for (let j = 0; j < columns; j++) {
      let column = Float64Array.from({ length: rows }, (_, i) => drawn[i * columns + j]);
      for (const unit of [...basis, ...basis]) { // twice is enough
        const along = column.reduce((sum, x, i) => sum + x * unit[i], 0);
        column = column.map((x, i) => x - along * unit[i]);
      }
      const length = Math.hypot(...column);
      basis.push(column.map((x) => x / length));
    }
    const { weights } = draw({ gain: 3 }, fanIn, fanOut);
    for (let k = 0; k < fanIn; k++) {
      for (let n = 0; n < fanOut; n++) {
        const expected = 3 * (fanIn >= fanOut ? basis[n][k] : basis[k][n]);
        // The condition number of a square Gaussian matrix is about its size.
        assertLess(Math.abs(weights[k * fanOut + n] - expected), 1e-12, `${fanIn} x ${fanOut}`);
      }
    }
  }
});

Deno.test("orthogonal() is uniform: both signs, and as large in every place", () => {
  const n = 4, seeds = 2000;
  const drawn = Array.from({ length: seeds }, (_, seed) => draw({}, n, n, seed).weights);
  for (let place = 0; place < n * n; place++) {
    const mean = drawn.reduce((sum, w) => sum + w[place], 0) / seeds;
    const square = drawn.reduce((sum, w) => sum + w[place] ** 2, 0) / seeds;
    // A coordinate of a uniform unit vector: E w^2 = 1/n, E w^4 = 3/(n (n + 2)). Six deviations,
    // since there are 32 figures.
    assertLess(Math.abs(mean), 6 * Math.sqrt(1 / n / seeds));
    assertLess(Math.abs(square - 1 / n), 6 * Math.sqrt((3 / (n * (n + 2)) - 1 / n ** 2) / seeds));
  }
  const trace = drawn.reduce((sum, w) => sum + w[0] + w[5] + w[10] + w[15], 0) / seeds;
  assertLess(Math.abs(trace), 6 / Math.sqrt(seeds)); // E trace = 0, E trace^2 = 1
});

Deno.test("orthogonal() gives recurrent weights a spectral radius of the gain", () => {
  const random = new RandomStream(1, Purpose.weights);
  const layer = { fanIn: 20, fanOut: 20, random, role: "recurrent" } as const;
  const { weights } = orthogonal({ gain: 1.1 })(layer);
  assertLess(Math.abs(spectralRadius(weights) - 1.1), 1e-12);
});

Deno.test("orthogonal() draws the same weights from the same seed only, whatever the units", () => {
  assertEquals(draw({}, 9, 4), draw({}, 9, 4));
  assertNotEquals(draw({}, 9, 4).weights, draw({}, 9, 4, 2).weights);
  const random = new RandomStream(1, Purpose.weights);
  const tanh = { below: true, above: true };
  assertEquals(orthogonal()({ fanIn: 9, fanOut: 4, random, tanh }), draw({}, 9, 4));
  assert(draw({}, 9, 4).weights.every((w) => Math.abs(w) <= 1));
});

Deno.test("orthogonal() refuses a gain that is not above 0", () => {
  for (const gain of [0, -1, NaN, Infinity]) {
    assertThrows(() => orthogonal({ gain }), InputError, `above 0, not ${gain}`);
  }
});
