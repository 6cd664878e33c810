import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../core/errors.ts";
import { phases } from "../../core/optim/schedule.ts";

Deno.test("phases() goes from one phase to the next at its update, and stays in the last", () => {
  const schedule = phases([
    { from: 0, value: 3 },
    { from: 2, value: (update) => 10 * update },
    { from: 5, value: 7 },
  ]);
  assertEquals([0, 1, 2, 4, 5, 1e6].map(schedule), [3, 3, 20, 40, 7, 7]);
});

Deno.test("phases() refuses phases that are out of order", () => {
  const of = (...starts: number[]) => phases(starts.map((from) => ({ from, value: 1 })));
  for (const starts of [[], [1], [0, 5, 5], [0, 5, 4]]) {
    const told = starts.join(", ") || "none";
    assertThrows(() => of(...starts), InputError, `in order, not at ${told}: give each`);
  }
  for (const from of [-1, 0.5, NaN]) assertThrows(() => of(from), InputError, "start of a phase");
  assertThrows(() => phases([{ from: 0, value: NaN }]), InputError, "a finite number, not NaN");
});
