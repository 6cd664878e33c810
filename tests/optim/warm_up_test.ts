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
