import { assertEquals } from "@std/assert";
import { logTicks, updateTicks } from "../../../experiments/live/chart.js";

Deno.test("logTicks() are round numbers within the range, few however wide it is", () => {
  assertEquals(logTicks([0.7, 6]), [1, 2, 5]);
  assertEquals(logTicks([0.05, 25]), [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]);
  assertEquals(logTicks([0.005, 25]), [0.01, 0.1, 1, 10]);
  assertEquals(logTicks([1e-30, 1e10]).length, 10);
});

Deno.test("updateTicks() are multiples of 1, 2 or 5 times a power of ten", () => {
  assertEquals(updateTicks([0, 1], 7), [0, 1]);
  assertEquals(updateTicks([50, 1450], 7), [200, 400, 600, 800, 1000, 1200, 1400]);
  assertEquals(updateTicks([50, 1450], 6.9), [500, 1000]);
  assertEquals(updateTicks([0, 750_000], 4), [0, 200_000, 400_000, 600_000]);
  assertEquals(updateTicks([17, 99], 4.5), [20, 40, 60, 80]);
});
