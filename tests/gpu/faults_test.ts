import { assertThrows } from "@std/assert";
import { GPUFault } from "../../core/errors.ts";
import { Faults } from "../../core/gpu/faults.ts";

Deno.test("Faults.raise() throws what was recorded once, as one GPUFault", () => {
  const faults = new Faults();
  faults.raise();
  faults.record("first");
  assertThrows(() => faults.raise(), GPUFault, "first");
  faults.raise();
  for (const message of ["second", "third", "fourth"]) faults.record(message);
  assertThrows(() => faults.raise(), GPUFault, "second (and 2 more)");
  faults.record("a pipeline is invalid");
  faults.record("its shader is crooked", { isCause: true });
  assertThrows(() => faults.raise(), GPUFault, "its shader is crooked (and 1 more)");
  faults.raise();
});

Deno.test("Faults.raise() tells everyone who waited, whoever was told before", () => {
  const faults = new Faults();
  faults.record("old");
  assertThrows(() => faults.raise(), GPUFault, "old");
  const since = faults.count;
  faults.record("new");
  for (let waiter = 0; waiter < 3; waiter++) {
    assertThrows(() => faults.raise(since), GPUFault, "new");
  }
  faults.raise(faults.count);
});
