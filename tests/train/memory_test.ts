import { assertEquals, assertLess } from "@std/assert";
import { runDeno } from "../experiments/processes.ts";

/** The numbers that a program prints, line by line. */
async function numbersOf(program: string, operands: string): Promise<number[][]> {
  const path = new URL(program, import.meta.url).href;
  const flags = ["--no-check", "--v8-flags=--expose-gc"];
  const { stdout } = await runDeno(["run", "-A", ...flags, path, operands]);
  return stdout.trim().split("\n").map((line) => line.split(" ").map(Number));
}

for (const operands of ["buffers", "textures"]) {
  Deno.test(`Trainer holds its memory over 20,000 updates (${operands})`, async () => {
    const resident = Object.fromEntries(await numbersOf("memory_program.ts", operands));
    assertEquals(Object.keys(resident).length, 20);
    // The driver's pools grow for the first thousands of updates. From then on a page of memory for
    // each update is the least that a forgotten buffer would cost.
    assertLess(resident[20_000] - resident[5000], 4096 * 15_000);
  });

  Deno.test(`Trainer.free() gives back what 100 trainers took (${operands})`, async () => {
    const lines = await numbersOf("trainers_program.ts", operands);
    assertEquals(lines.map(([left]) => left), Array(50).fill(0));
    const [[, early], [, late, vector]] = [lines[9], lines[49]];
    // One vector of the six that each two trainers hold, forgotten each time.
    assertLess(late - early, 40 * vector);
  });
}
