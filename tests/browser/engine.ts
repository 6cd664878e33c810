// The tests of the engine in Chromium, whose shaders Tint compiles for SwiftShader.

import { assertEquals, assertGreater } from "@std/assert";
import { engineTests } from "../cross/engine_tests.ts";
import { inChromium } from "./in_chromium.ts";

/** What the page runs. */
interface Runner {
  /** Runs the tests of a file, and tells what failed of them. */
  run(file: string): Promise<{ count: number; failures: readonly string[] }>;
}

const imports = engineTests.map((file) => JSON.stringify(file))
  .map((file) => `[${file}, () => import(${file})]`);

/** The tests are imported once they are run; what they register by is all that a page has of Deno. */
const program = `
let tests;
const test = (name, body) => tests.push({ name, body });
globalThis.Deno = { test: Object.assign(test, { afterAll() {} }) };
const files = new Map([${imports}]);

export async function run(file) {
  tests = [];
  await files.get(file)();
  const failures = [];
  for (const { name, body } of tests) {
    try {
      await body();
    } catch (error) {
      failures.push(name + ": " + error.stack);
    }
  }
  return { count: tests.length, failures };
}
`;

Deno.test("the engine holds in Chromium what it is held to", async (step) => {
  await inChromium<Runner>(program, async (call) => {
    for (const file of engineTests) {
      await step.step(file, async () => {
        const { count, failures } = await call("run", file);
        assertEquals(failures, []);
        assertGreater(count, 0);
      });
    }
  });
});
