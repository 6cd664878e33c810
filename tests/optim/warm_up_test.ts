import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { constant, paperMomentum, warmUp } from "../../core/optim/schedule.ts";

Deno.test("warmUp() holds its momentum before the schedule, above it and below it", () => {
  const steps = [0, 2, 3, 1000];
  assertEquals(
    steps.map(warmUp(constant(0), { length: 3, momentum: 0.9 })),
    [0.9, 0.9, 0, 0],
  );
  const paper = paperMomentum({ cap: 0.99 });
  assertEquals(steps.map(warmUp(paper, { length: 3, momentum: 0.9 })), [0.9, 0.9, 0.5, 0.9]);
  assertEquals(steps.map(warmUp(paper, { length: 0, momentum: 0.9 })), steps.map(paper));
});

Deno.test("warmUp() refuses a momentum outside [0, 1)", () => {
  for (const momentum of [1, -0.1, NaN]) {
    assertThrows(() => warmUp(constant(0), { length: 3, momentum }), InputError, "momentum");
  }
});

Deno.test("warmUp() refuses a length that is no whole number, and what is no schedule", () => {
  for (const length of [-1, 2.5, NaN, Infinity]) {
    assertThrows(
      () => warmUp(constant(0), { length, momentum: 0.9 }),
      InputError,
      `the length of the warm-up must be a whole number of at least 0, not ${length}`,
    );
  }
  assertThrows(
    // deno-lint-ignore no-explicit-any -- as JavaScript may
    () => warmUp(0.98 as any, { length: 3, momentum: 0.9 }),
    InputError,
    "a function of the update, not 0.98",
  );
});
