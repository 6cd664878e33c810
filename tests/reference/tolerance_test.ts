import { assert, assertEquals, assertGreater, assertLessOrEqual, assertThrows } from "@std/assert";
import { relativeDifference, sumError, unitRoundoff } from "./tolerance.ts";

Deno.test("unitRoundoff is half a step of float32 at 1", () => {
  assertEquals(Math.fround(1 + unitRoundoff), 1); // a tie, to even
  assertGreater(Math.fround(1 + 1.5 * unitRoundoff), 1);
});

Deno.test("sumError() bounds float32 sums, and no far smaller bound would", () => {
  const term = Math.fround(0.1);
  for (const length of [2, 10, 1000, 100_000]) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum = Math.fround(sum + term);
    assertLessOrEqual(Math.abs(sum - length * term), sumError(length, length * term));
  }
  // Each 1 added to 2^24 is lost to a tie: an error of almost u times the sum for every term.
  const length = 1001;
  let sum = 2 ** 24;
  for (let i = 1; i < length; i++) sum = Math.fround(sum + 1);
  const lost = length - 1;
  assertEquals(2 ** 24 + lost - sum, lost);
  assertLessOrEqual(lost, sumError(length, 2 ** 24 + lost));
  assertGreater(lost, 0.99 * sumError(length, 2 ** 24 + lost));
});

Deno.test("relativeDifference() is the norm of the difference over that of the reference", () => {
  assertEquals(relativeDifference([3, 4], [3, 4]), 0);
  assertEquals(relativeDifference([0, 0], [3, 4]), 1);
  assertEquals(relativeDifference([3, 6], [0, 4]), Math.sqrt(13) / 4);
  assertEquals(relativeDifference([0, 0], [0, 0]), 0);
  assertEquals(relativeDifference([0, 1e-9], [0, 0]), Infinity);
});

Deno.test("relativeDifference() hides neither NaN nor another length", () => {
  assert(Number.isNaN(relativeDifference([NaN, 1], [1, 1])));
  assert(Number.isNaN(relativeDifference([1, 1], [NaN, 1])));
  assertThrows(() => relativeDifference([1], [1, 1]), RangeError);
});
