import { assertAlmostEquals, assertEquals } from "@std/assert";
import { expectedBest } from "../../../experiments/report/expected_best.ts";

/** The mean least of all choices of k, one by one. */
function byEnumeration(errors: readonly number[], k: number): number {
  const least = Array.from({ length: 2 ** errors.length }, (_, bits) => bits)
    .map((bits) => errors.filter((_, i) => bits >> i & 1))
    .filter(({ length }) => length === k)
    .map((chosen) => Math.min(...chosen));
  return least.reduce((sum, value) => sum + value, 0) / least.length;
}

Deno.test("expectedBest() is the mean least error over all choices of k", () => {
  const errors = [4, 1.5, 9, 2, 2, 16, 0.25];
  for (const [i, expected] of expectedBest(errors).entries()) {
    assertAlmostEquals(expected, byEnumeration(errors, i + 1), 1e-12);
  }
});

Deno.test("expectedBest() begins at the mean and ends at the least", () => {
  assertEquals(expectedBest([]), []);
  assertEquals(expectedBest([3]), [3]);
  assertEquals(expectedBest([5, 1]), [3, 1]);
});

Deno.test("expectedBest() is infinite as long as a choice of failures alone is left", () => {
  assertEquals(expectedBest([Infinity, 2, Infinity, 4]), [Infinity, Infinity, 2.5, 2]);
});
