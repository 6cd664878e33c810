import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  differenceFrom,
  type Interval,
  pairedDifference,
  rankCorrelation,
} from "../../../experiments/report/comparison.ts";
import { verdictOf } from "../../../experiments/report/verdicts.ts";

function errors(...values: number[]): Map<number, number> {
  return new Map(values.map((value, seed) => [seed, value]));
}

function assertInterval({ mean, low, high }: Interval, expected: number, half: number): void {
  assertAlmostEquals(mean, expected, 1e-12);
  assertAlmostEquals(high - mean, half, 0.0005 * half);
  assertAlmostEquals(mean - low, half, 0.0005 * half);
}

Deno.test("pairedDifference() has the interval of Student's t of the differences by seed", () => {
  // -3, -1, -1, 1: mean -1, s = sqrt(8/3), t(0.975, 3) = 3.182.
  const interval = pairedDifference(errors(0, 0, 0, 2), errors(3, 1, 1, 1));
  assertInterval(interval, -1, 3.182 * Math.sqrt(8 / 3) / 2);
  // The seeds that both have, whatever their order.
  const some = pairedDifference(
    new Map([[1, 1], [2, 9], [4, 3]]),
    new Map([[4, 2], [1, 2], [3, 0]]),
  );
  assertEquals(some.count, 2);
  assertInterval(some, 0, 12.706 * Math.SQRT2 / Math.SQRT2);
  assertInterval(differenceFrom(errors(4, 6), 2), 3, 12.706 * Math.SQRT2 / Math.SQRT2);
});

Deno.test("pairedDifference() has no interval of one pair, nor where some networks diverged", () => {
  const open = { low: -Infinity, high: Infinity };
  const bounds = ({ low, high }: Interval) => ({ low, high });
  for (
    const [ours, others] of [
      [[], []],
      [[1], [2]],
      [[1], [Infinity]],
      [[1, 1], [2, Infinity]],
      [[1, Infinity], [Infinity, 1]],
      [[Infinity, Infinity], [Infinity, Infinity]],
      [[1, Infinity], [Infinity, Infinity]],
    ]
  ) assertEquals(bounds(pairedDifference(errors(...ours), errors(...others))), open);
  const diverged = pairedDifference(errors(1, 2), errors(Infinity, Infinity));
  assertEquals(bounds(diverged), { low: -Infinity, high: -Infinity });
});

Deno.test("verdictOf() needs the whole interval on one side", () => {
  const of = (low: number, high: number, bound?: number) =>
    verdictOf({ count: 3, mean: (low + high) / 2, low, high }, bound);
  assertEquals([of(-2, -1), of(1, 2), of(-1, 1)], ["holds", "does not hold", "not decided"]);
  assertEquals([of(-1, 0), of(0, 1), of(0, 0)], ["not decided", "not decided", "not decided"]);
  assertEquals([of(-1, 0.1, 0.1), of(-1, 0.2, 0.1), of(0.1, 0.2, 0.1)], [
    ...["holds", "not decided", "does not hold"],
  ]);
  // Where the other one diverged with some seeds the margin is infinite, and so is the interval.
  assertEquals(of(-Infinity, Infinity, Infinity), "not decided");
  assertEquals(of(-Infinity, -Infinity, Infinity), "holds");
  assertEquals(of(-1, 1, NaN), "not decided");
});

Deno.test("rankCorrelation() is Spearman's, with Fisher's interval for ranks", () => {
  // Ranks 1 to 5 against 2, 1, 4, 3, 5: 1 - 6 x 4 / (5 x 24) = 0.8.
  const { count, mean, low, high } = rankCorrelation([1, 2, 3, 4, 50], [0.2, 0.1, 0.4, 0.3, 9]);
  assertEquals(count, 5);
  assertAlmostEquals(mean, 0.8, 1e-12);
  const half = 1.959964 * Math.sqrt(1.06 / 2);
  assertAlmostEquals(low, Math.tanh(Math.atanh(0.8) - half), 1e-6);
  assertAlmostEquals(high, Math.tanh(Math.atanh(0.8) + half), 1e-6);
  // Equal values share their rank: 1.5, 1.5, 3, 4 against 1, 2, 3, 4.
  assertAlmostEquals(
    rankCorrelation([1, 1, 2, 3], [1, 2, 3, 4]).mean,
    4.5 / Math.sqrt(4.5 * 5),
    1e-12,
  );
  const perfect = rankCorrelation([1, 2, 3, 4], [1, 4, 9, 16]);
  assertEquals([perfect.low, perfect.high], [1, 1]);
});

Deno.test("rankCorrelation() has no interval of three pairs, nor of equal values", () => {
  const bounds = ({ low, high }: Interval) => [low, high];
  assertEquals(bounds(rankCorrelation([1, 2, 3], [1, 2, 3])), [-1, 1]);
  assertEquals(bounds(rankCorrelation([1, 1, 1, 1], [1, 2, 3, 4])), [-1, 1]);
  assertEquals(rankCorrelation([], []).count, 0);
});
