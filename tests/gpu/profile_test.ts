import { assertEquals, assertGreaterOrEqual, assertThrows } from "@std/assert";
import { Profile } from "../../core/gpu/profile.ts";
import { gpuTest } from "./fixture.ts";

const single = { groups: [1, 1, 1], iterations: 0 } as const;

gpuTest("Profile counts calls and time by kernel", async (bench) => {
  const { gpu } = bench;
  if (!gpu.hasTimestamps) {
    assertThrows(() => new Profile(gpu), TypeError);
    return;
  }
  const profile = bench.take(new Profile(gpu, 8));
  const out = bench.buffer(new Float32Array(4));
  const kernel = (name: string) =>
    gpu.kernel(name, [`
      @group(0) @binding(0) var<storage, read_write> out: array<f32>;
      @compute @workgroup_size(1) fn main() { out[0] += f32(${name.length}); }`]);
  const plan = bench.run((plan) => {
    for (const name of ["one", "three", "one"]) plan.dispatch(kernel(name), { out }, single);
  });
  for (let replay = 0; replay < 2; replay++) {
    const encoder = gpu.device.createCommandEncoder();
    plan.encode(encoder, { profile });
    gpu.device.queue.submit([encoder.finish()]);
    await profile.collect();
  }
  const { totals } = profile;
  const calls = Object.fromEntries(totals.map(({ kernel, calls }) => [kernel, calls]));
  assertEquals(calls, { one: 4, three: 2 });
  for (const { milliseconds } of totals) assertGreaterOrEqual(milliseconds, 0);
  assertGreaterOrEqual(totals[0].milliseconds, totals[1].milliseconds);
  assertEquals((await bench.floats(out))[0], 3 * (3 + 5 + 3)); // profiled or not, it computes
});
