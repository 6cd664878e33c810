import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { demon } from "../../core/optim/schedule.ts";

Deno.test("demon() has the values computed by hand", () => {
  const momentum = demon({ momentum: 0.9, updates: 1000 });
  const values: [number, number][] = [
    [0, 0.9],
    [500, 9 / 11], // 0.45 / (0.1 + 0.45)
    [750, 9 / 13], // 0.225 / (0.1 + 0.225)
    [900, 9 / 19], // 0.09 / (0.1 + 0.09)
    [999, 9 / 1009], // 0.0009 / (0.1 + 0.0009)
    [1000, 0],
  ];
  // q = 1 - t/T is off by 2^-53, mu_t by at most 1/(1 - mu) = 10 times that, and 5 roundings.
  for (const [step, value] of values) assertAlmostEquals(momentum(step), value, 16 * 2 ** -53);
});

Deno.test("demon() lets mu / (1 - mu) fall linearly from its start to the end", () => {
  const [mu, start, updates] = [0.99, 400, 1000];
  const momentum = demon({ momentum: mu, updates, start });
  assertEquals([0, 399, 400].map(momentum), [mu, mu, mu]);
  for (let step = start; step <= updates; step += 50) {
    const value = momentum(step), left = (updates - step) / (updates - start);
    // 1 - mu_t is at least 0.01: it loses 7 of the 53 bits.
    assertAlmostEquals(value / (1 - value), 99 * left, 99 * 2 ** -44);
  }
});

Deno.test("demon() stays at 0 from the end on", () => {
  const momentum = demon({ momentum: 0.9, updates: 10, start: 9 });
  assertEquals([9, 10, 11, 1e6].map(momentum), [0.9, 0, 0, 0]);
  assertEquals([0, 5, 10].map(demon({ momentum: 0, updates: 10 })), [0, 0, 0]);
});

Deno.test("demon() refuses what is no decay", () => {
  const options = { momentum: 0.9, updates: 100 };
  for (const momentum of [1, 2, -0.1, NaN]) {
    assertThrows(() => demon({ ...options, momentum }), InputError, `below 1, not ${momentum}`);
  }
  for (const updates of [0, -1, 2.5, NaN, Infinity]) {
    assertThrows(() => demon({ ...options, updates }), InputError, `above 0, not ${updates}`);
  }
  for (const start of [-1, 2.5, NaN]) {
    assertThrows(() => demon({ ...options, start }), InputError, `of at least 0, not ${start}`);
  }
  for (const start of [100, 101]) {
    assertThrows(() => demon({ ...options, start }), InputError, "it may begin at 0 to 99");
  }
});
