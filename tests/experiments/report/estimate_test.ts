import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type Estimate, estimate } from "../../../experiments/report/estimate.ts";

/** Quantiles as tables of Student's t print them, to 3 decimals: 0.975 at 1, 2, 3 and 9 degrees. */
const quantiles = [[2, 12.706], [3, 4.303], [4, 3.182], [10, 2.262]] as const;

Deno.test("estimate() gives mean, deviation with n - 1, and the interval of Student's t", () => {
  const { mean, deviation } = estimate([1, 2, 3, 4]) as Estimate;
  assertEquals(mean, 2.5);
  assertAlmostEquals(deviation!, Math.sqrt(5 / 3), 1e-15);
  for (const [count, quantile] of quantiles) {
    const values = Array.from({ length: count }, (_, i) => i);
    const { deviation, halfWidth } = estimate(values) as Estimate;
    assertAlmostEquals(halfWidth! * Math.sqrt(count) / deviation!, quantile, 0.0005);
  }
});

Deno.test("estimate() of one value has no deviation and no interval, of none nothing", () => {
  const range = { least: 3, greatest: 3 };
  assertEquals(estimate([3]), {
    ...{ count: 1, mean: 3, deviation: undefined, halfWidth: undefined },
    ...range,
  });
  assertEquals(estimate([]), undefined);
});

Deno.test("estimate() is infinite where a value is", () => {
  const { mean, deviation, halfWidth, least } = estimate([1, Infinity]) as Estimate;
  assertEquals({ mean, deviation, halfWidth, least }, {
    ...{ mean: Infinity, deviation: undefined, halfWidth: undefined, least: 1 },
  });
});
