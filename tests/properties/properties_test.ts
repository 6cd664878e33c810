import { assertEquals } from "@std/assert";
import { properties } from "./all.ts";
import { Checker } from "./checker.ts";

// The same cases each time; deno task soak tries many others.
const cases = 300, seed = 2013;

const checker = await Checker.open();
Deno.test.afterAll(() => checker[Symbol.dispose]());

for (const { name, share } of properties) {
  Deno.test(name, async () => {
    const tally = await checker.check({ name, cases, seed });
    const tried = Object.values(tally).reduce((sum, count) => sum + count);
    assertEquals(tried, Math.ceil(share * cases));
  });
}
