import { assertEquals, assertLessOrEqual } from "@std/assert";
import { gpuTest } from "../gpu/fixture.ts";
import { decode, type Frozen, path, tolerance } from "./frozen.ts";
import { networks, train } from "./networks.ts";

const frozen: Frozen = JSON.parse(Deno.readTextFileSync(path));

Deno.test("the frozen networks are those that are trained", () => {
  assertEquals(Object.keys(frozen.networks), Object.keys(networks));
});

for (const [name, expected] of Object.entries(frozen.networks)) {
  gpuTest(`${name}: computed as when it was frozen`, async ({ gpu }) => {
    const outcomes = await train(gpu, name);
    assertEquals(outcomes.length, expected.length);
    outcomes.forEach(({ reports, theta }, r) => {
      const wanted = { reports: expected[r].reports, theta: decode(expected[r].theta) };
      if (gpu.description === frozen.driver) {
        assertEquals(reports, wanted.reports, `reports of replica ${r}`);
        assertEquals(bits(theta), bits(wanted.theta), `theta of replica ${r}`);
      } else {
        assertClose(reports.flat(), wanted.reports.flat());
        assertClose(theta, wanted.theta);
      }
    });
  });
}

function bits(values: Float32Array<ArrayBuffer>): number[] {
  return [...new Uint32Array(values.buffer)];
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assertEquals(actual.length, expected.length);
  const largest = Math.max(...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    assertLessOrEqual(Math.abs(actual[i] - expected[i]), tolerance * largest, `value ${i}`);
  }
}
