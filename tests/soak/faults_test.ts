import { assertEquals } from "@std/assert";
import { Purpose, RandomStream } from "../../core/random.ts";
import { scratch } from "../experiments/scratch.ts";
import { smallAutoencoders } from "../experiments/study/small_runs.ts";
import { gpuFaults } from "./faults.ts";
import { referenceOf } from "./session.ts";

// Full disks, lost folders and damaged checkpoints have tests of their own, of --resume.
Deno.test("a run survives faults of the GPU at random moments with the same files and bits", async () => {
  using folder = scratch();
  const reference = await referenceOf(smallAutoencoders(folder), `${folder.path}/whole`);
  const random = new RandomStream(2013, Purpose.probe);
  const struck: number[] = [];
  for (const [i, { befall }] of gpuFaults.entries()) {
    struck.push(await befall({ reference, out: `${folder.path}/${i}`, random }));
  }
  assertEquals(struck, [1, 1]);
});
