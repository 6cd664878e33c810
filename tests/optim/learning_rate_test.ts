import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { cosine, linearWarmUp, stepDecay } from "../../core/optim/learning_rate.ts";
import { constant } from "../../core/optim/schedule.ts";

Deno.test("stepDecay() multiplies every n updates", () => {
  const learningRate = stepDecay({ learningRate: 0.3, factor: 0.5, every: 100 });
  const steps = [0, 99, 100, 199, 200, 300, 1000];
  assertEquals(steps.map(learningRate), [0.3, 0.3, 0.15, 0.15, 0.075, 0.0375, 0.3 / 1024]);
  assertEquals([0, 1e6].map(stepDecay({ learningRate: 0.3, factor: 1, every: 1 })), [0.3, 0.3]);
});

Deno.test("stepDecay() refuses what is no decay", () => {
  const options = { learningRate: 0.1, factor: 0.5, every: 10 };
  for (const learningRate of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => stepDecay({ ...options, learningRate }),
      InputError,
      `above 0, not ${learningRate}`,
    );
  }
  for (const factor of [0, -0.5, 1.1, NaN, Infinity]) {
    assertThrows(() => stepDecay({ ...options, factor }), InputError, `at most 1, not ${factor}`);
  }
  for (const every of [0, -1, 2.5, NaN, Infinity]) {
    assertThrows(() => stepDecay({ ...options, every }), InputError, `above 0, not ${every}`);
  }
});

Deno.test("cosine() falls from the peak to the floor", () => {
  const learningRate = cosine({ peak: 0.5, floor: 0.1, updates: 600 });
  // cos of 0, 60, 90, 120 and 180 degrees is 1, 1/2, 0, -1/2 and -1.
  const values: [number, number][] = [[0, 0.5], [200, 0.4], [300, 0.3], [400, 0.2], [600, 0.1]];
  // A cosine is off by at most a few 2^-53, whatever the engine.
  for (const [step, value] of values) assertAlmostEquals(learningRate(step), value, 8 * 2 ** -53);
});

Deno.test("cosine() is exact at its ends, and stays at the floor", () => {
  for (const [peak, floor] of [[0.3, 0], [0.3, 0.1], [0.7, 0.7]]) {
    const learningRate = cosine({ peak, floor, updates: 7 });
    assertEquals([0, 7, 8, 1e9].map(learningRate), [peak, floor, floor, floor]);
  }
  assertEquals(cosine({ peak: 0.3, updates: 7 })(7), 0);
});

Deno.test("cosine() refuses what is no course", () => {
  const options = { peak: 0.1, floor: 0.01, updates: 100 };
  for (const peak of [0, -1, NaN, Infinity]) {
    assertThrows(() => cosine({ ...options, peak }), InputError, `above 0, not ${peak}`);
  }
  for (const floor of [-0.1, 0.2, NaN, Infinity]) {
    assertThrows(() => cosine({ ...options, floor }), InputError, `its peak of 0.1, not ${floor}`);
  }
  for (const updates of [0, -1, 2.5, NaN, Infinity]) {
    assertThrows(() => cosine({ ...options, updates }), InputError, `above 0, not ${updates}`);
  }
});

Deno.test("linearWarmUp() rises linearly to its schedule, and is then the schedule", () => {
  const rate = linearWarmUp(constant(0.5), { length: 4 });
  assertEquals([0, 1, 2, 3, 4, 100].map(rate), [0.125, 0.25, 0.375, 0.5, 0.5, 0.5]);
  const falling = cosine({ peak: 0.3, updates: 100 });
  const both = linearWarmUp(falling, { length: 10 });
  assertEquals(
    [4, 9, 10, 50, 100].map(both),
    [4, 9, 10, 50, 100].map((step) => step === 4 ? falling(4) * 0.5 : falling(step)),
  );
  for (const length of [0, 1]) {
    const same = linearWarmUp(falling, { length });
    for (const step of [0, 1, 100]) assertEquals(same(step), falling(step));
  }
});

Deno.test("linearWarmUp() refuses a length that is no whole number, and what is no schedule", () => {
  for (const length of [-1, 2.5, NaN, Infinity]) {
    assertThrows(
      () => linearWarmUp(constant(0.1), { length }),
      InputError,
      `of at least 0, not ${length}`,
    );
  }
  assertThrows(
    // deno-lint-ignore no-explicit-any -- as JavaScript may
    () => linearWarmUp(0.1 as any, { length: 3 }),
    InputError,
    "a function of the update, not 0.1",
  );
});
