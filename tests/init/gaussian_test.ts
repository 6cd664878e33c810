import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { gaussian, type GaussianOptions } from "../../core/init/gaussian.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const draw = (options: GaussianOptions | undefined, fanIn: number, fanOut: number) =>
  gaussian(options)({ fanIn, fanOut, random: new RandomStream(1, Purpose.weights) });

Deno.test("gaussian() draws dense weights of the standard deviation that is asked for", () => {
  for (const fanIn of [20, 500]) {
    const n = fanIn * 100;
    const cases: [GaussianOptions | undefined, number][] = [
      [undefined, 1 / Math.sqrt(fanIn)],
      [{ scale: 3 }, 3 / Math.sqrt(fanIn)],
      [{ deviation: 0.1 }, 0.1],
    ];
    for (const [options, deviation] of cases) {
      const { weights, biases } = draw(options, fanIn, 100);
      assertEquals([weights.length, biases], [n, new Float64Array(100)]);
      const mean = weights.reduce((sum, w) => sum + w, 0) / n;
      const square = weights.reduce((sum, w) => sum + w * w, 0) / n;
      // Five standard errors: the mean has variance 1/n, the mean square 2/n.
      assertLess(Math.abs(mean / deviation), 5 * Math.sqrt(1 / n));
      assertLess(Math.abs(square / deviation ** 2 - 1), 5 * Math.sqrt(2 / n));
    }
  }
});

Deno.test("gaussian() multiplies the draws of its stream by the deviation, and by nothing else", () => {
  const random = new RandomStream(1, Purpose.weights);
  const normals = new Float64Array(12 * 5).map(() => random.normal());
  const deviation = 0.7 / Math.sqrt(12);
  assertEquals(draw({ scale: 0.7 }, 12, 5).weights, normals.map((z) => deviation * z));
  assertEquals(draw({ deviation: 0.3 }, 12, 5).weights, normals.map((z) => 0.3 * z));
});

Deno.test("gaussian() refuses what is no standard deviation", () => {
  for (const value of [0, -1, NaN, Infinity]) {
    assertThrows(() => gaussian({ scale: value }), InputError, `above 0, not ${value}`);
    assertThrows(() => gaussian({ deviation: value }), InputError, `above 0, not ${value}`);
  }
  assertThrows(() => gaussian({ scale: 1, deviation: 0.1 }), InputError, "leave one out");
});
