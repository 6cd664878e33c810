import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { he } from "../../core/init/he.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const draw = (options: Parameters<typeof he>[0], fanIn: number, fanOut: number, seed = 1) =>
  he(options)({ fanIn, fanOut, random: new RandomStream(seed, Purpose.weights) });

Deno.test("he() is scale * sqrt(2 / fanIn) times the draws of its stream", () => {
  for (const [scale, fanIn, fanOut] of [[1, 12, 5], [0.3, 1, 7], [4, 17, 1]]) {
    const random = new RandomStream(1, Purpose.weights);
    const deviation = scale * Math.sqrt(2 / fanIn);
    const expected = new Float64Array(fanIn * fanOut).map(() => deviation * random.normal());
    const { weights, biases } = draw({ scale }, fanIn, fanOut);
    assertEquals(weights, expected);
    assertEquals(biases, new Float64Array(fanOut));
  }
});

Deno.test("he() draws weights of mean 0 and variance 2 / fanIn", () => {
  for (const fanIn of [20, 500]) {
    const { weights } = draw(undefined, fanIn, 100);
    const n = fanIn * 100, variance = 2 / fanIn;
    const mean = weights.reduce((sum, w) => sum + w, 0) / n;
    const square = weights.reduce((sum, w) => sum + w * w, 0) / n;
    // Five standard errors: the mean has variance 1/n, the mean square 2/n.
    assertLess(Math.abs(mean / Math.sqrt(variance)), 5 * Math.sqrt(1 / n));
    assertLess(Math.abs(square / variance - 1), 5 * Math.sqrt(2 / n));
  }
});

Deno.test("he() keeps the mean square of relu units from layer to layer", () => {
  const size = 400, random = new RandomStream(2, Purpose.weights);
  let outputs = new Float64Array(size).map(() => random.normal());
  const square = (values: Float64Array) => values.reduce((sum, y) => sum + y * y, 0) / size;
  const first = square(outputs);
  for (let depth = 0; depth < 10; depth++) {
    const { weights } = he()({ fanIn: size, fanOut: size, random });
    outputs = outputs.map((_, n) =>
      Math.max(0, outputs.reduce((sum, y, k) => sum + y * weights[k * size + n], 0))
    );
  }
  // A mean of 400 squares max(z, 0)^2 has a relative variance of 5/400 a layer: five deviations.
  assertLess(Math.abs(Math.log(square(outputs) / first)), 5 * Math.sqrt(10 * 5 / size));
});

Deno.test("he() draws the same weights from the same seed only", () => {
  assertEquals(draw({}, 9, 4), draw({}, 9, 4));
  assertEquals(draw({}, 9, 4).weights[0] === draw({}, 9, 4, 2).weights[0], false);
});

Deno.test("he() refuses a scale that is not above 0", () => {
  for (const scale of [0, -1, NaN, Infinity]) {
    assertThrows(() => he({ scale }), InputError, `above 0, not ${scale}`);
  }
});
