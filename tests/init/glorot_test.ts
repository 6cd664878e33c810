import { assert, assertLess, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { glorot } from "../../core/init/glorot.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

Deno.test("glorot() draws uniformly from the interval of Glorot and Bengio", () => {
  const fanIn = 300, fanOut = 200, scale = 4, bins = 100;
  const random = new RandomStream(1, Purpose.weights);
  const { weights } = glorot({ scale })({ fanIn, fanOut, random });
  const radius = scale * Math.sqrt(6 / 500);
  assert(weights.every((w) => w >= -radius && w <= radius));
  const counts = new Uint32Array(bins);
  for (const w of weights) counts[Math.floor((w / radius + 1) / 2 * bins)]++;
  const mean = fanIn * fanOut / bins, degrees = bins - 1;
  const statistic = counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
  // Five standard deviations of the chi-squared distribution.
  assertLess(Math.abs(statistic - degrees), 5 * Math.sqrt(2 * degrees));
});

Deno.test("glorot() refuses a scale that is not above 0", () => {
  assertThrows(() => glorot({ scale: -1 }), InputError, "above 0, not -1");
});
