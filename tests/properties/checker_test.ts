import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Checker } from "./checker.ts";

const program = new URL("faulty_worker.ts", import.meta.url);
const checker = await Checker.open({ program, patience_ms: 1000 });
Deno.test.afterAll(() => checker[Symbol.dispose]());

const faults = {
  "fails in its own words": /TypeError: Reduce of empty array/,
  "breaks the line": /to match/,
  "speaks to the terminal": /to match/,
  "talks at length": /to match/,
  "is silent": /to match/,
  "takes memory": /asked for 1008 bytes, of 1000 allowed/,
  "takes memory and refuses": /asked for 1001 bytes, of 1000 allowed/,
  "ends never": /case 1 takes more than 1 s/,
  "waits for ever": /case 1 takes more than 1 s/,
  "does not exist": /there is no such property/,
};
for (const [name, reason] of Object.entries(faults)) {
  Deno.test(`Checker.check() finds a reader that ${name}`, async () => {
    const trial = { name, cases: 10, seed: 3 };
    const { message } = await assertRejects(() => checker.check(trial), Error);
    assertMatch(message, reason);
    assertMatch(message, new RegExp(`^${name}, seed 3: `));
  });
}

Deno.test("Checker.check() tells the smallest case that fails, and how to see it again", async () => {
  const trial = { name: "holds up to 100", cases: 100, seed: 3 };
  const { message } = await assertRejects(() => checker.check(trial), Error);
  assertMatch(message, /Counterexample: \[101\]/);
  assertMatch(message, /path: "[\d:]+"/);
});

Deno.test("Checker.check() counts the cases by their outcome", async () => {
  const name = "takes no more memory than it may";
  const tally = await checker.check({ name, cases: 50, seed: 1 });
  assertEquals(tally, { read: 50, refused: 0, kept: 0 });
});
