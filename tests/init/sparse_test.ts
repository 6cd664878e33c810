import { assert, assertEquals, assertLess, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { sparse } from "../../core/init/sparse.ts";
import { Purpose, RandomStream } from "../../core/random.ts";

const draw = (options: Parameters<typeof sparse>[0], fanIn: number, fanOut: number, seed = 1) =>
  sparse(options)({ fanIn, fanOut, random: new RandomStream(seed, Purpose.weights) }).weights;

function connections(weights: Float64Array, fanOut: number): number[] {
  return Array.from(
    { length: fanOut },
    (_, unit) => weights.filter((w, i) => i % fanOut === unit && w !== 0).length,
  );
}

Deno.test("sparse() connects every unit to 15 units below, or to all where they are fewer", () => {
  assertEquals(connections(draw({}, 100, 50), 50), Array(50).fill(15));
  assertEquals(connections(draw({ fanIn: 3 }, 100, 50), 50), Array(50).fill(3));
  assertEquals(connections(draw({}, 6, 25), 25), Array(25).fill(6));
  assertEquals(connections(draw({}, 15, 4), 4), Array(4).fill(15));
});

Deno.test("sparse() connects to every unit below equally often", () => {
  const fanIn = 50, fanOut = 2000, share = 15 / fanIn;
  const weights = draw({}, fanIn, fanOut);
  let statistic = 0;
  for (let below = 0; below < fanIn; below++) {
    const row = weights.subarray(below * fanOut, (below + 1) * fanOut);
    statistic += (row.filter((w) => w !== 0).length - fanOut * share) ** 2;
  }
  // Fifteen of fifty without replacement: n - 1 directions of variance s(1 - s) n/(n - 1) a unit.
  statistic /= fanOut * share * (1 - share) * fanIn / (fanIn - 1);
  const degrees = fanIn - 1;
  // Five standard deviations of the chi-squared distribution, on both sides.
  assertLess(Math.abs(statistic - degrees), 5 * Math.sqrt(2 * degrees));
});

Deno.test("sparse() draws normal weights times the scale", () => {
  for (const scale of [1, 0.25]) {
    const weights = draw({ scale }, 200, 1000).filter((w) => w !== 0);
    const n = weights.length;
    const mean = weights.reduce((sum, w) => sum + w, 0) / n;
    const square = weights.reduce((sum, w) => sum + w * w, 0) / n;
    // Five standard errors: the mean has variance 1/n, the mean square 2/n.
    assertLess(Math.abs(mean / scale), 5 * Math.sqrt(1 / n));
    assertLess(Math.abs(square / scale ** 2 - 1), 5 * Math.sqrt(2 / n));
  }
});

Deno.test("sparse() draws the same connections at any scale, others from another seed", () => {
  const weights = draw({}, 30, 20);
  assertEquals(draw({ scale: 4 }, 30, 20), weights.map((w) => 4 * w));
  assertNotEquals(draw({}, 30, 20, 2), weights);
  assert(weights.every(Number.isFinite));
});

Deno.test("sparse() refuses a fan-in or a scale that makes no network", () => {
  for (const fanIn of [0, -1, 2.5, NaN]) {
    assertThrows(() => sparse({ fanIn }), InputError, `an integer above 0, not ${fanIn}`);
  }
  for (const scale of [0, -1, NaN, Infinity]) {
    assertThrows(() => sparse({ scale }), InputError, `above 0, not ${scale}`);
  }
});

Deno.test("sparse() follows the paper's recipe for tanh units", () => {
  const layer = (tanh?: { below: boolean; above: boolean }) =>
    sparse()({
      fanIn: 20,
      fanOut: 3,
      random: new RandomStream(1, Purpose.weights),
      ...tanh && { tanh },
    });
  const logistic = layer();
  const between = layer({ below: true, above: true });
  assertEquals(between.weights, logistic.weights.map((w) => w / 4));
  assertEquals([...logistic.biases, ...between.biases], [0, 0, 0, 0.5, 0.5, 0.5]);
});
