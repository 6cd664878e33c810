import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import {
  constant,
  lowMomentumFinish,
  nesterov1983,
  paperMomentum,
} from "../../core/optim/schedule.ts";

Deno.test("constant() is the same at every step", () => {
  assertEquals([0, 1, 1e6].map(constant(0.3)), [0.3, 0.3, 0.3]);
});

Deno.test("constant() refuses what is no finite number", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    assertThrows(() => constant(value), InputError, `must be a finite number, not ${value}`);
  }
});

Deno.test("paperMomentum() rises as the paper's schedule", () => {
  const uncapped = paperMomentum({ cap: 0.9999 });
  // The last step before each rise, and the rise.
  const rises: [number, number, number][] = [
    [250, 0.5, 0.75],
    [500, 0.75, 1 - 1 / 6],
    [1000, 1 - 1 / 8, 0.9],
    [12_250, 1 - 1 / 98, 0.99],
    [24_750, 1 - 1 / 198, 0.995],
    [124_750, 1 - 1 / 998, 0.999],
  ];
  assertEquals(uncapped(0), 0.5);
  for (const [step, before, after] of rises) {
    // Two roundings, of a quotient below 1 and of the difference from 1.
    assertAlmostEquals(uncapped(step - 1), before, 2 ** -53, `${step - 1}`);
    assertAlmostEquals(uncapped(step), after, 2 ** -53, `${step}`);
  }
  assertEquals(uncapped(500).toFixed(4), "0.8333");
});

Deno.test("paperMomentum() is 1 - 2^(-1 - log2(floor(t / 250) + 1))", () => {
  const momentum = paperMomentum({ cap: 0.9999 });
  for (const t of [0, 249, 250, 777, 5000, 100_000, 750_000]) {
    const formula = 1 - 2 ** (-1 - Math.log2(Math.floor(t / 250) + 1));
    // log2 is below 12, so that its rounding moves the power by 12 * 2^-53 of itself at most.
    assertAlmostEquals(momentum(t), formula, 16 * 2 ** -53);
  }
});

Deno.test("paperMomentum() stays at its cap", () => {
  for (const cap of [0.999, 0.995, 0.99, 0.9, 0]) {
    assertEquals(paperMomentum({ cap })(749_999), cap);
  }
  assertEquals(paperMomentum({ cap: 0.6 })(0), 0.5);
  assertEquals(paperMomentum({ cap: 0.4 })(0), 0.4);
});

Deno.test("paperMomentum() of a shorter period is the same, compressed", () => {
  const [paper, short] = [250, 25].map((period) => paperMomentum({ cap: 0.999, period }));
  for (const t of [0, 24, 25, 99, 100, 1225]) {
    assertEquals(short(t), paper(10 * t), `${t}`);
  }
});

Deno.test("paperMomentum() refuses a cap or a period out of range", () => {
  for (const cap of [1, 1.5, -0.1, NaN]) {
    assertThrows(() => paperMomentum({ cap }), InputError, "at least 0 and below 1, not");
  }
  for (const period of [0, -250, 2.5, NaN]) {
    assertThrows(() => paperMomentum({ cap: 0.9, period }), InputError, "a whole number above 0");
  }
});

Deno.test("nesterov1983() is (a_t - 1) / a_{t+1}, in whatever order it is asked", () => {
  const momentum = nesterov1983();
  assertEquals(momentum(1000).toFixed(7), "0.9970177");
  assertEquals(momentum(10).toFixed(5), "0.78241");
  assertEquals(momentum(0), 0);
  let a = 1;
  for (let t = 0; t < 50; t++) {
    const next = (1 + Math.sqrt(4 * a ** 2 + 1)) / 2;
    assertEquals(momentum(t), (a - 1) / next);
    a = next;
  }
  // About 1 - 3 / (t + 5): 0.8 and 0.9970149 at these steps.
  assertAlmostEquals(momentum(1000), 1 - 3 / 1005, 3e-6);
});

Deno.test("nesterov1983() stays at its cap", () => {
  const momentum = nesterov1983({ cap: 0.9 });
  assertEquals([0, 10, 1000].map((t) => momentum(t).toFixed(5)), ["0.00000", "0.78241", "0.90000"]);
});

Deno.test("nesterov1983() refuses a cap outside [0, 1]", () => {
  for (const cap of [-0.1, 1.5, 2, NaN, Infinity]) {
    assertThrows(() => nesterov1983({ cap }), InputError, `from 0 to 1, not ${cap}`);
  }
  assertEquals(nesterov1983({ cap: 1 })(1000), nesterov1983()(1000));
  assertEquals(nesterov1983({ cap: 0 })(1000), 0);
});

Deno.test("lowMomentumFinish() lowers the last updates only", () => {
  const schedule = paperMomentum({ cap: 0.99, period: 1 });
  const finish = lowMomentumFinish(schedule, { updates: 100, length: 10 });
  for (const t of [0, 3, 50, 89]) assertEquals(finish(t), schedule(t));
  // And the one past the end, of which the last update takes its lead.
  for (const t of [90, 99, 100]) assertEquals(finish(t), 0.9);
  assertEquals(lowMomentumFinish(schedule, { updates: 100, length: 10, momentum: 0.7 })(95), 0.7);
});

Deno.test("lowMomentumFinish() raises no momentum", () => {
  const settings = { updates: 100, length: 10 };
  assertEquals(lowMomentumFinish(constant(0), settings)(95), 0);
  assertEquals(lowMomentumFinish(constant(0.5), settings)(95), 0.5);
});

Deno.test("lowMomentumFinish() of no updates is the schedule, past its end as well", () => {
  const finish = lowMomentumFinish(constant(0.99), { updates: 100, length: 0 });
  assertEquals([0, 99, 100].map(finish), [0.99, 0.99, 0.99]);
});

Deno.test("lowMomentumFinish() refuses a finish longer than the run", () => {
  assertThrows(
    () => lowMomentumFinish(constant(0.99), { updates: 100, length: 101 }),
    InputError,
    "a finish of 101 updates is longer than the run of 100",
  );
});

Deno.test("lowMomentumFinish() refuses what is no finish", () => {
  const finish = (options: { updates?: number; length?: number; momentum?: number }) => () =>
    lowMomentumFinish(constant(0.99), { updates: 100, length: 10, ...options });
  for (const length of [-1, 2.5, NaN, Infinity]) {
    assertThrows(finish({ length }), InputError, `of at least 0, not ${length}`);
  }
  for (const updates of [0, -1, 99.5, NaN, Infinity]) {
    assertThrows(finish({ updates }), InputError, `above 0, not ${updates}`);
  }
  for (const momentum of [1, 2, -0.1, NaN]) {
    assertThrows(finish({ momentum }), InputError, `below 1, not ${momentum}`);
  }
  assertThrows(
    // deno-lint-ignore no-explicit-any -- as JavaScript may
    () => lowMomentumFinish(0.99 as any, { updates: 100, length: 10 }),
    InputError,
    "a function of the update, not 0.99",
  );
});
