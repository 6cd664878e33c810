import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { gaussian } from "../../core/init/gaussian.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

Deno.test("gaussian() draws dense weights whose standard deviation is the scale", () => {
  for (const fanIn of [20, 500]) {
    const random = new RandomStream(1, Purpose.weights);
    const { weights } = gaussian({ scale: 0.1 })({ fanIn, fanOut: 100, random });
    const n = fanIn * 100;
    assertEquals(weights.length, n);
    const mean = weights.reduce((sum, w) => sum + w, 0) / n;
    const square = weights.reduce((sum, w) => sum + w * w, 0) / n;
    // Five standard errors: the mean has variance 1/n, the mean square 2/n.
    assertLess(Math.abs(mean / 0.1), 5 * Math.sqrt(1 / n));
    assertLess(Math.abs(square / 0.01 - 1), 5 * Math.sqrt(2 / n));
  }
});

Deno.test("gaussian() refuses a scale that is not above 0", () => {
  assertThrows(() => gaussian({ scale: 0 }), InputError, "above 0, not 0");
});
