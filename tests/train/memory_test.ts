import { assertEquals, assertLess } from "@std/assert";
import { runDeno } from "../experiments/processes.ts";

const program = new URL("memory_program.ts", import.meta.url).href;

for (const operands of ["buffers", "textures"]) {
  Deno.test(`Trainer holds its memory over 5000 updates (${operands})`, async () => {
    const flags = ["--no-check", "--v8-flags=--expose-gc"];
    const { stdout } = await runDeno(["run", "-A", ...flags, program, operands]);
    const resident = Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(" ")));
    assertEquals(Object.keys(resident).length, 9);
    // The driver's pools grow for the first thousands of updates. From then on a page of memory for
    // each update is the least that a forgotten buffer would cost.
    assertLess(resident[9000] - resident[4000], 4096 * 5000);
  });
}
