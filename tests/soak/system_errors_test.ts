import { assertGreater } from "@std/assert";
import { Purpose, RandomStream } from "../../core/random.ts";
import { scratch } from "../experiments/scratch.ts";
import { befallBySystemError, undisturbedRun } from "./system_errors.ts";

Deno.test("a run survives calls of the system that fail at random, with the same files and bits", async () => {
  using folder = scratch({ inMemory: true });
  const random = new RandomStream(2013, Purpose.probe);
  const undisturbed = await undisturbedRun(`${folder.path}/whole`);
  let struck = 0;
  for (let trial = 0; trial < 8; trial++) {
    struck += await befallBySystemError({ folder: `${folder.path}/${trial}`, random, undisturbed });
  }
  assertGreater(struck, 0);
});
